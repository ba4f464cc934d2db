// A row that every request asks for, in memory for half a second: a change by another replica is seen within that time. Nothing older
// is ever used: while the database does not answer, requests wait for it.
import type { Recent } from "../rows/rows.ts";

/** How old an answer may be when it is used, counted from its question; ms. */
const longest = 500;
/** From which age on the next request asks again, without waiting for it; ms. */
const renewedAfter = 100;

interface Answered<R> {
  readonly row: R | null;
  /** When its question was asked. */
  readonly askedAt: number;
}

/** Asks for the row at most once at a time. */
export class RecentRow<R> implements Recent<R> {
  readonly #find: () => Promise<R | null>;
  readonly #now: () => number;
  #known: Answered<R> | null = null;
  #asking: Promise<Answered<R>> | null = null;
  /** What was asked up to then is of no use. */
  #forgottenAt = Number.NEGATIVE_INFINITY;

  /** @param now monotonic ms. */
  constructor(find: () => Promise<R | null>, now: () => number) {
    this.#find = find;
    this.#now = now;
  }

  get(): R | null | Promise<R | null> {
    const now = this.#now();
    const since = Math.max(now - longest, this.#forgottenAt);
    const known = this.#known;
    if (known === null || known.askedAt <= since) return this.#wait(since);
    // If it fails, those who need it ask again.
    if (now - known.askedAt > renewedAfter) this.#ask().catch(() => undefined);
    return known.row;
  }

  latest(): Promise<R | null> {
    return this.#wait(this.#now());
  }

  forget(): void {
    this.#forgottenAt = this.#now();
  }

  /** An answer to a question that was asked after `since`: one that is on its way may have been asked before. */
  async #wait(since: number): Promise<R | null> {
    for (;;) {
      const { row, askedAt } = await this.#ask();
      if (askedAt > since) return row;
    }
  }

  #ask(): Promise<Answered<R>> {
    this.#asking ??= this.#answer().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #answer(): Promise<Answered<R>> {
    const askedAt = this.#now();
    const answered = { row: await this.#find(), askedAt };
    this.#known = answered;
    return answered;
  }
}
