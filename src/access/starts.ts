// Beginnings of names, for lists that leave out what does not begin with one of them without reading it. Pure.

/** Behind every name that begins with what is before it: names are ASCII. */
const last = "\u{10FFFF}";

/** @returns a text behind all names that begin with `prefix`, and before all others that follow. */
export function endOf(prefix: string): string {
  return prefix + last;
}

/** A set of beginnings. */
export class Starts {
  readonly #sorted: readonly string[];
  readonly #all: ReadonlySet<string>;
  readonly #lengths: readonly number[];

  constructor(starts: readonly string[]) {
    this.#all = new Set(starts);
    this.#sorted = [...this.#all].sort();
    this.#lengths = [...new Set(starts.map(({ length }) => length))];
  }

  /** True when some name that begins with `prefix` may begin with one of them. */
  meet(prefix: string): boolean {
    return this.#include(prefix) || (this.#next(prefix)?.startsWith(prefix) ?? false);
  }

  /** The next name behind `name` that begins with one of them is behind what is returned; null when there can be none. */
  seek(name: string): string | null {
    if (this.#include(name)) return name;
    const next = this.#next(name);
    if (next === null) return null;
    const before = String.fromCharCode(next.charCodeAt(next.length - 1) - 1);
    return next.slice(0, -1) + before + last;
  }

  /** True when `name` begins with one of them. */
  #include(name: string): boolean {
    return this.#lengths.some((length) => this.#all.has(name.slice(0, length)));
  }

  /** The first one behind `name`. */
  #next(name: string): string | null {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") > name) high = middle;
      else low = middle + 1;
    }
    return this.#sorted[low] ?? null;
  }
}
