// What a request brings as proof of who sends it (RFC 9110, 11.4; RFC 7617; RFC 6750). Pure.

export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly name: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string }
  /** Of a scheme that nobody here knows, or misspelt: never right. */
  | { readonly kind: "unreadable" };

const none: Credentials = { kind: "none" };
const unreadable: Credentials = { kind: "unreadable" };
const usual = "Bearer ";
/** Longer headers hold no credentials of ours; characters. */
const longest = 16 * 1024;

/** Reads the value of `Authorization`; null for a request without one. */
export function readCredentials(header: string | null): Credentials {
  if (header === null || header === "") return none;
  if (header.length > longest) return unreadable;
  // The usual spelling first: tokens are long.
  if (header.startsWith(usual) && !header.includes(" ", usual.length) && !header.includes(",")) {
    return header.length === usual.length
      ? unreadable
      : { kind: "bearer", token: header.slice(usual.length) };
  }
  const [, scheme = "", value = ""] = /^([A-Za-z]+) +([^ ,]+) *$/.exec(header) ?? [];
  if (/^bearer$/i.test(scheme)) return { kind: "bearer", token: value };
  if (!/^basic$/i.test(scheme)) return unreadable;
  const text = readBase64(value);
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon === -1) return unreadable;
  const [name, password] = [text.slice(0, colon), text.slice(colon + 1)];
  // Docker sends an empty pair where it has none stored.
  return name === "" && password === "" ? none : { kind: "basic", name, password };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readBase64(value: string): string | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(value)) return null;
  try {
    return utf8.decode(Buffer.from(value, "base64"));
  } catch {
    return null;
  }
}
