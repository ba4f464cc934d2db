// The database's clock, read ahead: whoever writes times that others judge uses it, because the clocks of servers differ.

import { sql } from "drizzle-orm";
import type { Rows } from "../rows/rows.ts";
import { databaseNow } from "../rows/spelling.ts";
import { rawStatement } from "../rows/statement.ts";

const askNow = rawStatement<object, { readonly now: number }>(
  () => sql`SELECT ${databaseNow} AS now`,
);

/** The database's clock, Unix ms. */
export async function askTime(rows: Pick<Rows, "find">): Promise<number> {
  const found = await rows.find(askNow, {});
  if (found === null) throw new Error("the database does not tell the time");
  return found.now;
}

/** How often it is read, in ms. Between two readings it advances with a clock of this process that nobody sets. */
const readEveryMs = 5_000;
/** Half of the time that an answer takes is not known: slower ones are of no use; ms. */
const slowAnswerMs = 500;
/** Questions at the beginning until one is answered in time. */
const mostFirstReadings = 20;

/** How far the clocks of two servers may be apart; ms. */
export const clockErrorMs = slowAnswerMs;

/** One per opened database. */
export class DatabaseClock {
  readonly #ask: () => Promise<number>;
  readonly #timer: Timer;
  /** What the database's clock said when that of this process was at 0; Unix ms. */
  #origin = Number.NaN;

  private constructor(ask: () => Promise<number>) {
    this.#ask = ask;
    this.#timer = setInterval(() => {
      // It advances without it.
      this.read().catch(() => undefined);
    }, readEveryMs).unref();
  }

  /** @param ask the database's clock, Unix ms. @throws what `ask` throws. */
  static async open(ask: () => Promise<number>): Promise<DatabaseClock> {
    const clock = new DatabaseClock(ask);
    try {
      await clock.#begin();
      return clock;
    } catch (error) {
      clock.close();
      throw error;
    }
  }

  /** Whole Unix ms. */
  readonly now = (): number => Math.floor(this.#origin + performance.now());

  /** Asks the database. @throws what `ask` throws: then the clock advances as before. */
  async read(): Promise<void> {
    const { origin, tookMs } = await this.#look();
    if (tookMs <= slowAnswerMs) this.#origin = origin;
  }

  /** The quickest answer counts, where none comes in time. */
  async #begin(): Promise<void> {
    let best = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < mostFirstReadings && best > slowAnswerMs; tries += 1) {
      const { origin, tookMs } = await this.#look();
      if (tookMs >= best) continue;
      [best, this.#origin] = [tookMs, origin];
    }
  }

  async #look(): Promise<{ readonly origin: number; readonly tookMs: number }> {
    const asked = performance.now();
    const now = await this.#ask();
    const heard = performance.now();
    return { origin: now - (asked + heard) / 2, tookMs: heard - asked };
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
