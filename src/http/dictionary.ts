// Dictionaries of structured fields (RFC 9651, 3.2), as far as to separate members: `sha-256=:…:, unixsum=5;q=1`. Pure.

const key = "[a-z*][a-z0-9_.*-]*";
const items = [
  "-?[0-9]{1,15}(?:\\.[0-9]{1,3})?",
  '"(?:[ !#-\\[\\]-~]|\\\\["\\\\])*"',
  "[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*",
  ":[A-Za-z0-9+/=]*:",
  "\\?[01]",
  "@-?[0-9]{1,15}",
  '%"[ !#-~]*"',
];
const item = `(?:${items.join("|")})`;
const parameters = `(?:; *${key}(?:=${item})?)*`;
const innerList = `\\( *(?:${item}${parameters}(?: +${item}${parameters})*)? *\\)`;
const member = new RegExp(`(${key})(?:=(${item}|${innerList}))?${parameters}`, "y");
const separator = /[ \t]*,[ \t]*/y;

/**
 * @returns the members' values as written, without parameters, `?1` for one without a value; of two with one key the last
 * counts. null when it is no dictionary.
 */
export function readDictionary(header: string): ReadonlyMap<string, string> | null {
  const text = header.trim();
  const members = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    member.lastIndex = at;
    const [, name, value = "?1"] = member.exec(text) ?? [];
    if (name === undefined) return null;
    members.set(name, value);
    at = member.lastIndex;
    if (at === text.length) return members;
    separator.lastIndex = at;
    if (!separator.test(text)) return null;
    at = separator.lastIndex;
    // A comma at the end belongs to nothing.
    if (at === text.length) return null;
  }
  return members;
}
