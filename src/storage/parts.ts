// Port 1, parts: staged parts of objects, and what they are put together to.

import type { StagingState } from "../model/locator.ts";
import type { PartPlace } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { AppendOptions, Body, StagedReader, StagingFollower } from "./staging.ts";

/** A part that was received. */
export interface ReceivedPart {
  readonly place: PartPlace;
  /** Bytes that arrived. */
  readonly size: number;
  /** Why the body ended early; null after a clean end. Then the part is of use, and durable. */
  readonly cut: Error | null;
}

/** What stands under an upload's id, with or without a row that knows of it. */
export interface Parts {
  /** The staging state of an object that is put together from parts, or received whole. Creates nothing. */
  readonly staging: StagingState;

  /** Makes room for an object that comes whole; `Staging` takes it with `staging`. */
  createWhole(id: UploadId): Promise<void>;

  /**
   * Receives a part under a name of its own, beside whatever the number has already. A body that breaks, or an error, leaves nothing.
   * @throws RegistryError DISK_FULL, READ_ONLY, MULTIPART_UNKNOWN when the upload's parts were dropped meanwhile; the body's or the follower's error.
   */
  receive(
    id: UploadId,
    number: number,
    body: Body,
    follower: StagingFollower,
    options: Pick<AppendOptions, "expected" | "signal">,
  ): Promise<ReceivedPart>;

  /**
   * Gives a part, whose row is durable, the number's plain name; whatever had it goes. Of two parts of one number the one whose row
   * was written later must be settled later. Does nothing when the upload's parts were dropped meanwhile.
   */
  settle(place: PartPlace): Promise<void>;

  /** Drops a part that no row names. Dropping what is absent is not an error. */
  drop(place: PartPlace): Promise<void>;

  /** Opens a part under its own name, or else under the number's. @returns null when neither is there. */
  open(place: PartPlace): Promise<StagedReader | null>;

  /** Every upload that has staged parts or bytes, or anything else in their place. `Staging.discard` drops them. */
  list(): AsyncIterable<UploadId>;
}
