// Port 1, parts: staged parts of objects, and what they are put together to.
import type { PartPlace, StagedPart } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { AppendOptions, Body, Sealed, SealOptions } from "./staging.ts";

/** A part that was received. */
export interface ReceivedPart {
  readonly place: PartPlace;
  /** Bytes that arrived. */
  readonly size: number;
  /** Why the body ended early; null after a clean end. Then the part is of use, and durable. */
  readonly cut: Error | null;
}

/** A part whose row is durable. */
export interface RecordedPart {
  readonly part: StagedPart;
  /** The number's earlier part, which no row names any more; null when there was none. */
  readonly replaced: StagedPart | null;
}

/** Staged parts. */
export interface Parts {
  /**
   * Receives a part under a name of its own, next to the number's earlier part. A body that breaks, or an error, leaves nothing.
   * @throws RegistryError DISK_FULL, READ_ONLY, CHUNK_SIZE_MISMATCH, MULTIPART_UNKNOWN when the upload's parts were dropped meanwhile.
   */
  receive(
    id: UploadId,
    number: number,
    body: Body,
    options: Pick<AppendOptions, "expected" | "signal">,
  ): Promise<ReceivedPart>;

  /**
   * Reports that a part's row is durable: the number's earlier part is removed, and assembly may begin. Of two parts of one
   * number the one whose row was written later must be reported later. Does nothing when the upload's parts were dropped meanwhile.
   * @param all every part that the upload has, in any order; none when there is no such upload.
   */
  recorded(
    id: UploadId,
    { part, replaced }: RecordedPart,
    all: () => Promise<readonly StagedPart[]>,
  ): Promise<void>;

  /**
   * Seals exactly these parts, in this order, as one content, known by its SHA-256; on any failure the upload stays as it was. Of two calls for one upload
   * the later one counts.
   * @throws RegistryError PART_DIFFERS for a part whose bytes are missing or damaged; DISK_FULL, READ_ONLY, BUSY; MULTIPART_UNKNOWN when
   * the upload is dropped meanwhile, MULTIPART_COMPLETING for an earlier call; what `isStored` throws.
   */
  complete(
    id: UploadId,
    parts: readonly StagedPart[],
    options: Omit<SealOptions, "as">,
  ): Promise<Sealed>;

  /** Drops a part that no row names. Dropping what is absent is not an error. */
  drop(place: PartPlace): Promise<void>;

  /** Drops everything staged for an upload, or for an object that came whole: out of sight at once, removed later. */
  discard(id: UploadId): Promise<void>;

  /** Every upload that has staged parts or bytes, or anything else in their place. */
  list(): AsyncIterable<UploadId>;
}
