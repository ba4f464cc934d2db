// Port 2, the objects' part: buckets, objects, and what links content to them. One method = one transaction.

import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName, ObjectKey, ObjectName } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Author, Signed } from "./audit.ts";
import type { CommittedContent } from "./metadata.ts";

/** A bucket and what it holds. */
export interface Bucket {
  readonly name: BucketName;
  /** Unix ms. */
  readonly createdAt: number;
  readonly objects: number;
  /** Of all its objects; content that several share counts for each. */
  readonly bytes: number;
}

/** An object's row. */
export interface ObjectRecord extends ObjectKey {
  /** Bytes. */
  readonly size: number;
  readonly digest: Digest;
  readonly contentType: string;
  /** Unix ms of the latest put. */
  readonly createdAt: number;
}

/** An object and the stored name of its content. */
export interface StoredObject extends ObjectRecord {
  readonly locator: Locator;
  /** Since when its content is known to be damaged, Unix ms: nothing can be read until it is put again. Null while it is not. */
  readonly damagedAt: number | null;
}

/** An object as preconditions see it. */
export type ObjectVersion = Pick<ObjectRecord, "digest" | "createdAt">;

/** A request's preconditions, judged on the current object; null when there is none. Pure: called inside the transaction. */
export type Precondition = (current: ObjectVersion | null) => boolean;

/** A page of objects: those with names after `after`, in byte order. */
export interface ObjectPageRequest {
  readonly after: string | null;
  /** Most entries, objects and prefixes together. */
  readonly limit: number;
  /** Only names that begin so; empty for all. */
  readonly prefix: string;
  /**
   * Names that hold it behind `prefix` are listed once, up to and with it; null for none. An `after` that begins with such a prefix
   * leaves that prefix out.
   */
  readonly delimiter: string | null;
}

/** Objects and common prefixes, each in byte order. `last` is what the next page comes after; null when nothing follows. */
export interface ObjectPage {
  readonly objects: readonly ObjectRecord[];
  readonly prefixes: readonly string[];
  readonly last: string | null;
}

/** An object to be stored, whose bytes are there. */
export interface ObjectCommit extends ObjectKey, CommittedContent {
  /** The upload that it came by, which ends with it. */
  readonly upload: { readonly id: UploadId; readonly owner: string };
  readonly contentType: string;
  readonly allows: Precondition;
  /** Unix ms. */
  readonly now: number;
  /** Names the list of parts it was completed with, so that the request may be repeated; null for an object that came whole. */
  readonly parts: string | null;
  /** Written down with it, if given. */
  readonly by?: Author | undefined;
}

/** Nothing is stored unless `kind` is `finished`. */
export type ObjectCommitOutcome =
  /** `locator` is the one that counts: another upload of the same content may have won. */
  | { readonly kind: "finished"; readonly locator: Locator }
  /** The upload was aborted, or claimed by another request. */
  | { readonly kind: "sessionGone" }
  /** `found` was true and the content has been deleted meanwhile: publish instead. */
  | { readonly kind: "contentGone" }
  /** The precondition does not hold. The upload stays as it was. */
  | { readonly kind: "refused" };

/** Content that is linked, and who must still hold it when it is. */
export type ObjectLinkSource = (
  | { readonly repository: RepositoryName }
  | { readonly copyOf: ObjectKey }
) & {
  readonly digest: Digest;
  /** Under which it was found intact. */
  readonly locator: Locator;
};

/** An object made of content that a repository holds, or another object is made of. */
export interface ObjectLink extends ObjectKey {
  readonly contentType: string;
  readonly allows: Precondition;
  readonly from: ObjectLinkSource;
  /** Unix ms. */
  readonly now: number;
  /** Written down with it, if given. */
  readonly by?: Author | undefined;
}

export type ObjectLinkOutcome =
  | { readonly kind: "linked"; readonly record: ObjectRecord }
  | { readonly kind: "bucketUnknown" }
  /** Its holder no longer has the content under that locator. */
  | { readonly kind: "contentGone" }
  | { readonly kind: "refused" };

export interface ObjectsMetadata {
  /** @returns false when it exists. */
  createBucket(name: BucketName, now: number, by?: Author | undefined): Promise<boolean>;
  findBucket(name: BucketName): Promise<Bucket | null>;
  /** Buckets with names after `after`, in byte order. */
  listBuckets(page: {
    readonly after: string | null;
    readonly limit: number;
  }): Promise<{ readonly buckets: readonly Bucket[]; readonly more: boolean }>;
  /**
   * Removes an empty bucket with its open uploads, whose ids are returned. `busy`: one of them is being completed or received.
   * `lostObjects`: it holds none, and counts some.
   */
  removeBucket(
    name: BucketName,
    by?: Signed | undefined,
  ): Promise<
    | { readonly kind: "removed"; readonly uploads: readonly UploadId[] }
    | { readonly kind: "unknown" | "notEmpty" | "lostObjects" | "busy" }
  >;
  findObject(
    bucket: BucketName,
    object: ObjectName,
  ): Promise<
    | { readonly kind: "found"; readonly object: StoredObject }
    | { readonly kind: "bucketUnknown" | "objectUnknown" }
  >;
  /** @returns null when there is no such bucket. */
  listObjects(bucket: BucketName, page: ObjectPageRequest): Promise<ObjectPage | null>;
  /** Content, object, bucket's counts and the end of its upload in one transaction. What the name was before is released at `now`. */
  commitObject(commit: ObjectCommit): Promise<ObjectCommitOutcome>;
  linkObject(link: ObjectLink): Promise<ObjectLinkOutcome>;
  removeObject(
    removal: ObjectKey & Pick<ObjectLink, "allows" | "now" | "by">,
  ): Promise<{ readonly kind: "removed" | "bucketUnknown" | "objectUnknown" | "refused" }>;
}
