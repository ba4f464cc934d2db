// Uploads in parts whose parts are arriving at this moment: their writers live, so no clock ends them.
import type { UploadId } from "../uploads/session.ts";

/** One per process. */
export class Arrivals {
  readonly #counts = new Map<UploadId, number>();

  /** Runs `work`, during which a part arrives. */
  async during<T>(id: UploadId, work: () => Promise<T>): Promise<T> {
    this.#counts.set(id, this.#countOf(id) + 1);
    try {
      return await work();
    } finally {
      const left = this.#countOf(id) - 1;
      if (left > 0) this.#counts.set(id, left);
      else this.#counts.delete(id);
    }
  }

  has(id: UploadId): boolean {
    return this.#counts.has(id);
  }

  /** All of them. */
  ids(): readonly UploadId[] {
    return [...this.#counts.keys()];
  }

  #countOf(id: UploadId): number {
    return this.#counts.get(id) ?? 0;
  }
}
