// Port 1, staged bytes: of open upload sessions, and of objects that come whole.
import type { Algorithm, Digest } from "../model/digest.ts";
import type { Locator, StagingState } from "../model/locator.ts";
import type { Boundary } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";

/** Staged bytes of one upload session. */
export interface Staged {
  readonly id: UploadId;
  /** Bytes that count; whatever lies beyond was never acknowledged. */
  readonly offset: number;
  readonly staging: StagingState;
}

/** A session whose bytes are added to, or sealed. */
export interface Session extends Staged {
  /** The bytes are hashed under it as they come. */
  readonly algorithm: Algorithm;
  /** What the bytes were at the end of each chunk, first to last. Asked when this process knows nothing of the session: they are compared. */
  readonly boundaries: () => Promise<readonly Boundary[]>;
}

/** A body as it arrives. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** Gives the memory of a chunk back at once; nobody uses it afterwards. Absent where chunks are not the reader's to give back. */
  readonly release?: (chunk: Uint8Array) => void;
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

/** Outcome of an append. */
export interface Appended extends Session {
  /** Of everything before `offset`, under the session's algorithm; null where it is not known yet, and before a seal. */
  readonly digest: Digest | null;
  /** Why the body ended early (client gone, length mismatch); null after a clean end. Bytes up to `offset` are durable either way. */
  readonly cut: Error | null;
}

/** What a reader of staged bytes asks for. */
export interface FollowOptions {
  /** Offset of its first byte. */
  readonly from: number;
  /** Aborted when nobody reads any more, also while nothing arrives. */
  readonly signal: AbortSignal;
}

/** What sealed bytes must be, and for whom they are sealed. */
export interface SealOptions {
  /** The content's digest is made under it. */
  readonly as: Algorithm;
  /** What the bytes must be, by any algorithm. */
  readonly expected: readonly Digest[];
  /** Of the claim on these bytes, a UUIDv7 that is never used twice: the name tells it, so that a row's claim says which names are still awaited. */
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

/** What came of a seal. */
export type Sealed =
  /** `locator` is null when `isStored` said so. */
  | ({ readonly kind: "sealed"; readonly locator: Locator | null } & SealedContent)
  /** The bytes are `actual`, not `expected`; nothing is stored. */
  | { readonly kind: "mismatch"; readonly expected: Digest; readonly actual: Digest };

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
  /**
   * Makes room for a session's bytes. Not durable: a session lost with the power starts again.
   * @param startedAt Unix ms; null for an object that comes whole, which `Parts` lists.
   */
  begin(id: UploadId, startedAt: number | null): Promise<StagingState>;

  /**
   * Appends a body at `session.offset`, dropping whatever stands beyond it. The answer's offset is durable.
   * A body that breaks keeps the bytes that arrived (`cut` says why).
   * @throws RegistryError DISK_FULL, READ_ONLY, CHUNK_SIZE_MISMATCH after a clean end with more or fewer bytes than `expected`; then the
   * staged bytes are as before the call. UPLOAD_UNKNOWN when they are gone, UPLOAD_DAMAGED when they are not what they were.
   * UPLOAD_BUSY while another call writes or seals them, whatever their row says: two never share a file. The reason of `signal`.
   */
  append(session: Session, body: Body, options: AppendOptions): Promise<Appended>;

  /**
   * Reads a session's bytes while this process appends to it, over any number of appends, and ends once all of them are sealed: before
   * that they are neither verified nor durable. A slow reader does not hold an append up. A reader that has its first byte can read
   * the rest after a seal and `discard`. @throws RegistryError UPLOAD_UNKNOWN when the session ends otherwise; why an append failed,
   * which took bytes back; the reason of `signal`.
   */
  follow(staged: Staged, options: FollowOptions): AsyncIterable<Uint8Array>;

  /**
   * Verifies staged bytes, then makes them content under a fresh name, durably (bytes, name and folders). The session keeps them as
   * well until `discard`: if the process ends before a row names the content, the client goes on as if nothing had happened.
   * @throws RegistryError UPLOAD_UNKNOWN when fewer than `session.offset` bytes are staged; UPLOAD_DAMAGED, UPLOAD_BUSY, READ_ONLY,
   * DISK_FULL; what `isStored` throws.
   */
  seal(session: Session, options: SealOptions): Promise<Sealed>;

  /** Every id that has staged bytes, or anything else in their place. */
  list(): AsyncIterable<StagedEntry>;

  /** Drops staged bytes: out of sight at once, then removed. Dropping what is absent is not an error. */
  discard(id: UploadId, staging: StagingState): Promise<void>;

  /** Another process has dropped what was staged under this id, parts too: what is remembered of it is of no use. */
  forget(id: UploadId): void;

  /** Ends what an earlier process had begun to drop. @throws AggregateError, after it has tried everything, of what failed. */
  tidy(): Promise<void>;
}
