// Hashes staged bytes by reading them back while they grow: the worker's whole job, and the server's fallback without one.
import { RegistryError } from "../../../errors.ts";
import { type Algorithm, digestFromHex } from "../../../model/digest.ts";
import type { StagingState } from "../../../model/locator.ts";
import type { Boundary } from "../../../model/staged.ts";
import type { UploadId } from "../../../model/uploadId.ts";
import type { StoredReader } from "../../repair.ts";
import type { HashReport, HashRequest } from "./protocol.ts";

/** One read and one hash step: small enough that every session gets its turn, and that the bytes are still in the cache. */
const stepBytes = 256 * 1024;
/** How often a session that is behind says where it is. */
const reportEveryBytes = 1_048_576;
/** A file that was not read for so long is closed: one that was deleted keeps its space for as long as it is open. Unit: ms. */
const idleMs = 3_000;
/** Sessions beyond this many give up their open file until it is their turn again. */
const openReaders = 64;

type OpenStaged = (id: UploadId, staging: StagingState) => Promise<StoredReader>;

interface Followed {
  readonly id: UploadId;
  readonly reading: number;
  readonly staging: StagingState;
  hasher: Bun.CryptoHasher;
  algorithm: Algorithm;
  position: number;
  /** The position that was last reported. */
  reported: number;
  target: number;
  /** Chunk ends that are still to be checked, first to last. */
  boundaries: readonly Boundary[];
  /** The size a digest was requested for; null without a request. */
  wanted: number | null;
}

/** Follows any number of sessions, one step each in turn. */
export class StagedFollower {
  readonly #open: OpenStaged;
  readonly #report: (report: HashReport) => void;
  readonly #sessions = new Map<UploadId, Followed>();
  readonly #readers = new Map<UploadId, OpenReader>();
  #resting: Timer | null = null;
  readonly #buffer = new Uint8Array(stepBytes);
  #running = false;
  /** Whose file is being read right now: it must not be closed under the read. */
  #reading: UploadId | null = null;

  /** @param report is called for every step; it must not throw. */
  constructor(open: OpenStaged, report: (report: HashReport) => void) {
    this.#open = open;
    this.#report = report;
  }

  /** Takes one request; the answers come through `report`. */
  take(request: Exclude<HashRequest, { kind: "open" }>): void {
    switch (request.kind) {
      case "expect":
        this.#session(request).boundaries = request.boundaries;
        return;
      case "grown": {
        const session = this.#session(request);
        session.target = Math.max(session.target, request.size);
        break;
      }
      case "digest": {
        const session = this.#session(request);
        if (session.algorithm !== request.algorithm || session.position > request.size) {
          restart(session, request.algorithm);
        }
        session.target = request.size;
        session.wanted = request.size;
        break;
      }
      case "forget":
        this.#sessions.delete(request.id);
        void this.#closeReader(request.id);
        return;
      default:
        request satisfies never;
    }
    void this.#run();
  }

