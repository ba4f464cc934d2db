// The kinds of value a setting can have: how its text is read and how it is printed again.

/** A value as a file or a JSON document shows it. */
export type Plain = string | number | boolean;

/** A kind of value. `show(parse(text))` is the canonical spelling; parsing that gives the same value. */
export interface Kind<T> {
  /** @throws ValueError when `text` is no such value. */
  parse(text: string): T;
  show(value: T): Plain;
  /** True when a file may hold a list; its items are parsed as one text, with commas between them. */
  readonly list?: true;
  /** True when a file may hold lists and sections; they are parsed as one text, in JSON. */
  readonly structured?: true;
}

/** A text that is no value of its kind. The message continues a sentence that begins with the text. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const durationUnits = new Map([
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", SECOND],
  ["ms", 1],
]);

const sizeUnits = new Map([
  ["tib", 2 ** 40],
  ["gib", 2 ** 30],
  ["mib", 2 ** 20],
  ["kib", 2 ** 10],
  ["tb", 1e12],
  ["gb", 1e9],
  ["mb", 1e6],
  ["kb", 1e3],
  ["b", 1],
]);

const sizeSpelling = new Map([
  ["tib", "TiB"],
  ["gib", "GiB"],
  ["mib", "MiB"],
  ["kib", "KiB"],
  ["tb", "TB"],
  ["gb", "GB"],
  ["mb", "MB"],
  ["kb", "KB"],
]);

const isWhole = (text: string): boolean => /^\d+$/.test(text);

/** @returns milliseconds; a bare number is seconds, parts may be joined (`1h30m`). */
function readDuration(text: string): number {
  if (isWhole(text)) return Number(text) * SECOND;
  const whole = /^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text);
  if (!whole) throw new ValueError("is not a duration. Examples: 90s, 15m, 24h, 7d.");
  let total = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) {
    total += Number(amount) * (durationUnits.get(unit) ?? 0);
  }
  return Math.round(total);
}

/** The largest unit that says the value in whole numbers; `0` needs none. */
function withUnit(value: number, units: ReadonlyMap<string, number>): Plain {
  if (value === 0) return 0;
  for (const [unit, scale] of units) if (value % scale === 0) return `${value / scale}${unit}`;
  return value;
}

/** Whole numbers from `min` to `max`. */
export function count(min: number, max: number): Kind<number> {
  return {
    parse: (text) => {
      const value = isWhole(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      throw new ValueError(`is not a whole number from ${min} to ${max}.`);
    },
    show: (value) => value,
  };
}

/** Milliseconds from `min` to `max` (durations themselves, such as `24h`). */
export function duration(min: string, max: string): Kind<number> {
  const parse = within(readDuration, min, max);
  return { parse, show: (value) => withUnit(value, durationUnits) };
}

/** As `duration`, for a setting whose name says seconds: they are shown without a unit. */
export function seconds(min: string, max: string): Kind<number> {
  const { parse, show } = duration(min, max);
  return { parse, show: (value) => (value % SECOND === 0 ? value / SECOND : show(value)) };
}

/** `read`, which refuses what is less than `min` or more than `max`. */
function within(read: (text: string) => number, min: string, max: string): Kind<number>["parse"] {
  const [least, most] = [read(min), read(max)];
  return (text) => {
    const value = read(text);
    if (value < least) throw new ValueError(`is less than the smallest allowed, ${min}.`);
    if (value > most) throw new ValueError(`is more than the largest allowed, ${max}.`);
    return value;
  };
}

/** @returns bytes; a bare number is bytes. */
function readSize(text: string): number {
  if (isWhole(text)) return Number(text);
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(text) ?? [];
  const scale = sizeUnits.get(unit.toLowerCase());
  if (scale === undefined) throw new ValueError("is not a size. Examples: 512KiB, 10MiB, 5GB.");
  return Math.round(Number(amount) * scale);
}

const showSize = (value: number): Plain => {
  const shown = withUnit(value, sizeUnits);
  if (typeof shown !== "string") return shown;
  const [, amount = "", unit = ""] = /^(\d+)([a-z]+)$/.exec(shown) ?? [];
  return unit === "b" ? value : `${amount}${sizeSpelling.get(unit)}`;
};

/** Bytes from `min` to `max` (sizes themselves, such as `4MiB`). */
export function size(min: string, max: string): Kind<number> {
  return { parse: within(readSize, min, max), show: showSize };
}

const truths = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

/** On or off. */
export const toggle: Kind<boolean> = {
  parse(text) {
    const value = truths.get(text.toLowerCase());
    if (value === undefined) throw new ValueError("is neither true nor false.");
    return value;
  },
  show: (value) => value,
};

/** One word of a list, in any case. */
export function oneOf<const T extends readonly string[]>(...words: T): Kind<T[number]> {
  return {
    parse(text) {
      const found = words.find((word) => word === text.toLowerCase());
      if (found === undefined) throw new ValueError(`is not one of ${words.join(", ")}.`);
      return found;
    },
    show: (value) => value,
  };
}

/** A path as the operating system takes it; a relative one starts at the working directory. */
export const path: Kind<string> = {
  parse(text) {
    if (text.trim() === "") throw new ValueError("is empty. Name a directory.");
    if (text.includes("\0")) throw new ValueError("holds a zero byte.");
    if (/^~(?:$|\/)/.test(text)) {
      throw new ValueError('starts with "~", which only a shell expands. Write the path out.');
    }
    return text;
  },
  show: (value) => value,
};

/** As `path`, for a file that need not be named: "" is none. */
export const optionalPath: Kind<string> = {
  parse: (text) => (text === "" ? text : path.parse(text)),
  show: (value) => value,
};

/** A text that is long enough not to be guessed; nothing for none. */
export const password: Kind<string> = {
  parse(text) {
    if (text !== "" && text.length < 8) throw new ValueError("has less than 8 characters.");
    return text;
  },
  show: (value) => value,
};
