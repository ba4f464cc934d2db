// Messages between the server and a hashing worker. Each end switches on `kind`.
import type { Situation } from "../../../errors.ts";
import type { Algorithm } from "../../../model/digest.ts";
import type { StagingState } from "../../../model/locator.ts";
import type { Boundary } from "../../../model/staged.ts";
import type { UploadId } from "../../../model/uploadId.ts";

/**
 * Which reading of a session's bytes a message is about: a new number after each time they were forgotten. What a worker said of
 * bytes that have been cut or replaced since may arrive late, and must not count for the new ones.
 */
type Reading = number;

/** Server → worker. */
export type HashRequest =
  /** Once, first: where staged bytes are. */
  | { readonly kind: "open"; readonly directory: string; readonly pulse: SharedArrayBuffer }
  /** The session's staged bytes at the end of each chunk, first to last; sent before the first byte is read. */
  | {
      readonly kind: "expect";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly staging: StagingState;
      readonly algorithm: Algorithm;
      readonly boundaries: readonly Boundary[];
    }
  /** The session's staged bytes now reach to `size`. An unknown session is read from its first byte, under `algorithm`. */
  | {
      readonly kind: "grown";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly staging: StagingState;
      readonly algorithm: Algorithm;
      readonly size: number;
    }
  /** Asks for the digest of exactly the first `size` bytes. Under another algorithm they are read again. */
  | {
      readonly kind: "digest";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly staging: StagingState;
      readonly size: number;
      readonly algorithm: Algorithm;
    }
  /** The session's bytes were deleted or changed: their hash state is worthless. */
  | { readonly kind: "forget"; readonly id: UploadId };

/** Worker → server. */
export type HashReport =
  /** Hashed up to `position`. */
  | {
      readonly kind: "position";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly position: number;
    }
  | {
      readonly kind: "digest";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly size: number;
      readonly algorithm: Algorithm;
      readonly hex: string;
    }
  /** The staged bytes are not those that were received: they differ before `offset`. */
  | {
      readonly kind: "damaged";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly offset: number;
    }
  /** The staged bytes could not be read: there are none (UPLOAD_UNKNOWN), not now (BUSY), or for another reason (UNKNOWN). */
  | {
      readonly kind: "failed";
      readonly id: UploadId;
      readonly reading: Reading;
      readonly situation: Situation;
      readonly message: string;
    };
