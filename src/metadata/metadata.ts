// PORT 2: rows. Grouped by the rooms that use them. One method = one transaction, named as an outcome; safe to repeat.
// Every writing method resolves when its commit is durable, unless it says otherwise.
import type { Algorithm, Digest } from "../model/digest.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";
import type { Locator, StagingState } from "../model/locator.ts";
import type { Immutability, Reference, RepositoryName, Tag } from "../model/names.ts";
import type { Boundary } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { AccessMetadata, AccountsMetadata } from "./access.ts";
import type { AuditMetadata, Author } from "./audit.ts";
import type { BackupsMetadata } from "./backups.ts";
import type { BrowserSessionsMetadata } from "./browserSessions.ts";
import type { ChecksMetadata } from "./checks.ts";
import type { ClockMetadata } from "./clockAnchor.ts";
import type { CollectionMetadata } from "./collection.ts";
import type { ContentsMetadata } from "./contents.ts";
import type { GcRunsMetadata } from "./gcRuns.ts";
import type { HistoryMetadata } from "./history.ts";
import type { ImageSumsMetadata, ImagesMetadata } from "./images.ts";
import type { InspectionMetadata, ManifestInspection } from "./inspection.ts";
import type { ObjectInspection } from "./inspectionObjects.ts";
import type { IntakeMetadata } from "./intake.ts";
import type { Hold, LocksMetadata } from "./locks.ts";
import type { MultipartLifeMetadata, MultipartMetadata } from "./multipart.ts";
import type { ObjectsMetadata } from "./objects.ts";
import type { LockedTag, RemovalsMetadata } from "./removals.ts";
import type { TrustMetadata } from "./trust.ts";
import type { UntaggedMetadata } from "./untagged.ts";
import type { CountedUploads, UploadPage } from "./uploadPage.ts";
import type { UsageMetadata } from "./usage.ts";
import type { WebhooksMetadata } from "./webhooks.ts";

/** Content that is stored: size in bytes and the name it is stored under. */
export interface StoredContent {
  readonly size: number;
  readonly locator: Locator;
}

/** Verified bytes that have a stored name, or are content that was found under one. */
export interface CommittedContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Where the bytes are, or where they were found. */
  readonly locator: Locator;
  /** A locator found damaged or absent: it is replaced. null otherwise. */
  readonly replaces: Locator | null;
  /** True when `locator` was found, not published: then the row must still name it. */
  readonly found: boolean;
}

