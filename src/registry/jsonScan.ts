// Scans JSON text before it is parsed: nesting, number of values and names, repeated names, none of which JSON.parse refuses.
// Apart from manifest.ts because it knows nothing of manifests. Linear in the text, without recursion.
import { RegistryError } from "../errors.ts";

/** The limits of a document. */
export interface JsonLimits {
  /** Brackets that may be open at once. */
  readonly depth: number;
  /** Values in the whole document, counted by brackets and commas. */
  readonly values: number;
  /** Different names in the whole document. */
  readonly names: number;
  /** Names of members that hold whole numbers, where they mean something. */
  readonly wholeNumbers: ReadonlySet<string>;
}

const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const digitZero = 0x30;
const digitNine = 0x39;
const colon = 0x3a;
const openArray = 0x5b;
const upperE = 0x45;
const backslash = 0x5c;
const closeArray = 0x5d;
const lowerE = 0x65;
const openObject = 0x7b;
const closeObject = 0x7d;

/** The scan's state. `names` holds one entry for each open bracket: the names so far of an object, null for an array. */
interface Scan {
  readonly text: string;
  readonly limits: JsonLimits;
  readonly names: (Set<string> | null)[];
  readonly allNames: Set<string>;
  /** Where numbers under `limits.wholeNumbers` have a point or an exponent. */
  readonly fractions: number[];
  lastName: string;
  expectsName: boolean;
  values: number;
}

/**
 * Text that is not JSON may pass (the parser refuses it); text that is JSON passes only within the limits and with
 * each name at most once in its object: readers disagree on which of two counts.
 * @returns the same document for JSON.parse, which takes `2.0` and `2e0` for 2 and forgets how it was written: whole numbers
 * that are written so are null in it.
 * @throws RegistryError MANIFEST_INVALID
 */
export function readPlainJson(text: string, limits: JsonLimits): string {
  const names = { names: [], allNames: new Set<string>(), lastName: "", expectsName: false };
  const scan: Scan = { text, limits, ...names, fractions: [], values: 0 };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = passString(scan, at);
    else if (code === openObject || code === openArray) open(scan, code);
    else if (code === closeObject || code === closeArray) close(scan);
    else if (code === comma) passComma(scan);
    else if (code === colon) scan.expectsName = false;
    else markFraction(scan, at, code);
  }
  return scan.fractions.length === 0 ? text : withoutFractions(scan);
}

function markFraction({ text, limits, lastName, fractions }: Scan, at: number, code: number): void {
  if (isOfFraction(text, at, code) && limits.wholeNumbers.has(lastName)) fractions.push(at);
}

const jsonNumber = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function withoutFractions({ text, fractions }: Scan): string {
  const pieces: string[] = [];
  let from = 0;
  for (const at of fractions) {
    let start = at;
    while (start > from && isOfNumber(text.charCodeAt(start - 1))) start -= 1;
    jsonNumber.lastIndex = start;
    // A malformed number is left to the parser, which refuses it.
    if (!jsonNumber.test(text) || jsonNumber.lastIndex <= at) continue;
    pieces.push(text.slice(from, start), "null");
    from = jsonNumber.lastIndex;
  }
  return [...pieces, text.slice(from)].join("");
}

function isOfNumber(code: number): boolean {
  return (code >= digitZero && code <= digitNine) || code === minus;
}

/** A point, or the letter of an exponent and not of `true` and `false`; both outside of strings. */
function isOfFraction(text: string, at: number, code: number): boolean {
  if (code !== lowerE && code !== upperE) return code === dot;
  const before = text.charCodeAt(at - 1);
  return before >= digitZero && before <= digitNine;
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
    scan.lastName = name;
    countName(scan, name);
  }
  return end;
}

function countName({ allNames, limits }: Scan, name: string): void {
  allNames.add(name);
  if (allNames.size > limits.names) {
    throw invalid(`manifest holds more than ${limits.names} different names`);
  }
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
