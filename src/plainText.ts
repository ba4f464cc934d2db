// Texts from elsewhere, fit for a terminal: object names and messages may hold what terminals take for commands.

const risky = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same text with control and direction characters spelled out. */
export const plainText = (text: string): string =>
  text.replace(risky, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);

/** `backups/db.tar`, of an object. */
export const plainName = (of: { readonly bucket: string; readonly object: string }): string =>
  plainText(`${of.bucket}/${of.object}`);
