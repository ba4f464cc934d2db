// Port 2, uploads in parts: from their start to their end. An object that comes whole has an upload as well, without parts.
import type { OpenState } from "../model/multipartState.ts";
import type { BucketName, ObjectName } from "../model/objectNames.ts";
import type { StagedPart } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Hold } from "./locks.ts";
import type { ObjectRecord } from "./objects.ts";
import type { CountedUploads, UploadPage } from "./uploadPage.ts";

/** An upload as it is started. Times in Unix ms. */
export interface MultipartStart {
  readonly id: UploadId;
  readonly bucket: BucketName;
  readonly object: ObjectName;
  readonly contentType: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** An open upload. */
export interface MultipartUpload extends MultipartStart {
  readonly state: OpenState;
  /** Unix ms of the latest sign of life: a part, or the start. */
  readonly updatedAt: number;
  /** The owner of the claim to complete it; null when it is not being completed, or its owner is gone. */
  readonly claimOwner: string | null;
}

/** An open upload with what was staged for it. */
export interface ListedMultipart extends MultipartUpload {
  readonly parts: number;
  readonly bytes: number;
}

/** An open upload of any bucket, as an operator sees it. */
export interface OpenMultipart extends ListedMultipart {
  /** Who began it, as `user:ann`; null: nobody had to log in. */
  readonly startedBy: string | null;
}

/** An upload that expired. */
export interface ExpiredMultipart extends ListedMultipart {
  /** True for leftovers of a put in one request whose receiver has ended. */
  readonly whole: boolean;
}

/** Which upload is meant. */
export interface MultipartKey {
  readonly bucket: BucketName;
  readonly id: UploadId;
}

export interface MultipartMetadata {
  /** Returned values are durable. Never used for a put in one request. */
  findMultipart(key: MultipartKey): Promise<ListedMultipart | null>;
  /** As `findMultipart`, without counting its parts and without a promise: for a look before a body is read. */
  peekMultipart(key: MultipartKey): Promise<MultipartUpload | null>;
  /** Open uploads of a bucket with ids after `after`, in the order of their ids. @returns null when there is no such bucket. */
  listMultipart(
    bucket: BucketName,
    page: {
      readonly after: UploadId | null;
      readonly limit: number;
      /** Only for objects whose names begin so. */
      readonly prefix: string;
    },
  ): Promise<{ readonly uploads: readonly ListedMultipart[]; readonly more: boolean } | null>;
  /**
   * Makes a part the one of its number, and the upload `uploading`, until `expiresAt`. `accepts` sees the upload inside of the
   * transaction and throws what is in the way. @returns the number's earlier part; "unknown" when the upload was deleted.
   */
  recordPart(
    key: MultipartKey,
    record: {
      readonly part: StagedPart;
      readonly expiresAt: number;
      readonly accepts: (upload: MultipartUpload) => void;
    },
  ): Promise<{ readonly replaced: StagedPart | null } | "unknown">;
  /** Parts with numbers after `after`, in order. @returns null when there is no such upload. */
  listParts(
    key: MultipartKey,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly StagedPart[] | null>;
  /** All parts that an upload has, in order; none when there is no such upload. */
  partsOf(id: UploadId): Promise<readonly StagedPart[]>;
  /**
   * Makes `owner` the one who completes the upload: from now on its parts are frozen. `choose` sees upload and parts inside of
   * the transaction; what it throws is thrown, and nothing is claimed. @returns what it chose.
   */
  claimMultipart<T>(
    key: MultipartKey,
    owner: string,
    choose: (upload: MultipartUpload, parts: readonly StagedPart[]) => T,
  ): Promise<{ readonly upload: MultipartUpload; readonly chosen: T } | "unknown">;
  /** A sign of life of the owner. @returns false when the upload was deleted, or has another owner. Not durable on purpose. */
  renewMultipart(id: UploadId, owner: string): Promise<boolean>;
  /** Not durable on purpose. */
  releaseMultipart(id: UploadId, owner: string): Promise<void>;
  /**
   * The object of an upload of `bucket` that was completed after `since` (Unix ms), durably, as long as it has the bytes that the
   * upload made. `parts` names the list it was completed with.
   */
  findCompleted(
    key: MultipartKey,
    since: number,
  ): Promise<{ readonly parts: string; readonly record: ObjectRecord } | null>;
}

/** How uploads in parts begin, and how they end without an object. */
export interface MultipartLifeMetadata {
  /**
   * @param owner of an object that comes whole: its receiver holds it, and it is not listed; not durable then, on purpose: bytes
   * without a row are cleaned up as well. @returns false when there is no such bucket.
   */
  startMultipart(
    start: MultipartStart,
    owner: string | null,
    startedBy?: string | null,
  ): Promise<boolean>;
  /** Open uploads of all buckets with ids after `after`, in the order of their ids. */
  listOpen(page: UploadPage): Promise<readonly OpenMultipart[]>;
  /** Removes an upload with its parts' rows. `accepts` as in `recordPart`. @returns it, or null when it was not there. */
  removeMultipart(
    key: MultipartKey,
    accepts: (upload: MultipartUpload) => void,
  ): Promise<MultipartUpload | null>;
  /** Removes the upload of an object that came whole, if `owner` still holds it. Not durable on purpose: what is left expires. */
  removeWhole(id: UploadId, owner: string): Promise<void>;
  /** Makes an upload live until `expiresAt`, if it is there and would end before. Times in Unix ms. Not durable on purpose. */
  noteAlive(
    id: UploadId,
    life: { readonly now: number; readonly expiresAt: number },
  ): Promise<void>;
  /** Times that lie in the future count as `now` (Unix ms) from then on: the clock was ahead when they were written. */
  lowerTimes(now: number): Promise<void>;
  /** Removes at most `limit` uploads that expired before `expiredBefore`, except those of `spared` and those being completed; none once `hold`, if given, is lost. @returns them, the oldest first. */
  expireMultipart(expiry: {
    readonly expiredBefore: number;
    readonly spared?: readonly UploadId[];
    readonly limit: number;
    readonly hold?: Hold | null;
  }): Promise<readonly ExpiredMultipart[]>;
  /** Those of the ids that have an upload, objects that come whole included. */
  knownMultipart(ids: readonly UploadId[]): Promise<ReadonlySet<UploadId>>;
  /** Forgets uploads that were completed before `before` (Unix ms). */
  forgetCompleted(before: number): Promise<void>;
  /** Open uploads and the bytes of their parts. */
  countMultipart(page: UploadPage): Promise<CountedUploads>;
}
