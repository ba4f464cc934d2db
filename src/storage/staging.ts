// Port 1, staged bytes: of open upload sessions, and of objects that come whole.
import type { Algorithm, Digest } from "../model/digest.ts";
import type { Locator, StagingState } from "../model/locator.ts";
import type { Boundary } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";

/** Staged bytes of one upload session. */
export interface Staged {
  readonly id: UploadId;
  /** Acknowledged bytes; further ones in the file were never acknowledged. */
  readonly offset: number;
  readonly staging: StagingState;
}

/** A session whose bytes are added to, or sealed. */
export interface Session extends Staged {
  /** The bytes are hashed under it as they come. */
  readonly algorithm: Algorithm;
  /** Digest states at the end of each chunk, first to last. Read when this process has no state of the session: they are compared. */
  readonly boundaries: () => Promise<readonly Boundary[]>;
}

/** A body as it arrives. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** Releases a chunk's memory at once; the chunk is not used afterwards. Absent where chunks are not the reader's to release. */
  readonly release?: (chunk: Uint8Array) => void;
}

/** Options of an append. */
export interface AppendOptions {
  /** Bytes that will come if the client keeps its word; null when it did not say. Refused at once when they cannot fit, and as soon as more come. */
  readonly expected: number | null;
  /** True when the answer promises that the session can be resumed: then its folder entries are made durable as well, as after a cut. */
  readonly resumable: boolean;
  /** True when nobody can resume a body that breaks: then none of its bytes has to be kept, and the session is to be discarded. */
  readonly isWhole?: boolean;
  /** True when the sender names the place of its bytes: more chunks may follow, to any process, and each has to know the digest of those before. */
  readonly inChunks?: boolean;
  /** Aborted when the writer has lost its claim: from then on no byte is touched, and the append ends with its reason. */
  readonly signal: AbortSignal;
}

/** Outcome of an append. */
export interface Appended extends Session {
  /** Of everything before `offset`, under the session's algorithm; null where it is not known yet, and before a seal. */
  readonly digest: Digest | null;
  /** Why the body ended early (client disconnected, length mismatch); null after a clean end. Bytes up to `offset` are durable either way, but for a whole body. */
  readonly cut: Error | null;
}

/** The options of a reader of staged bytes. */
export interface FollowOptions {
  /** Offset of its first byte. */
  readonly from: number;
  /** Aborted when the reader stops, also while nothing arrives. */
  readonly signal: AbortSignal;
}

/** The expected digest of sealed bytes, and their claim. */
export interface SealOptions {
  /** The content's digest is made under it. */
  readonly as: Algorithm;
  /** Expected digests, by any algorithm. */
  readonly expected: readonly Digest[];
  /** Of the claim on these bytes, a UUIDv7 that is never reused: the stored name contains it, so that a row's claim shows which names are still awaited. */
  readonly owner: string;
  /** Asked once the bytes are what they must be. True: the same content is stored already, and nothing is stored. */
  readonly isStored: (content: SealedContent) => Promise<boolean>;
}

/** Bytes that were verified. */
export interface SealedContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** The outcome of a seal. */
export type Sealed =
  /** `locator` is null when `isStored` said so. */
  | ({ readonly kind: "sealed"; readonly locator: Locator | null } & SealedContent)
  /** The bytes are `actual`, not `expected`; nothing is stored. */
  | { readonly kind: "mismatch"; readonly expected: Digest; readonly actual: Digest };

/** Staged bytes as they are found, with or without a session that knows of them. */
export interface StagedEntry {
  readonly id: UploadId;
  /** Looks when it began. @returns Unix ms; null when that cannot be read, or when the entry is not a session's. */
  startedAt(): Promise<number | null>;
  /** The state for `discard`. */
  readonly staging: StagingState;
}

/** Staged bytes. */
export interface Staging {
  /**
   * Creates the folder of a session's bytes. Not durable: a session lost with the power starts again.
   * @param startedAt Unix ms; null for an object that comes whole, which `Parts` lists.
   */
  begin(id: UploadId, startedAt: number | null): Promise<StagingState>;

  /**
   * Appends a body at `session.offset`, dropping all bytes beyond it. The answer's offset is durable.
   * A body that breaks keeps the bytes that arrived (`cut` says why).
   * @throws RegistryError DISK_FULL, READ_ONLY, CHUNK_SIZE_MISMATCH after a clean end with more or fewer bytes than `expected`; then the
   * staged bytes are as before the call. UPLOAD_UNKNOWN when they are missing, UPLOAD_DAMAGED when they have changed.
   * UPLOAD_BUSY while another call writes or seals them, even when their row is free: two never share a file. The reason of `signal`.
   */
  append(session: Session, body: Body, options: AppendOptions): Promise<Appended>;

  /**
   * Reads a session's bytes while this process appends to it, over any number of appends, and ends once all of them are sealed: before
   * that they are neither verified nor durable. A slow reader does not hold an append up. A reader that has its first byte can read
   * the rest after a seal and `discard`. @throws RegistryError UPLOAD_UNKNOWN when the session ends otherwise; why an append failed,
   * which took bytes back; the reason of `signal`. Null where staged bytes cannot be read.
   */
  readonly follow: ((staged: Staged, options: FollowOptions) => AsyncIterable<Uint8Array>) | null;

  /**
   * Verifies staged bytes, then makes them content under a fresh name, durably (bytes, name and folders). The session keeps them as
   * well until `discard`: if the process ends before a row names the content, the client continues as if nothing had happened.
   * @throws RegistryError UPLOAD_UNKNOWN when fewer than `session.offset` bytes are staged; UPLOAD_DAMAGED, UPLOAD_BUSY, READ_ONLY,
   * DISK_FULL; what `isStored` throws.
   */
  seal(session: Session, options: SealOptions): Promise<Sealed>;

  /** Ids with staged bytes that only `discard` ends, or with anything else in their place. A session that its row knows may be missing. */
  list(): AsyncIterable<StagedEntry>;

  /**
   * Drops staged bytes: out of sight at once, then removed. Dropping what is absent is not an error. Content that a seal has returned
   * stays, if that seal was made by this process: once its row is written, no other process may drop the session's bytes.
   */
  discard(id: UploadId, staging: StagingState): Promise<void>;

  /** Another process has dropped what was staged under this id, parts too: what is remembered of it is of no use. */
  forget(id: UploadId): void;

  /** Ends what an earlier process had begun to drop. @throws AggregateError, after it has tried everything, of what failed. */
  tidy(): Promise<void>;
}
