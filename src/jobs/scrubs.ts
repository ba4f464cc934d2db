// The server's side of the scrub: when a round is due, and its slices for the worker.
import type { ScrubOrder, ScrubReport } from "./scrub.ts";

/** The options of a server's scrub. */
export interface ScrubsOptions {
  /** The latest time at which a round was due, Unix ms; null when there was none yet. */
  readonly latestTime: (now: number) => number | null;
  readonly bytesPerSecond: number;
  /** Unix ms. */
  readonly clock: () => number;
}

/** Counts of one round of this server: contents, and `bytes`. */
export interface ScrubRound {
  readonly verified: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly unreadable: number;
}

const nothing = { verified: 0, bytes: 0, damaged: 0, unreadable: 0 };

/** One slice: other work of the worker waits for it. Unit: ms. */
const sliceMs = 500;
/** After a start the disk has more urgent work. Unit: ms. */
const quietStartMs = 60_000;
/** Before a slice that failed is tried again; ms. */
const afterFailureMs = 10 * 60_000;

/** One per server. A round is identified by its scheduled time: after a restart it continues with the rest. */
export class Scrubs {
  readonly #options: ScrubsOptions;
  #notBefore: number;
  /** The time of the last round that was finished. */
  #finished: number | null = null;
  #round = { ...nothing };

  /** @param now monotonic ms. */
  constructor(options: ScrubsOptions, now: number) {
    this.#options = options;
    this.#notBefore = now + quietStartMs;
  }

  /** @param now monotonic ms. @returns the next slice; null when none is due. */
  next(now: number): ScrubOrder | null {
    if (now < this.#notBefore) return null;
    const since = this.#options.latestTime(this.#options.clock());
    if (since === null || since === this.#finished) return null;
    return { since, bytesPerSecond: this.#options.bytesPerSecond, forMs: sliceMs };
  }

  /** Adds what the worker reports to its round. @returns the round, when this was its end. */
  take(report: ScrubReport): ScrubRound | null {
    if (report.kind !== "scrubbed") {
      this.#round[report.kind] += 1;
      return null;
    }
    this.#round.verified += report.verified;
    this.#round.bytes += report.bytes;
    if (!report.finished) return null;
    this.#finished = report.since;
    const round = this.#round;
    this.#round = { ...nothing };
    return round;
  }

  /** A slice has failed, or was lost. @param now monotonic ms. */
  failed(now: number): void {
    this.#notBefore = now + afterFailureMs;
  }
}
