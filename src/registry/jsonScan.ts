// A look at JSON text before it is parsed: nesting, number of values and repeated names, none of which JSON.parse refuses.
// Apart from manifest.ts because it knows nothing of manifests. Linear in the text, without recursion.
import { RegistryError } from "../errors.ts";

/** What a document may not exceed. */
export interface JsonLimits {
  /** Brackets that may be open at once. */
  readonly depth: number;
  /** Values in the whole document, counted by brackets and commas. */
  readonly values: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** Where the scan stands. `names` holds one entry for each open bracket: the names so far of an object, null for an array. */
interface Scan {
  readonly text: string;
  readonly limits: JsonLimits;
  readonly names: (Set<string> | null)[];
  expectsName: boolean;
  values: number;
}

/**
 * Text that is not JSON may pass (the parser refuses it); text that is JSON passes only within the limits and with
 * each name at most once in its object: readers disagree on which of two counts.
 * @throws RegistryError MANIFEST_INVALID
 */
export function assertPlainJson(text: string, limits: JsonLimits): void {
  const scan: Scan = { text, limits, names: [], expectsName: false, values: 0 };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = passString(scan, at);
    else if (code === colon) scan.expectsName = false;
    else if (code === comma) passComma(scan);
    else if (code === openObject || code === openArray) open(scan, code);
    else if (code === closeObject || code === closeArray) close(scan);
  }
}

function open(scan: Scan, code: number): void {
  countValue(scan);
  scan.names.push(code === openObject ? new Set() : null);
  scan.expectsName = code === openObject;
  if (scan.names.length > scan.limits.depth) {
    throw invalid(`manifest is nested deeper than ${scan.limits.depth} levels`);
  }
}

function close(scan: Scan): void {
  scan.names.pop();
  scan.expectsName = false;
}

function passComma(scan: Scan): void {
  countValue(scan);
  scan.expectsName = (scan.names.at(-1) ?? null) !== null;
}

function countValue(scan: Scan): void {
  scan.values += 1;
  if (scan.values > scan.limits.values) {
    throw invalid(`manifest holds more than ${scan.limits.values} values`);
  }
}

/** @returns the position of the closing quote of the string that opens at `start`. */
function passString(scan: Scan, start: number): number {
  const end = endOfString(scan.text, start);
  const names = scan.names.at(-1) ?? null;
  if (scan.expectsName && names !== null) {
    const name = readName(scan.text.slice(start, end + 1));
    if (names.has(name)) throw invalid(`manifest repeats the name ${excerpt(name)} in one object`);
    names.add(name);
  }
  return end;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  if (end === -1) throw invalid("manifest is not valid JSON: a string has no end");
  return end;
}

/** Runs of backslashes before two quotes never overlap, so counting them stays linear over the whole text. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first -= 1;
  return (at - first) % 2 === 1;
}

/** `"lay\u0065rs"` and `"layers"` are one name. */
function readName(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch (cause) {
    throw invalid("manifest is not valid JSON: a name has a broken escape", cause);
  }
}

function excerpt(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError("MANIFEST_INVALID", { message, cause });
}
