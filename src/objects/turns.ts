// The order of requests that store parts of one upload: those of one number one after the other, others at once.
import type { UploadId } from "../model/uploadId.ts";

/** The requests that store parts, by upload and number. One per process. */
export class PartTurns {
  readonly #latest = new Map<UploadId, Map<number, Promise<void>>>();

  /** Runs `work` after earlier calls for the same number have ended. */
  async take<T>(id: UploadId, number: number, work: () => Promise<T>): Promise<T> {
    const byNumber = this.#latest.get(id) ?? new Map<number, Promise<void>>();
    this.#latest.set(id, byNumber);
    const turn = (byNumber.get(number) ?? Promise.resolve()).then(work);
    const done = turn.then(
      () => {},
      () => {},
    );
    byNumber.set(number, done);
    try {
      return await turn;
    } finally {
      if (byNumber.get(number) === done) byNumber.delete(number);
      if (byNumber.size === 0 && this.#latest.get(id) === byNumber) this.#latest.delete(id);
    }
  }

  /** Resolves when everything is done that has been asked for by now. */
  async idle(id: UploadId): Promise<void> {
    await Promise.all(this.#latest.get(id)?.values() ?? []);
  }
}
