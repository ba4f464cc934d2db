// Uploads in parts whose parts are arriving at this moment: their writers live, so no clock ends them.
import type { RegistryError } from "../errors.ts";
import type { UploadId } from "../model/uploadId.ts";

/** One per process. */
export class Arrivals {
  /** Functions that end each arriving part. */
  readonly #endings = new Map<UploadId, Set<AbortController>>();

  /** Runs `work`, during which a part arrives. @param work its signal is aborted when the upload is over. */
  async during<T>(id: UploadId, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const endings = this.#endings.get(id) ?? new Set();
    this.#endings.set(id, endings.add(ending));
    try {
      return await work(ending.signal);
    } finally {
      endings.delete(ending);
      if (endings.size === 0) this.#endings.delete(id);
    }
  }

  /** The upload is over: the rest of its parts is not read. @param reason is thrown to their clients. */
  end(id: UploadId, reason: RegistryError): void {
    for (const ending of this.#endings.get(id) ?? []) ending.abort(reason);
  }

  has(id: UploadId): boolean {
    return this.#endings.has(id);
  }

  /** All of them. */
  ids(): readonly UploadId[] {
    return [...this.#endings.keys()];
  }
}