  /** Gives up everything that is open. */
  async close(): Promise<void> {
    if (this.#resting !== null) clearTimeout(this.#resting);
    this.#sessions.clear();
    await Promise.all([...this.#readers.keys()].map((id) => this.#closeReader(id)));
  }

  #session({
    id,
    reading,
    staging,
    algorithm,
  }: Pick<Followed, "id" | "reading" | "staging" | "algorithm">): Followed {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const session: Followed = {
      id,
      reading,
      staging,
      hasher: new Bun.CryptoHasher(algorithm),
      algorithm,
      position: 0,
      reported: 0,
      target: 0,
      boundaries: [],
      wanted: null,
    };
    this.#sessions.set(id, session);
    return session;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let busy = true;
    while (busy) {
      busy = false;
      for (const session of [...this.#sessions.values()]) {
        if (session.position < session.target) {
          busy = true;
          await this.#step(session);
        }
        this.#answer(session);
      }
      // Reads may not wait for anything: let requests in between them.
      if (busy) await nextTurn();
    }
    this.#running = false;
  }

  async #step(session: Followed): Promise<void> {
    const { id, reading, hasher } = session;
    this.#reading = id;
    try {
      const reader = await this.#reader(session);
      const room = Math.min(stepBytes, nextStop(session) - session.position);
      const count = await reader.read(session.position, this.#buffer.subarray(0, room));
      // Forgotten or restarted while it was read: these bytes are no longer needed.
      if (this.#sessions.get(session.id) !== session || session.hasher !== hasher) return;
      // The file was truncated: it is no more the session's than a removed one.
      if (count === 0) throw new RegistryError("UPLOAD_UNKNOWN");
      hasher.update(this.#buffer.subarray(0, count));
      session.position += count;
      this.#check(session);
      this.#tell(session);
    } catch (error) {
      if (this.#sessions.get(session.id) !== session) return;
      this.#sessions.delete(session.id);
      if (error instanceof Damage) {
        this.#report({ kind: "damaged", id, reading, offset: error.offset });
        return;
      }
      const situation = error instanceof RegistryError ? error.situation : "UNKNOWN";
      this.#report({ kind: "failed", id, reading, situation, message: String(error) });
    } finally {
      this.#reading = null;
      if (this.#sessions.get(session.id) !== session) await this.#closeReader(session.id);
    }
  }

  /** @throws Damage when a chunk has come to its end with other bytes than it had. */
  #check(session: Followed): void {
    const [boundary, ...later] = session.boundaries;
    if (boundary === undefined || boundary.offset > session.position) return;
    session.boundaries = later;
    const digest = digestFromHex(session.algorithm, session.hasher.copy().digest("hex"));
    if (digest !== boundary.digest) throw new Damage(boundary.offset);
  }

  #tell(session: Followed): void {
    const { id, reading, position, target } = session;
    if (position < target && position - session.reported < reportEveryBytes) return;
    session.reported = position;
    this.#report({ kind: "position", id, reading, position });
  }

  /** Reports the digest once exactly the wanted bytes are hashed; the session can grow afterwards. */
  #answer(session: Followed): void {
    const { id, reading, wanted, position, algorithm } = session;
    if (wanted === null || position !== wanted || this.#sessions.get(id) !== session) return;
    session.wanted = null;
    const hex = session.hasher.copy().digest("hex");
    this.#report({ kind: "digest", id, reading, size: wanted, algorithm, hex });
  }

  async #reader(session: Followed): Promise<StoredReader> {
    const known = this.#readers.get(session.id);
    this.#resting ??= setTimeout(() => this.#closeIdle(), idleMs);
    if (known !== undefined) {
      known.usedAt = performance.now();
      return known.reader;
    }
    const [oldest] = this.#readers.keys();
    if (oldest !== undefined && this.#readers.size >= openReaders) await this.#closeReader(oldest);
    const reader = await this.#open(session.id, session.staging);
    this.#readers.set(session.id, { reader, usedAt: performance.now() });
    return reader;
  }

  /** The hash stays, and the file is opened again when more is to be read. */
  #closeIdle(): void {
    const before = performance.now() - idleMs;
    for (const [id, { usedAt }] of this.#readers) {
      if (usedAt <= before) void this.#closeReader(id);
    }
    this.#resting = this.#readers.size === 0 ? null : setTimeout(() => this.#closeIdle(), idleMs);
  }

  async #closeReader(id: UploadId): Promise<void> {
    if (this.#reading === id) return;
    const open = this.#readers.get(id);
    this.#readers.delete(id);
    await open?.reader.close().catch(() => {});
  }
}

interface OpenReader {
  readonly reader: StoredReader;
  /** Monotonic ms. */
  usedAt: number;
}

/** Staged bytes that are not what they were. */
class Damage extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super("staged bytes differ from what was received");
    this.offset = offset;
  }
}

/** A read ends where a chunk ended, so that the digest can be compared there. */
function nextStop({ boundaries, target, position }: Followed): number {
  const boundary = boundaries[0]?.offset ?? target;
  return boundary > position ? Math.min(boundary, target) : target;
}

function restart(session: Followed, algorithm: Algorithm): void {
  session.hasher = new Bun.CryptoHasher(algorithm);
  session.algorithm = algorithm;
  session.position = 0;
  session.reported = 0;
  // They belong to the other algorithm, and are checked when the bytes are read with that one.
  session.boundaries = [];
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
