// The running digests of sessions. A body that comes whole is hashed by the runtime, and its state is remembered by this process only;
// a body that comes in chunks is hashed so that any process can go on. A digest that neither knows is made of the stored bytes.
import { type Algorithm, type Digest, digestFromHex } from "../../model/digest.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Session } from "../staging.ts";
import type { HashNote, TravellingHashes } from "./hashing/travelling.ts";

/** Sessions that are remembered; the one that was not written to for the longest time is forgotten first. */
const most = 10_000;

/** The digest of all bytes while an append adds to them. */
export interface RunningHash {
  /** Sees each chunk as it comes. */
  follow(chunk: Uint8Array): void;
  /** Sees the same bytes in shared memory; null where it need not. @returns when they are not needed any more. Never rejects. */
  readonly add: ((bytes: Uint8Array) => Promise<void>) | null;
  /** Once, after all bytes. What it knows counts from now on. */
  end(): Promise<Hashed>;
  /** Nothing of it counts. Does nothing after its end. */
  drop(): void;
}

/** What is known of the bytes of a session. */
export interface Hashed {
  /** Null where it is not known, and before the first byte. */
  readonly digest: Digest | null;
  /** For the next process; null where there is none. */
  readonly note: HashNote | null;
}

/** Knows nothing, and learns nothing. */
export const noHash: RunningHash = {
  follow: () => {},
  add: null,
  end: async () => ({ digest: null, note: null }),
  drop: () => {},
};

/** A digest of everything before `offset`. */
interface LocalHash {
  readonly algorithm: Algorithm;
  offset: number;
  readonly hasher: Bun.CryptoHasher;
}

type Place = Pick<Session, "id" | "offset" | "algorithm">;

/** Of all open sessions. */
export class Hashes {
  readonly #travelling: TravellingHashes | null;
  readonly #sessions = new Map<UploadId, LocalHash>();

  /** @param travelling null: a session that another process goes on with is read once it is content. */
  constructor(travelling: TravellingHashes | null) {
    this.#travelling = travelling;
  }

  /**
   * Of an append at the session's offset.
   * @param note of the bytes before, as the row has it. @param inChunks true when more bytes may come, to any process.
   */
  begin(session: Place, note: HashNote | null, inChunks: boolean): RunningHash {
    const travels = session.offset === 0 ? inChunks : note !== null;
    if (travels && this.#travelling !== null) return travel(this.#travelling, session, note);
    const local = this.#localAt(session);
    return local === null ? noHash : this.#follow(session.id, local);
  }

  forget(id: UploadId): void {
    this.#sessions.delete(id);
  }

  /** The digest of a session's bytes, as far as it needs no reading; null otherwise. */
  async digest(
    session: Session,
    note: HashNote | null,
    algorithm: Algorithm,
  ): Promise<Digest | null> {
    if (session.offset === 0) {
      return digestOf({ algorithm, hasher: new Bun.CryptoHasher(algorithm) });
    }
    if (algorithm !== session.algorithm) return null;
    const known = this.#localAt(session);
    if (known !== null) return digestOf(known);
    if (note !== null) return note.digest;
    // Another process noted it where its chunk ended.
    const ends = await session.boundaries();
    return ends.findLast(({ offset }) => offset === session.offset)?.digest ?? null;
  }

  /** A copy that an append may change. @returns null when the bytes before the offset are not known here. */
  #localAt({ id, offset, algorithm }: Place): LocalHash | null {
    if (offset === 0) return { algorithm, offset, hasher: new Bun.CryptoHasher(algorithm) };
    const known = this.#sessions.get(id);
    if (known?.offset !== offset || known.algorithm !== algorithm) return null;
    return { algorithm, offset, hasher: known.hasher.copy() };
  }

  #follow(id: UploadId, local: LocalHash): RunningHash {
    return {
      follow: (chunk) => {
        local.hasher.update(chunk);
        local.offset += chunk.byteLength;
      },
      add: null,
      end: async () => {
        this.#keep(id, local);
        return { digest: local.offset === 0 ? null : digestOf(local), note: null };
      },
      drop: () => {},
    };
  }

  #keep(id: UploadId, local: LocalHash): void {
    this.#sessions.delete(id);
    this.#sessions.set(id, local);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > most && oldest !== undefined) this.#sessions.delete(oldest);
  }
}

function travel(
  travelling: TravellingHashes,
  { offset, algorithm }: Place,
  note: HashNote | null,
): RunningHash {
  const hash = travelling.begin(algorithm, offset === 0 ? null : note);
  let size = offset;
  return {
    follow: (chunk) => {
      size += chunk.byteLength;
    },
    add: hash.add,
    end: async () => {
      const made = await hash.end();
      const isEmpty = made === null || size === 0;
      return isEmpty ? { digest: null, note: null } : { digest: made.digest, note: made };
    },
    drop: hash.drop,
  };
}

/** As of now; the hash can go on. */
export function digestOf({ algorithm, hasher }: Pick<LocalHash, "algorithm" | "hasher">): Digest {
  return digestFromHex(algorithm, hasher.copy().digest("hex"));
}
