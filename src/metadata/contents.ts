// Stored content of all repositories and buckets, a part of port 2: its lease, who holds it, and links to it without an upload.
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName } from "../model/objectNames.ts";
import type { StoredContent } from "./metadata.ts";

/** A link to content that `source` holds, and that was found intact under `locator`. */
export interface Mount {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly source: RepositoryName;
  readonly locator: Locator;
  /** Unix ms. */
  readonly now: number;
  /** The lease, Unix ms. */
  readonly keptUntil: number;
}

/** A mount whose source is an object's content. */
export interface ObjectMount {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** A bucket that holds an object with that content, and the locator it was found intact under. */
  readonly bucket: BucketName;
  readonly locator: Locator;
  readonly now: number;
  /** The lease, Unix ms. */
  readonly keptUntil: number;
}

/** A blob that a client hears to be there. Times are Unix ms. */
export interface KeptBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly atLeast: number;
  readonly keptUntil: number;
}

export interface ContentsMetadata {
  /** Content that is stored under any repository, and not known to be damaged: for deduplication only, never to serve it. */
  findContent(digest: Digest): Promise<StoredContent | null>;
  /**
   * A blob of this repository, kept until `keptUntil`; writes only if it is kept for less than `atLeast` now.
   * @returns null as `RegistryMetadata.findBlob`.
   */
  keepBlob(blob: KeptBlob): Promise<StoredContent | null>;
  /** Keeps content until `keptUntil` (Unix ms) at least, durably: a promise that is repeated lasts as long as the first time. */
  raiseLease(digest: Digest, keptUntil: number): Promise<void>;
  /** Repositories that link `digest`, in byte order, after `after`. */
  listHolders(
    digest: Digest,
    page: { readonly after: RepositoryName | null; readonly limit: number },
  ): Promise<readonly RepositoryName[]>;
  /** Link and lease, if `source` still holds the content under that locator. @returns false when it does not. */
  mountBlob(mount: Mount): Promise<boolean>;
  /** Buckets that hold an object of this content, in byte order, after `after`. */
  listObjectHolders(
    digest: Digest,
    page: { readonly after: BucketName | null; readonly limit: number },
  ): Promise<readonly BucketName[]>;
  /** Content that an object of the bucket is made of, and that is not known to be damaged. */
  findObjectContent(
    bucket: BucketName,
    digest: Digest,
  ): Promise<{ readonly size: number; readonly locator: Locator } | null>;
  /** Link and lease, if the bucket still holds the content under that locator. @returns false when it does not. */
  mountObject(mount: ObjectMount): Promise<boolean>;
}
