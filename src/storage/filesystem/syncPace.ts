// When bytes are synced before the last one has come: early and often where the disk is quick, seldom where it is not.

const mebibyte = 1_048_576;
/** The first background sync of an append on a quick disk starts at this many bytes, and the next when as many have come again. */
const firstBytes = mebibyte;
/** On any disk a background sync starts each time this much has been written, so that the last one finds little to do. */
const mostUnsynced = 32 * mebibyte;
/** A quick disk answers a sync within this time, and so much more for each MiB that it writes. A disk that turns does not. Unit: ms. */
const [quickMs, quickMsPerMebibyte] = [20, 5];
/** How long a disk that was slow is left alone before it is tried again. Unit: ms. */
const slowForMs = 60_000;

/**
 * The background syncs of all writers of one disk. While bodies arrive the disk has nothing to do: syncs that start early let it
 * work meanwhile. Each writes the file system's journal once more, for which a slow disk has no time.
 */
export class SyncPace {
  /** Monotonic ms. */
  readonly #elapsed: () => number;
  #running = 0;
  #isQuick = false;
  #slowUntil = Number.NEGATIVE_INFINITY;

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** Whether an append that has written `unsynced` bytes since its last sync, and `synced` before it, is to sync them now. */
  isDue(synced: number, unsynced: number): boolean {
    if (unsynced >= mostUnsynced) return true;
    return unsynced >= Math.max(firstBytes, synced) && this.#maySyncEarly();
  }

  /** One sync shows what the disk is like before others follow it. */
  #maySyncEarly(): boolean {
    return this.#isQuick || (this.#running === 0 && this.#elapsed() >= this.#slowUntil);
  }

  /** Runs `sync`, which syncs `bytes`, and sees from its time how quick the disk is. Throws what it throws. */
  async watch(bytes: number, sync: () => Promise<void>): Promise<void> {
    const startedAt = this.#elapsed();
    // Others that began before keep it waiting on any disk.
    const isAlone = this.#running === 0;
    this.#running += 1;
    try {
      await sync();
    } finally {
      this.#running -= 1;
      if (isAlone) this.#judge(this.#elapsed() - startedAt, bytes / mebibyte);
    }
  }

  #judge(ms: number, mebibytes: number): void {
    this.#isQuick = ms <= quickMs + quickMsPerMebibyte * mebibytes;
    if (!this.#isQuick) this.#slowUntil = this.#elapsed() + slowForMs;
  }
}
