// Makes up, once, for a time of `gc.schedule` that passed while the server was off. The schedule knows only the times since the start;
// this one asks the history of runs.
import type { ClockVerdict } from "../clock/clockTrust.ts";

/** The options of looking for a missed run. */
export interface MissedRunOptions {
  /** The latest time at which a run was due, Unix ms; null when there was none yet. */
  readonly latestTime: (now: number) => number | null;
  /** When the latest run up to `now` (Unix ms) began, or the store was made; null when neither is known. */
  readonly lastBeginning: (now: number) => Promise<number | null>;
  /** While ages prove nothing a run would only be refused. */
  readonly lookAtClock: () => Promise<ClockVerdict>;
  /** Unix ms. */
  readonly clock: () => number;
  /** Begins a run by schedule, unless one is going on. */
  readonly collect: () => Promise<unknown>;
}

/** After a start there is better work for the disk, and a clock that is set over the network has been set. Unit: ms. */
const quietStartMs = 10 * 60_000;
/** Before a look that failed is repeated; ms. */
const afterFailureMs = 10 * 60_000;

/** One per server. Runs that come due while the server is running are the schedule's. */
export class MissedRun {
  readonly #options: MissedRunOptions;
  #lookAt: number;

  /** @param now monotonic ms. */
  constructor(options: MissedRunOptions, now: number) {
    this.#options = options;
    this.#lookAt = now + quietStartMs;
  }

  /** True once when it is time for `look`. @param now monotonic ms. */
  isDue(now: number): boolean {
    if (now < this.#lookAt) return false;
    this.#lookAt = Number.POSITIVE_INFINITY;
    return true;
  }

  /** Another server did this until now: the next look is due at once. @param now monotonic ms. */
  takeOver(now: number): void {
    this.#lookAt = now;
  }

  /** Collects if a time was missed. It is due again only if that could not be found out. @param now monotonic ms. */
  async look(now: number): Promise<void> {
    const { latestTime, lastBeginning, lookAtClock, clock, collect } = this.#options;
    this.#lookAt = now + afterFailureMs;
    const verdict = await lookAtClock();
    if (verdict.kind === "doubted") {
      this.#lookAt = now + verdict.waitMs;
      return;
    }
    const at = clock();
    const due = latestTime(at);
    const begun = await lastBeginning(at);
    this.#lookAt = Number.POSITIVE_INFINITY;
    if (due !== null && due > (begun ?? Number.NEGATIVE_INFINITY)) await collect();
  }
}
