// The latest large manifests that were read, by digest: they never change, and reading one anew for each of many who ask at a time would
// take more memory than sending it.
import type { Digest } from "../../model/digest.ts";

/** What is kept, in bytes. */
const mostKept = 8 * 1024 * 1024;

/** Bodies by digest. Whether somebody may have one is not its affair. */
export class LargeBodies {
  /** Oldest first. */
  readonly #kept = new Map<Digest, Uint8Array>();
  #bytes = 0;

  /** What `read` finds, or found a while ago. */
  get(digest: Digest, read: () => Uint8Array | null): Uint8Array | null {
    const known = this.#kept.get(digest);
    const body = known ?? read();
    if (body === null) return null;
    this.#kept.delete(digest);
    this.#kept.set(digest, body);
    if (known === undefined) this.#bytes += body.byteLength;
    this.#dropOldest();
    return body;
  }

  #dropOldest(): void {
    for (const [digest, { byteLength }] of this.#kept) {
      if (this.#bytes <= mostKept) return;
      this.#kept.delete(digest);
      this.#bytes -= byteLength;
    }
  }
}
