// Texts from elsewhere, fit for a terminal: object names and messages may hold what terminals take for commands, or what turns the
// order of a line around. One rule for everything that is printed: commands, the banner, the log.

/** Control characters (C0, DEL, C1), format and direction characters, line and paragraph separators, halves of a pair. */
const risky = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const riskyInLines = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** JSON itself escapes C0 and halves of pairs in its texts; what is left of C0 are its own line breaks. */
const riskyInJson = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

const spelledOut = (found: string): string => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`;

/** The same text with such characters spelled out: one line. */
export const plainText = (text: string): string => text.replace(risky, spelledOut);

/** The same for a text of several lines: its line breaks stay. */
export const plainLines = (text: string): string => text.replace(riskyInLines, spelledOut);

const ordinary = /^[\n -~]*$/;

/** JSON that means the same and has none of them in it. Almost all of it has none: lines of the log come this way. */
export const plainJson = (json: string): string =>
  ordinary.test(json) ? json : json.replace(riskyInJson, escaped);

/** Escapes of JSON are those of UTF-16. */
function escaped(found: string): string {
  return Array.from({ length: found.length }, (_, at) => escapedUnit(found.charCodeAt(at))).join(
    "",
  );
}

const escapedUnit = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`;

/** `backups/db.tar`, of an object. */
export const plainName = (of: { readonly bucket: string; readonly object: string }): string =>
  plainText(`${of.bucket}/${of.object}`);
