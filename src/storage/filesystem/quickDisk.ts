// Whether the disk takes writes at once, so that the server's thread may make them itself. Pure, no I/O.

/** One of 128 KiB into the page cache takes 0.05 ms; one that the kernel holds back because the disk is behind, mostly 10 to 200. Unit: ms. */
const slowMs = 5;
/** How long nothing is written on the server's thread after the first slow write, and at most after many. Unit: ms. */
const [firstRestMs, longestRestMs] = [10_000, 600_000];

/** What is known of the thread that writes. */
export interface QuickDiskOptions {
  /** Monotonic ms. */
  readonly elapsed: () => number;
  /** How often the calling thread has waited for anything but a core; NaN where nobody knows. */
  readonly waits: () => number;
}

/** Remembers slow writes of one file system. */
export class QuickDisk {
  readonly #options: QuickDiskOptions;
  #restMs = 0;
  #restsUntil = -Infinity;

  constructor(options: QuickDiskOptions) {
    this.#options = options;
  }

  /** False for a while after a slow write: twice as long as the last time, unless none was slow for as long as that. */
  get isQuick(): boolean {
    return this.#options.elapsed() >= this.#restsUntil;
  }

  /** Makes a blocking write, and notes whether it was slow. @throws what `write` throws. */
  watch<T>(write: () => T): T {
    const { elapsed, waits } = this.#options;
    const [began, waited] = [elapsed(), waits()];
    try {
      return write();
    } finally {
      // A thread that did not wait had to give its core to another program: the disk was quick. NaN is no number's equal.
      if (elapsed() - began > slowMs && waits() !== waited) this.#rest();
    }
  }

  #rest(): void {
    const now = this.#options.elapsed();
    const wasQuick = now - this.#restsUntil >= this.#restMs;
    this.#restMs = wasQuick ? firstRestMs : Math.min(2 * this.#restMs, longestRestMs);
    this.#restsUntil = now + this.#restMs;
  }
}
