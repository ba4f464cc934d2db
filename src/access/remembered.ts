// What access remembers for a while by a name that clients choose: in a bounded number, and no longer than it counts. A table that keeps
// what is over until it is full grows for days, slowly.

/** Ended entries are sorted out when there are so many more than after the last time: a small part of the work of each. */
const spare = 256;

/** Values by name, each until a time of its own. */
export class Remembered<T> {
  readonly #now: () => number;
  readonly #most: number;
  /** The one that was kept the longest time ago comes first. */
  readonly #entries = new Map<string, { readonly value: T; readonly until: number }>();
  #sortOutAt = spare;

  /** @param now ms, of the same clock as the ends. @param most entries; of more, those that were kept first are forgotten. */
  constructor(now: () => number, most: number) {
    this.#now = now;
    this.#most = most;
  }

  /** Entries in memory, ended ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** @returns null for what is not remembered, or has ended. */
  find(name: string): T | null {
    const found = this.#entries.get(name);
    return found !== undefined && found.until > this.#now() ? found.value : null;
  }

  keep(name: string, value: T, until: number): void {
    this.#entries.delete(name);
    this.#entries.set(name, { value, until });
    if (this.#entries.size >= this.#sortOutAt) this.#sortOut();
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#most && oldest !== undefined) this.#entries.delete(oldest);
  }

  #sortOut(): void {
    const now = this.#now();
    for (const [name, { until }] of this.#entries) {
      if (until <= now) this.#entries.delete(name);
    }
    this.#sortOutAt = 2 * this.#entries.size + spare;
  }
}
