// Which ids a cleanup or a check has met: a store may have a million sessions, so what is kept of each is a number.
import type { UploadId } from "./uploadId.ts";

/** At the beginning; doubled when it is full. */
const fewest = 1_024;
/** The last group of a UUID: 48 bits, random in those that a server makes. They fit a double. */
const lastGroup = 24;

/**
 * Ids, in eight bytes each. First all are added, then it is asked. Two ids with one number are taken for the same: of a million, that
 * happens to a pair once in 500 sweeps.
 */
export class IdSums {
  #sums = new Float64Array(fewest);
  #count = 0;
  #isSorted = true;

  /** Ids that were added. */
  get size(): number {
    return this.#count;
  }

  add(id: UploadId): void {
    if (this.#count === this.#sums.length) {
      const longer = new Float64Array(2 * this.#count);
      longer.set(this.#sums);
      this.#sums = longer;
    }
    this.#sums[this.#count] = sumOf(id);
    this.#count += 1;
    this.#isSorted = false;
  }

  /** @returns false for an id that was not added, nearly always; true for each that was. */
  has(id: UploadId): boolean {
    const sums = this.#sorted();
    const wanted = sumOf(id);
    let [low, high] = [0, sums.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return sums[low] === wanted;
  }

  #sorted(): Float64Array {
    const sums = this.#sums.subarray(0, this.#count);
    if (!this.#isSorted) sums.sort();
    this.#isSorted = true;
    return sums;
  }
}

const sumOf = (id: UploadId): number => Number.parseInt(id.slice(lastGroup), 16);
