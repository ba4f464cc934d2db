// The latest large manifests that were read, by digest: they never change, and reading one anew for each of many who ask at a time would
// take more memory than sending it.
import type { Digest } from "../../model/digest.ts";
import type { ManifestKey } from "../metadata.ts";

/** What is kept, in bytes. */
const mostKept = 8 * 1024 * 1024;

/** Bodies by digest. Who asks has just seen the manifest in the repository. */
export class LargeBodies {
  readonly #read: (key: ManifestKey) => Promise<Uint8Array | null>;
  /** Oldest first. */
  readonly #kept = new Map<Digest, Uint8Array>();
  #bytes = 0;

  constructor(read: (key: ManifestKey) => Promise<Uint8Array | null>) {
    this.#read = read;
  }

  /** What is read, or was read a while ago. */
  async find(key: ManifestKey): Promise<Uint8Array | null> {
    const body = this.#kept.get(key.digest) ?? (await this.#read(key));
    if (body !== null) this.#keep(key.digest, body);
    return body;
  }

  #keep(digest: Digest, body: Uint8Array): void {
    if (!this.#kept.delete(digest)) this.#bytes += body.byteLength;
    this.#kept.set(digest, body);
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= mostKept) return;
      this.#kept.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}
