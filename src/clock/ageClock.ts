// The clock for ages. Everything that expires uses it and not the wall clock, which can be set.
import { type ClockVerdict, spanText } from "./clockTrust.ts";

/** Its dependencies. */
export interface AgeClockOptions {
  /** The wall clock, Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly elapsed: () => number;
  /** Judges the wall clock. */
  readonly look: () => Promise<ClockVerdict>;
  /** Called once when a doubt begins, and once when it is over. */
  readonly log: {
    readonly warn: (fields: object, text: string) => void;
    readonly info: (fields: object, text: string) => void;
  };
}

/** A look. Times in ms: `wall` by the wall clock, `uptime` since the machine started, `elapsed` monotonic. */
interface Seen {
  readonly wall: number;
  readonly uptime: number;
  readonly elapsed: number;
}

/** One per server. Between two looks it advances with the uptime, so that a step of the wall clock ends nothing. */
export class AgeClock {
  readonly #options: AgeClockOptions;
  /** The latest look that found the clock right. */
  #seen: Seen | null = null;
  #isDoubted = false;

  constructor(options: AgeClockOptions) {
    this.#options = options;
  }

  /** Whole Unix ms, never later than it is; null while the clock is in doubt: then nothing is old, and nothing is over. */
  readonly now = (): number | null => {
    if (this.#seen === null) return null;
    const { clock, elapsed } = this.#options;
    // A clock that was set back since writes earlier times: what it writes must not look old.
    return Math.floor(Math.min(clock(), this.#seen.wall + elapsed() - this.#seen.elapsed));
  };

  /** Judges the wall clock again. */
  readonly look = async (): Promise<ClockVerdict> => {
    const verdict = await this.#options.look();
    const isDoubted = verdict.kind === "doubted";
    const { wall, uptime } = verdict.anchor;
    const elapsed = this.#options.elapsed();
    this.#seen = isDoubted
      ? null
      : { wall: Math.min(wall, this.#expected(uptime)), uptime, elapsed };
    if (isDoubted !== this.#isDoubted) this.#tell(verdict);
    this.#isDoubted = isDoubted;
    return verdict;
  };

  /** The expected wall clock if it was not set. Steps too small to be doubted add up to no age, and a sleep counts. */
  #expected(uptime: number): number {
    return this.#seen === null ? Infinity : this.#seen.wall + uptime - this.#seen.uptime;
  }

  #tell(verdict: ClockVerdict): void {
    const { log, clock } = this.#options;
    if (verdict.kind === "trusted") {
      log.info({ event: "clockTrusted" }, "the clock can be trusted again: the cleanup continues");
      return;
    }
    const { cause, waitMs } = verdict;
    const until = new Date(clock() + waitMs).toISOString();
    log.warn(
      { event: "clockDoubted", waitMs, until },
      `${cause}: nothing is deleted by age for the next ${spanText(waitMs)}`,
    );
  }
}
