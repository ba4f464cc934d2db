// Keeps headroom for the database and the cleanup: uploads are refused before the disk is really full.
import { type StatsFs, statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { RegistryError } from "../../errors.ts";

const mebibyte = 1_048_576;
/** A reading is good for this long; what was written since is subtracted. Unit: ms. */
const readingLastsMs = 1_000;

/** Free space, in bytes. */
interface Capacity {
  readonly free: number;
  readonly total: number;
}

/** Free space of the file system that holds `directory`, read at most once a second. */
export class FreeSpace {
  readonly #directory: string;
  /** Monotonic ms. */
  readonly #elapsed: () => number;
  #reading: (Capacity & { readonly at: number }) | null = null;
  #taken = 0;

  constructor(directory: string, elapsed: () => number) {
    this.#directory = directory;
    this.#elapsed = elapsed;
  }

  /** Bytes free and in all, as an unprivileged writer sees them. */
  async read(): Promise<Capacity> {
    this.#reading = { ...capacityOf(await statfs(this.#directory)), at: this.#elapsed() };
    this.#taken = 0;
    return this.#reading;
  }

  /**
   * Fails early when `bytes` more cannot be written. @throws RegistryError DISK_FULL when less than the reserve would be
   * left: 2 % of the disk, at most 64 MiB.
   */
  async assertFits(bytes: number): Promise<void> {
    if (this.#isFresh() && this.#fits(bytes)) return;
    // Only a new reading may refuse: space that was freed a moment ago is to be used at once.
    await this.read();
    if (!this.#fits(bytes)) throw new RegistryError("DISK_FULL", { retryAfter: 30 });
  }

  #isFresh(): boolean {
    return this.#reading !== null && this.#elapsed() - this.#reading.at < readingLastsMs;
  }

  #fits(bytes: number): boolean {
    return leavesReserve(this.#reading ?? { free: 0, total: 0 }, this.#taken + bytes);
  }

  /** Counts `bytes` that are about to be written. @throws RegistryError DISK_FULL as `assertFits`. */
  async take(bytes: number): Promise<void> {
    await this.assertFits(bytes);
    this.#taken += bytes;
  }
}

/** As `FreeSpace.assertFits`, looked up now, with a blocking call: for workers. */
export function hasRoom(directory: string, bytes: number): boolean {
  return leavesReserve(capacityOf(statfsSync(directory)), bytes);
}

function capacityOf({ bsize, bavail, blocks }: StatsFs): Capacity {
  return { free: bavail * bsize, total: blocks * bsize };
}

/** The reserve: 2 % of the disk, at most 64 MiB. */
function leavesReserve({ free, total }: Capacity, bytes: number): boolean {
  return free - bytes >= Math.min(total * 0.02, 64 * mebibyte);
}
