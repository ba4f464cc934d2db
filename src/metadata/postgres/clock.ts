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
/** By how much two clocks may drift apart. */
const drift = 5e-4;
/** An answer within this time is as good as any, in ms; so many are asked for at the beginning. */
const quickMs = 2;
const firstReadings = 8;
/** More are asked for while the best of them is worse than that. */
const slowMs = 500;
const mostFirstReadings = 20;

/** How far the clocks of two servers may be apart at the most; ms. */
export const clockErrorMs = slowMs;

/** What is known of the database's clock. Times in ms of this process. */
interface Reading {
  /** What it said when the clock of this process was at 0; Unix ms. */
  readonly origin: number;
  /** By how much that may be wrong: half of the time that the answer took. */
  readonly error: number;
  readonly at: number;
}

/** One per opened database. */
export class DatabaseClock {
  readonly #ask: () => Promise<number>;
  readonly #timer: Timer;
  #reading: Reading;

  private constructor(ask: () => Promise<number>, reading: Reading) {
    this.#ask = ask;
    this.#reading = reading;
    this.#timer = setInterval(() => {
      // It advances without it.
      this.read().catch(() => undefined);
    }, readEveryMs).unref();
  }

  /** @param ask the database's clock, Unix ms. @throws what `ask` throws. */
  static async open(ask: () => Promise<number>): Promise<DatabaseClock> {
    const clock = new DatabaseClock(ask, await take(ask));
    try {
      for (let taken = 1; clock.#needsMore(taken); taken += 1) await clock.read();
      return clock;
    } catch (error) {
      clock.close();
      throw error;
    }
  }

  /** Whole Unix ms. */
  readonly now = (): number => Math.floor(this.#reading.origin + performance.now());

  /** Asks the database, and believes the better of two answers. @throws what `ask` throws: then the clock advances as before. */
  async read(): Promise<void> {
    const next = await take(this.#ask);
    const { origin, error, at } = this.#reading;
    const errorNow = error + (next.at - at) * drift;
    // Both cannot be right: the clock was set, or another server is the database now.
    const isSet = Math.abs(next.origin - origin) > next.error + errorNow;
    if (isSet || next.error <= errorNow) this.#reading = next;
  }

  #needsMore(taken: number): boolean {
    const tookMs = 2 * this.#reading.error;
    return taken < firstReadings ? tookMs > quickMs : taken < mostFirstReadings && tookMs > slowMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

async function take(ask: () => Promise<number>): Promise<Reading> {
  const asked = performance.now();
  const now = await ask();
  const at = performance.now();
  return { origin: now - (asked + at) / 2, error: (at - asked) / 2, at };
}
