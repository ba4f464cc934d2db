// The inspection's half of port 2: what fsck and the scrub ask, and what they may repair. Apart from the registry's half, whose
// questions see only what is sound.
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { ManifestKey, ManifestReference } from "./metadata.ts";
import type { MadeObjects } from "./usage.ts";

/** A row of stored content, as it is, valid or not. */
export interface InspectedContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly locator: Locator;
  /** Unix ms; when it was known to be damaged. null: it counts as sound. */
  readonly damagedAt: number | null;
}

/** Which content a row must still be about for a repair to touch it: what was pushed meanwhile is left alone. */
export type ContentKey = Pick<InspectedContent, "digest" | "locator">;

/** Rows with a digest after `after`, in the order of their digests, at most `limit`. */
export interface ContentPage {
  readonly after: Digest | null;
  readonly limit: number;
}

/** Repositories, tags and objects that need a content. */
export interface Holders {
  /** Repositories that may serve it. */
  readonly repositories: readonly RepositoryName[];
  /** Tags whose manifest names it, directly or through an index. */
  readonly tags: readonly { readonly repository: RepositoryName; readonly name: Tag }[];
  /** True when there are more of either than were asked for. */
  readonly more: boolean;
  /** Objects that are made of it. */
  readonly objects: MadeObjects;
}

/** A row that names another one which is not there. */
export interface DanglingRow {
  readonly table: string;
  /** The row's subject, as far as it can be read. */
  readonly row: string;
  /** The table that lacks what it names. */
  readonly lacking: string;
}

/** The result of the database's own checks. */
export interface DatabaseReport {
  /** Contradictions of its pages and indexes; empty when it is sound. Nothing that was read from it can be trusted otherwise. */
  readonly faults: readonly string[];
  readonly dangling: readonly DanglingRow[];
}

/** A manifest with everything that is derived from its bytes. */
export interface InspectedManifest extends ManifestKey {
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly subject: Digest | null;
  /** As the row says it, in bytes. */
  readonly size: number;
  readonly body: Uint8Array;
  /** As the rows say them. */
  readonly references: readonly ManifestReference[];
  /** Its rows in the lists of referrers. */
  readonly referrers: readonly {
    readonly subject: Digest;
    readonly artifactType: string | null;
  }[];
}

/** A manifest that needs what its repository does not hold. */
export interface IncompleteManifest {
  readonly manifest: ManifestKey;
  readonly kind: ManifestReference["kind"];
  readonly missing: Digest;
}

/** Numbers of rows and bytes to inspect. */
export interface InspectionTotals {
  readonly contents: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly objects: number;
}

/** Rows derived from a manifest's bytes; `annotations` is JSON. */
export interface Derived {
  readonly artifactType: string | null;
  readonly subject: Digest | null;
  readonly annotations: string | null;
  readonly references: readonly ManifestReference[];
}

/** Queries and repairs of stored content. */
export interface InspectionMetadata {
  /** Reads the whole database. @param thorough compares indexes with tables as well. */
  checkDatabase(thorough: boolean): Promise<DatabaseReport>;
  countAll(): Promise<InspectionTotals>;
  listContents(page: ContentPage): Promise<readonly InspectedContent[]>;
  /** @returns null when no row has this digest. */
  findContentRow(digest: Digest): Promise<InspectedContent | null>;
  /**
   * Sound content that was neither stored nor read since `since` (Unix ms), at most `limit`, what was not read for the longest first.
   * `now` finds what was read in a future that never came.
   */
  listUnverified(due: {
    readonly since: number;
    readonly now: number;
    readonly limit: number;
  }): Promise<readonly InspectedContent[]>;
  /** Stored names on their way out that rows still need: finishing their deletion would lose content. At most `limit`. */
  listTrashInUse(limit: number): Promise<readonly ContentKey[]>;

  /** From now on this content counts as absent, until it is pushed again. @returns false when the row is about other bytes, or marked. */
  markDamaged(content: ContentKey, now: number): Promise<boolean>;
  /** It counts as sound again: its bytes were found to be right. @returns false when the row is about other bytes. */
  markSound(content: ContentKey, now: number): Promise<boolean>;
  /** Its bytes were read and were right. Lost with the power, on purpose: then they are read again. */
  noteVerified(contents: readonly ContentKey[], now: number): Promise<void>;
  /** Takes a stored name off the list of those on their way out. */
  keepTrash(locator: Locator): Promise<void>;
}

/** Queries and repairs of manifests. */
export interface ManifestInspection {
  listManifests(page: {
    readonly after: ManifestKey | null;
    readonly limit: number;
  }): Promise<readonly InspectedManifest[]>;
  /** @returns null when there is no such manifest. */
  findManifestRow(key: ManifestKey): Promise<Pick<InspectedManifest, "mediaType" | "body"> | null>;
  /** Manifests whose place in the lists of referrers is not what their subject says. At most `limit`. */
  listWrongReferrers(limit: number): Promise<readonly ManifestKey[]>;
  /** At most `limit`; those of other manifests are left out. */
  listIncomplete(limit: number): Promise<readonly IncompleteManifest[]>;
  /** At most `limit` of each. */
  holdersOf(digest: Digest, limit: number): Promise<Holders>;
  /** Tags of a manifest, and of the indexes above it, at most `limit`. */
  tagsOf(manifest: ManifestKey, limit: number): Promise<Holders["tags"]>;

  /**
   * Adds the references that are missing and makes the lists of referrers say what the manifest says. Nothing loses a reference.
   * @returns false when the manifest has been deleted.
   */
  deriveAgain(manifest: ManifestKey, derived: Derived): Promise<boolean>;
}
