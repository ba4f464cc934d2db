// When a scheduled backup is due: at each time of the schedule, and some time after the start if one was missed or there is none.

/** The options of scheduled backups. */
export interface BackupsOptions {
  /** The latest time at which one was due up to a time, Unix ms; null when there was none yet. */
  readonly latestTime: (now: number) => number | null;
  /** When the latest one began, Unix ms; null for none. */
  readonly lastBeginning: () => Promise<number | null>;
  /** Unix ms. */
  readonly clock: () => number;
}

/** After a start there is better work for the disk. Unit: ms. */
const quietStartMs = 10 * 60_000;

/** One per server. */
export class Backups {
  readonly #options: BackupsOptions;
  /** Unix ms; times up to here are done. */
  #doneUntil: number;
  #isNew = true;
  /** Monotonic ms; null once it was looked for a missed one. */
  #lookAt: number | null;

  /** @param now monotonic ms. */
  constructor(options: BackupsOptions, now: number) {
    this.#options = options;
    this.#doneUntil = options.clock();
    this.#lookAt = now + quietStartMs;
  }

  /** True once for each time of the schedule that has come. @param now monotonic ms. */
  async isDue(now: number): Promise<boolean> {
    const { latestTime, lastBeginning, clock } = this.#options;
    if (this.#lookAt !== null && now >= this.#lookAt) {
      this.#lookAt = null;
      const last = await lastBeginning();
      // One that began in the future, as a clock says that was set back since, may have begun long ago.
      const known = last === null || last > clock() ? 0 : last;
      if (this.#isNew) this.#doneUntil = Math.min(this.#doneUntil, known);
    }
    const wall = clock();
    // A clock that was ahead must not stop backups until it comes there again.
    if (this.#doneUntil > wall) this.#doneUntil = wall;
    const due = latestTime(wall);
    if (due === null || due <= this.#doneUntil) return false;
    this.#doneUntil = wall;
    this.#isNew = false;
    return true;
  }
}
