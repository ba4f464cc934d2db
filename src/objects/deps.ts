// The dependencies of this room, shared by single objects and multipart uploads.
import type { OverdueReleases } from "../content/claim.ts";
import type { ContentsMetadata } from "../metadata/contents.ts";
import type { RegistryMetadata } from "../metadata/metadata.ts";
import type { MultipartLifeMetadata, MultipartMetadata } from "../metadata/multipart.ts";
import type { ObjectsMetadata } from "../metadata/objects.ts";
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Storage } from "../storage/storage.ts";
import type { Arrivals } from "./arrivals.ts";
import type { PartTurns } from "./turns.ts";

/** The limits of multipart uploads. */
export interface MultipartLimits {
  /** Highest part number. */
  readonly maxParts: number;
  /** Bytes. */
  readonly maxPartBytes: number;
  /** How long an upload lives after its latest part; ms. */
  readonly ttlMs: number;
}

/** The dependencies of this room's functions. */
export interface ObjectsDeps {
  readonly metadata: ObjectsMetadata;
  readonly multipart: MultipartMetadata;
  readonly multipartLife: MultipartLifeMetadata;
  readonly contents: Pick<ContentsMetadata, "findContent">;
  /** For links to what a repository holds. */
  readonly registry: Pick<RegistryMetadata, "findBlob">;
  readonly storage: Storage;
  readonly turns: PartTurns;
  readonly arrivals: Arrivals;
  /** Unix ms. */
  readonly clock: () => number;
  /** The time by which ages are measured, Unix ms; null while the clock is in doubt: then nothing expires. */
  readonly ageNow: () => number | null;
  readonly overdue: OverdueReleases;
  readonly newUploadId: () => UploadId;
  /** Owners of claims. */
  readonly newId: () => string;
  readonly limits: MultipartLimits;
  /** Called for content that is not what its row says. */
  readonly onDamage?: ((digest: Digest, locator: Locator) => void) | undefined;
}
