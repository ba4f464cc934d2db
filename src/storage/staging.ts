// Port 1, staged bytes: of open upload sessions, and of objects that come whole.
import type { Digest } from "../model/digest.ts";
import type { Locator, StagingState } from "../model/locator.ts";
import type { UploadId } from "../model/uploadId.ts";

/** Staged bytes of one upload session. */
export interface Staged {
  readonly id: UploadId;
  /** Bytes that count; whatever lies beyond was never acknowledged. */
  readonly offset: number;
  readonly staging: StagingState;
}

/** A body as it arrives. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** Gives the memory of a chunk back at once; nobody uses it afterwards. Absent where chunks are not the reader's to give back. */
  readonly release?: (chunk: Uint8Array) => void;
}

/** Is told of bytes as they are staged, in order, so that hashing can follow. */
export interface StagingFollower {
  /**
   * `chunks` now stand at `offset`, one after the other, and can be read back. They are only valid during the call.
   * A promise asks the writer to wait: the follower has fallen behind. @throws what ends the append: these bytes are of no use.
   */
  staged(offset: number, chunks: readonly Uint8Array[]): Promise<void> | null;
}

/** What an append is for. */
export interface AppendOptions {
  /** Bytes that will come if the client keeps its word; null when it did not say. Refused at once when they cannot fit, and as soon as more come. */
  readonly expected: number | null;
  /** True when the answer promises that the session can be resumed: then its folder entries are made durable as well, as after a cut. */
  readonly resumable: boolean;
  /** Aborted when the writer has lost its claim: from then on no byte is touched, and the append ends with its reason. */
  readonly signal: AbortSignal;
}

/** Positional reads of one session's staged bytes. */
export interface StagedReader {
  /** Fills `into` from `offset`; returns how many bytes it read, 0 at the end. */
  read(offset: number, into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Outcome of an append. */
export interface Appended extends Staged {
  /** Why the body ended early (client gone, length mismatch); null after a clean end. Bytes up to `offset` are durable either way. */
  readonly cut: Error | null;
}

/** Staged bytes as they are found, with or without a session that knows of them. */
export interface StagedEntry {
  readonly id: UploadId;
  /** Unix ms; null when it cannot be read, or when what stands there is not a session's at all. */
  readonly startedAt: number | null;
  /** What `discard` wants. */
  readonly staging: StagingState;
}

/** Staged bytes. */
export interface Staging {
  /** Makes room for a session's bytes. `startedAt` is Unix ms. Not durable: a session lost with the power starts again. */
  begin(id: UploadId, startedAt: number): Promise<StagingState>;

  /**
   * Appends a body at `staged.offset`, dropping whatever stands beyond it. The answer's offset is durable.
   * A body that breaks keeps the bytes that arrived (`cut` says why).
   * @throws RegistryError DISK_FULL, READ_ONLY, CHUNK_SIZE_MISMATCH after a clean end with more or fewer bytes than `expected`; then the
   * staged bytes are as before the call. UPLOAD_UNKNOWN when they are gone. UPLOAD_BUSY while another call writes or publishes them,
   * whatever their row says: two never share a file. The reason of `signal`.
   */
  append(
    staged: Staged,
    body: Body,
    follower: StagingFollower,
    options: AppendOptions,
  ): Promise<Appended>;

  /**
   * Makes sure that staged bytes are no content as well, which a closing request that was cut short may have made them. Who reads
   * them while they grow opens them afterwards. @throws RegistryError UPLOAD_UNKNOWN when they are gone, DISK_FULL, READ_ONLY.
   */
  separateStaged(staged: Staged): Promise<void>;

  /** Opens staged bytes for reading. @throws RegistryError UPLOAD_UNKNOWN when the session has none. */
  openStaged(id: UploadId, staging: StagingState): Promise<StagedReader>;

  /**
   * Makes staged bytes content under a fresh name, durably (bytes, name and folders). The session keeps them as well until
   * `discard`: if the process ends before a row names the content, the client goes on as if nothing had happened.
   * The caller has verified the digest.
   * @param owner of the claim on these bytes, a UUIDv7 that is never used twice: the name tells it, so that a row's claim says which
   * names are still awaited. @throws RegistryError UPLOAD_UNKNOWN when fewer than `staged.offset` bytes are staged.
   */
  publish(staged: Staged, digest: Digest, owner: string): Promise<Locator>;

  /** Every id that has staged bytes, or anything else in their place. */
  list(): AsyncIterable<StagedEntry>;

  /** Drops staged bytes: out of sight at once, then removed; an object's after it resolved. Dropping what is absent is not an error. */
  discard(id: UploadId, staging: StagingState): Promise<void>;

  /** Ends what an earlier process had begun to drop. @throws AggregateError, after it has tried everything, of what failed. */
  tidy(): Promise<void>;
}
