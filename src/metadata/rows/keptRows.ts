// Rows that are asked for again and again, kept in memory for as long as nobody writes anything. What tells that is different for each
// database.

/** How much is kept; what is larger than `largest` is read each time. */
const mostRows = 1024;
const mostBytes = 4 * 1024 * 1024;
const largest = 64 * 1024;

/** Rows of one kind by key, all of one version of the database. Beyond its limits it starts over. */
export class KeptRows<T> {
  readonly #sizeOf: (row: T) => number;
  readonly #rows = new Map<string, T>();
  #bytes = 0;
  #version: unknown;

  /** @param sizeOf bytes a row holds on to. */
  constructor(sizeOf: (row: T) => number) {
    this.#sizeOf = sizeOf;
  }

  /** What was found while the database had this version. */
  get(version: unknown, key: string): T | undefined {
    if (version !== this.#version) this.#clear();
    this.#version = version;
    return this.#rows.get(key);
  }

  /** Keeps what was found since the database had this version. */
  keep(version: unknown, key: string, row: T): void {
    const size = this.#sizeOf(row);
    if (version !== this.#version || size > largest) return;
    if (this.#rows.size >= mostRows || this.#bytes + size > mostBytes) this.#clear();
    this.#rows.set(key, row);
    this.#bytes += size;
  }

  #clear(): void {
    this.#rows.clear();
    this.#bytes = 0;
  }
}
