// The running digests of sessions that this process writes. A session that another process continued is unknown here: its digest
// comes from its row, or its bytes are read once they are content.
import { type Algorithm, type Digest, digestFromHex } from "../../model/digest.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Session } from "../staging.ts";

/** Sessions that are remembered; the one that was not written to for the longest time is forgotten first. */
const most = 10_000;

/** A digest of everything before `offset`. */
export interface RunningHash {
  readonly algorithm: Algorithm;
  offset: number;
  readonly hasher: Bun.CryptoHasher;
}

/** Of all open sessions. */
export class Hashes {
  readonly #sessions = new Map<UploadId, RunningHash>();

  /** A copy that an append may change. @returns null when the bytes before the offset are not known here. */
  at({ id, offset, algorithm }: Pick<Session, "id" | "offset" | "algorithm">): RunningHash | null {
    if (offset === 0) return { algorithm, offset, hasher: new Bun.CryptoHasher(algorithm) };
    const known = this.#sessions.get(id);
    if (known?.offset !== offset || known.algorithm !== algorithm) return null;
    return { algorithm, offset, hasher: known.hasher.copy() };
  }

  /** What an append has made of its copy counts from now on; null: nothing is known. */
  keep(id: UploadId, running: RunningHash | null): void {
    this.#sessions.delete(id);
    if (running === null) return;
    this.#sessions.set(id, running);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > most && oldest !== undefined) this.#sessions.delete(oldest);
  }

  forget(id: UploadId): void {
    this.#sessions.delete(id);
  }

  /** The digest of a session's bytes, as far as it needs no reading; null otherwise. */
  async digest(session: Session, algorithm: Algorithm): Promise<Digest | null> {
    const known = algorithm === session.algorithm ? this.at(session) : null;
    if (known !== null) return digestOf(known);
    if (algorithm !== session.algorithm && session.offset > 0) return null;
    if (session.offset === 0) {
      return digestOf({ algorithm, hasher: new Bun.CryptoHasher(algorithm) });
    }
    // Another process noted it where its chunk ended.
    const ends = await session.boundaries();
    return ends.findLast(({ offset }) => offset === session.offset)?.digest ?? null;
  }
}

/** As of now; the hash can go on. */
export function digestOf({ algorithm, hasher }: Pick<RunningHash, "algorithm" | "hasher">): Digest {
  return digestFromHex(algorithm, hasher.copy().digest("hex"));
}
