// The inspection's part of port 2 that is about objects, their buckets' counts, and uploads in parts.
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { BucketName, ObjectKey, ObjectName } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { MultipartKey } from "./multipart.ts";

/** An object whose row says another size than the row of its content. Sizes in bytes. */
export interface MisfitObject {
  readonly object: ObjectKey;
  readonly digest: Digest;
  readonly size: number;
  readonly contentSize: number;
}

/** The contents of a bucket. */
export interface BucketCounts {
  readonly objects: number;
  readonly bytes: number;
}

/** A bucket whose row says something else than its objects' rows together. */
export interface MiscountedBucket {
  readonly bucket: BucketName;
  readonly noted: BucketCounts;
  readonly counted: BucketCounts;
}

/** A stored file that no row names, and whose bytes were found to be right. */
export interface NamelessContent {
  readonly digest: Digest;
  readonly locator: Locator;
  /** Bytes. */
  readonly size: number;
}

/** An open upload into a bucket, in parts or whole. */
export interface OpenMultipart extends MultipartKey {
  readonly object: ObjectName;
}

/** A part as its row describes it; a part received again has another version. */
export interface PartKey {
  readonly upload: UploadId;
  readonly number: number;
  readonly version: string;
}

/** Queries and repairs of objects. Each query reads one snapshot. */
export interface ObjectInspection {
  /** At most `limit`. */
  listMisfits(limit: number): Promise<readonly MisfitObject[]>;
  /** At most `limit`. */
  listMiscounted(limit: number): Promise<readonly MiscountedBucket[]>;
  /** Of all buckets, those with ids after `after`, in the order of their ids. */
  listOpenMultipart(page: {
    readonly after: UploadId | null;
    readonly limit: number;
  }): Promise<readonly OpenMultipart[]>;

  /** An object's row says what its content's row says, and its bucket's total changes with it. A count of lost objects stays. */
  refitObject(object: ObjectKey): Promise<void>;
  /**
   * A bucket's row says what its objects' rows say together.
   * @param lostUntil Unix ms; null: a bucket that counts more than it holds is left alone. Otherwise its lost objects are given up,
   * and all content that nothing names is kept until then, as some of it may have been theirs.
   * @returns false when it was left alone.
   */
  recountBucket(bucket: BucketName, lostUntil: number | null): Promise<boolean>;
  /**
   * Stored bytes get a row of content again, kept until `keptUntil` (Unix ms).
   * @returns false when they are on their way out, or another file has this content.
   */
  nameContent(content: NamelessContent, now: number, keptUntil: number): Promise<boolean>;
  /** Removes the part from its upload: the client sends it again. @returns false when the upload is being completed. */
  forgetPart(part: PartKey): Promise<boolean>;
}