/** The answer to HEAD of a manifest. */
export interface ManifestSummary {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

/** A manifest with its exact bytes. */
export interface StoredManifest extends ManifestSummary {
  readonly body: Uint8Array;
}

/** A manifest in its repository. */
export interface ManifestKey {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** One reference of a manifest that is being put. */
export interface ManifestReference {
  readonly digest: Digest;
  /** Declared size in bytes. */
  readonly size: number;
  /** `blob`: a config or layer. `child`: entry of an index, a manifest or (BuildKit caches) a blob. */
  readonly kind: "blob" | "child";
  /** False for what need not be present: non-distributable layers. */
  readonly required: boolean;
}

/** A manifest to be stored. */
export interface ManifestPut extends ManifestKey {
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly subject: Digest | null;
  /** For the list of its subject's referrers: JSON of an object of texts; null when it has none. */
  readonly annotations: string | null;
  readonly body: Uint8Array;
  readonly references: readonly ManifestReference[];
  readonly tags: readonly Tag[];
  /** Asked in the transaction, for every tag that would move. */
  readonly immutable: Immutability;
  /** Unix ms. */
  readonly now: number;
  /** Who pushes it; null for what is not written down: an import. */
  readonly by: Author | null;
  /** Of the job that pushes it; null for everybody else. */
  readonly origin: JobOrigin | null;
}

/** Nothing is stored unless `kind` is `stored`. */
export type ManifestPutOutcome =
  | { readonly kind: "stored" }
  | { readonly kind: "missing"; readonly digests: readonly Digest[] }
  /** The tag names another manifest already. */
  | LockedTag
  | {
      readonly kind: "sizeDiffers";
      readonly digest: Digest;
      readonly declared: number;
      readonly stored: number;
    };

/** A page by key: names strictly after `after` in byte order, at most `limit`. */
export interface PageRequest {
  readonly after: string | null;
  readonly limit: number;
}

/** `more` is true when names follow the last one. */
export interface Page<T> {
  readonly names: readonly T[];
  readonly more: boolean;
}

/** A manifest as the list of its subject's referrers shows it. */
export interface Referrer extends ManifestSummary {
  readonly artifactType: string | null;
  /** JSON of an object of texts; null when it has none. */
  readonly annotations: string | null;
}

/** Referrers with a digest after `after`, in the order of their digests. */
export interface ReferrerRequest extends PageRequest {
  /** Only those of this type; null for all. */
  readonly artifactType: string | null;
  /** Most bytes of annotations together. The first referrer is returned whatever its size. */
  readonly annotationBytes: number;
}

export interface RegistryMetadata extends RemovalsMetadata {
  /** @returns null when `repository` has no link to `digest`, even if the content exists, and while it is known to be damaged. */
  findBlob(repository: RepositoryName, digest: Digest): Promise<StoredContent | null>;
  findManifest(repository: RepositoryName, reference: Reference): Promise<StoredManifest | null>;
  /** As `findManifest`, without reading the body. */
  findManifestSummary(
    repository: RepositoryName,
    reference: Reference,
  ): Promise<ManifestSummary | null>;
  /** Checks references, inserts manifest, references and tags in one transaction. Creates the repository. */
  putManifest(put: ManifestPut): Promise<ManifestPutOutcome>;
  /** @returns null when there is no such repository. */
  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null>;
  listRepositories(page: PageRequest): Promise<Page<RepositoryName>>;
  /** Manifests of `repository` about `subject`, which need not exist. `more` is true when others follow. */
  listReferrers(
    repository: RepositoryName,
    subject: Digest,
    page: ReferrerRequest,
  ): Promise<{ readonly referrers: readonly Referrer[]; readonly more: boolean }>;
}

/** The state of a session after a chunk. */
export interface Advance {
  readonly offset: number;
  readonly staging: StagingState;
  /** Digest of everything up to `offset`, under the session's algorithm, where it is known. */
  readonly prefix: Digest | null;
  /** Unix ms. */
  readonly now: number;
}

export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly session: UploadSession }
  | { readonly kind: "unknown" }
  | { readonly kind: "busy" };

/** The end of an upload: content becomes known, linked and leased; its session, if it had one, is deleted. */
export interface UploadFinish extends CommittedContent {
  /** null for bytes that did not come through a session. */
  readonly session: { readonly id: UploadId; readonly owner: string } | null;
  readonly repository: RepositoryName;
  readonly now: number;
  readonly keptUntil: number;
}

export type UploadFinishOutcome =
  /** `locator` is the one that counts: another upload of the same digest may have won. */
  | { readonly kind: "finished"; readonly locator: Locator }
  /** The session was cancelled or taken over meanwhile. */
  | { readonly kind: "sessionGone" }
  /** `found` was true and the content has been deleted meanwhile: publish instead. */
  | { readonly kind: "contentGone" };

/** An upload session's row. */
export interface UploadSession {
  readonly id: UploadId;
  readonly repository: RepositoryName;
  /** Bytes durably staged, contiguous from 0. */
  readonly offset: number;
  /** The storage's state for these staged bytes. */
  readonly staging: StagingState;
  /** The digest algorithm that the client announced: bytes are hashed with it as they arrive. */
  readonly algorithm: Algorithm;
  /** Unix ms. */
  readonly startedAt: number;
  /** Unix ms of the last byte, or of the start. */
  readonly updatedAt: number;
}

/** A session as an operator sees it: `writing` while a request writes to it, `startedBy` as `user:ann`, null where nobody logs in. */
export interface ListedUpload extends UploadSession {
  readonly writing: boolean;
  readonly startedBy: string | null;
}

export interface UploadsMetadata {
  /** `owner`, unique to one request, makes the starter its writer at once. Not durable on purpose: a session lost with the power starts again. */
  startUpload(session: UploadSession, owner: string | null, by?: string | null): Promise<void>;
  /** The returned offset is durable. */
  findUpload(id: UploadId, repository: RepositoryName): Promise<UploadSession | null>;
  /**
   * Makes `owner`, unique to one request, the one writer, unless there is another. The claim lasts until it is released. That of a writer
   * that is gone is void when its server starts again, or, where several servers write, when it was not renewed for some seconds by the
   * database's clock. Not durable on purpose.
   */
  claimUpload(id: UploadId, repository: RepositoryName, owner: string): Promise<ClaimOutcome>;
  /** A sign of life of the owner at `now` (Unix ms). @returns false when the claim was lost or the session was deleted. Not durable on purpose. */
  renewClaim(id: UploadId, owner: string, now: number): Promise<boolean>;
  /** Compare-and-set of the offset by the claim's owner, which gives up its claim. @returns false when the claim was lost. */
  advanceUpload(id: UploadId, owner: string, to: Advance): Promise<boolean>;
  /** The session's chunk ends, first to last. */
  listBoundaries(id: UploadId): Promise<readonly Boundary[]>;
  /** Gives up a claim without a change. Not durable on purpose. */
  releaseUpload(id: UploadId, owner: string): Promise<void>;
  finishUpload(finish: UploadFinish): Promise<UploadFinishOutcome>;
  /** A session of `repository` that was finished after `since` (Unix ms), durably: its closing request may be repeated. */
  findFinished(
    id: UploadId,
    repository: RepositoryName,
    since: number,
  ): Promise<{ readonly digest: Digest; readonly size: number } | null>;
  /** Removes the row; `repository` null: whichever it belongs to. @returns the session as it was, or null when it was not there. */
  removeUpload(id: UploadId, repository: RepositoryName | null): Promise<UploadSession | null>;
}

/** Upload sessions of all repositories: what is listed and counted, and what ends for its age. */
export interface UploadSweepMetadata {
  /** Sessions with an id after `after`, in the order of their ids. */
  listUploads(page: UploadPage): Promise<readonly ListedUpload[]>;
  countUploads(page: UploadPage): Promise<CountedUploads>;
  /** Times that lie in the future count as `now` (Unix ms) from then on: the clock was ahead when they were written. */
  lowerTimes(now: number): Promise<void>;
  /** Removes at most `limit` sessions that were idle since `idleSince` and have no writer; none once `hold`, if given, is lost. @returns them. */
  expireUploads(expiry: {
    readonly idleSince: number;
    readonly limit: number;
    readonly hold?: Hold | null;
  }): Promise<readonly UploadSession[]>;
  /** Forgets sessions that were finished before `before` (Unix ms). */
  forgetFinished(before: number): Promise<void>;
}

export interface Metadata {
  readonly registry: RegistryMetadata;
  readonly history: HistoryMetadata;
  readonly images: ImagesMetadata;
  readonly imageSums: ImageSumsMetadata;
  readonly access: AccessMetadata;
  readonly accounts: AccountsMetadata;
  readonly audit: AuditMetadata;
  readonly webhooks: WebhooksMetadata;
  readonly trust: TrustMetadata;
  readonly browserSessions: BrowserSessionsMetadata;
  readonly contents: ContentsMetadata;
  readonly uploads: UploadsMetadata;
  readonly uploadSweep: UploadSweepMetadata;
  readonly objects: ObjectsMetadata;
  readonly multipart: MultipartMetadata;
  readonly multipartLife: MultipartLifeMetadata;
  readonly locks: LocksMetadata;
  readonly clock: ClockMetadata;
  readonly collection: CollectionMetadata;
  readonly gcRuns: GcRunsMetadata;
  readonly checks: ChecksMetadata;
  readonly backups: BackupsMetadata;
  readonly usage: UsageMetadata;
  readonly untagged: UntaggedMetadata;
  readonly inspection: InspectionMetadata;
  readonly manifestInspection: ManifestInspection;
  readonly objectInspection: ObjectInspection;
  readonly intake: IntakeMetadata;
  /** A cheap read. @throws when rows cannot be read. */
  check(): Promise<void>;
  close(): Promise<void>;
}
