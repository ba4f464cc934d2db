// What people ask of images, a part of port 2: what a repository holds, page by page. Every method reads little at a time, so that a
// server that answers it keeps nobody waiting.
import type { Digest } from "../model/digest.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { StoredPush } from "./history.ts";
import type { ManifestKey, PageRequest } from "./metadata.ts";

/** A tag. */
export interface TagRow {
  readonly name: Tag;
  readonly digest: Digest;
  /** When it was set to this manifest, Unix ms. */
  readonly updatedAt: number;
}

/** A page of tags, of those whose names contain something. */
export interface TagPageRequest extends PageRequest {
  /** As LIKE takes it, with `\` as escape; compared without regard to case. null: all. */
  readonly pattern: string | null;
}

/** A manifest without its bytes. */
export interface ManifestRow {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly subject: Digest | null;
  /** Bytes of the manifest itself. */
  readonly size: number;
  /** Unix ms of the latest push. */
  readonly pushedAt: number;
  readonly pushedBy: string | null;
  /** Unix ms of the latest pull, in this repository; null for never. */
  readonly pulledAt: number | null;
}

/** One manifest names something. */
export interface NamedRow {
  readonly manifest: Digest;
  readonly digest: Digest;
  readonly kind: "blob" | "child";
  /** Bytes, as declared. */
  readonly size: number;
}

/** The bytes that a manifest names, as declared; each digest once. */
export interface ManifestSum {
  readonly digest: Digest;
  readonly bytes: number;
}

/** Content, and how often manifests of all repositories name it. */
export interface ContentUse {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** References of manifests in any repository. */
  readonly references: number;
  readonly objects: number;
  /** The end of its lease, Unix ms. */
  readonly keptUntil: number;
  /** Unix ms. */
  readonly createdAt: number;
}

/** The questions about one repository. Lists of digests have at most a thousand. */
export interface ImagesMetadata {
  /** In the order of their names. */
  listTagRows(repository: RepositoryName, page: TagPageRequest): Promise<readonly TagRow[]>;
  /** Tags of some manifests: all, or any `most` of them. */
  listTagsOfAll(
    repository: RepositoryName,
    manifests: readonly Digest[],
    most?: number,
  ): Promise<readonly Pick<TagRow, "name" | "digest">[]>;
  findManifestRows(
    repository: RepositoryName,
    digests: readonly Digest[],
  ): Promise<readonly ManifestRow[]>;
  /** The manifests of a repository, or those of them that nothing names, in the order of their digests. */
  listManifestRows(
    repository: RepositoryName,
    page: PageRequest & { readonly isUnnamed: boolean },
  ): Promise<readonly ManifestRow[]>;
  /** What some manifests name. */
  listNamed(repository: RepositoryName, manifests: readonly Digest[]): Promise<readonly NamedRow[]>;
  /** Manifests that name some digests; of each at most a hundred. */
  listNamers(repository: RepositoryName, digests: readonly Digest[]): Promise<readonly NamedRow[]>;
  /** Manifests about some subjects. */
  listAbout(
    repository: RepositoryName,
    subjects: readonly Digest[],
  ): Promise<readonly { readonly digest: Digest; readonly subject: Digest }[]>;
  /** The bytes behind some manifests: of an index, those of its children as well. */
  sumNamed(
    repository: RepositoryName,
    manifests: readonly Digest[],
  ): Promise<readonly ManifestSum[]>;
  /** The latest push of each of some tags. */
  listLastPushes(repository: RepositoryName, tags: readonly Tag[]): Promise<readonly StoredPush[]>;
  findUses(digests: readonly Digest[]): Promise<readonly ContentUse[]>;
}

/** A repository's part of a window of content. */
export interface LinkSum {
  readonly repository: RepositoryName;
  readonly blobs: number;
  /** Bytes. */
  readonly bytes: number;
  /** Those that no other repository links to, and no object is made of. */
  readonly uniqueBytes: number;
}

/** Content by what keeps it. Bytes. */
export interface KeptSum {
  readonly blobs: number;
  readonly bytes: number;
  /** No manifest names it, and objects are made of it. */
  readonly objectBytes: number;
  /** Nothing names it, and it was pushed or asked for a short while ago. */
  readonly leasedBytes: number;
  /** Nothing names it, and a collection deletes it. */
  readonly looseBytes: number;
  /** What would be stored besides, if each repository had its own copy, and all objects of the same bytes together one. */
  readonly savedBytes: number;
}

/** A stretch of all content, in the order of its digests. */
export interface ContentSums {
  /** Where the next window begins; null after the last one. */
  readonly next: Digest | null;
  readonly links: readonly LinkSum[];
  readonly kept: KeptSum;
}

/** A repository's tags in a stretch of all tags. */
export interface TagSum {
  readonly repository: RepositoryName;
  readonly tags: number;
  /** When the latest of them was set, Unix ms. */
  readonly lastPushAt: number;
  /** The last of them by name. */
  readonly last: Tag;
}

/** The questions about everything. Each window is small. */
export interface ImageSumsMetadata {
  /** @param limits content that is younger, or whose lease ends later, is not loose. Unix ms. */
  sumContents(
    after: Digest | null,
    limits: { readonly now: number; readonly olderThan: number },
  ): Promise<ContentSums>;
  /** The next tags behind one, summed up by repository. @returns none at the end. */
  sumTags(after: {
    readonly repository: RepositoryName | "";
    readonly name: Tag | "";
  }): Promise<readonly TagSum[]>;
  /**
   * Manifests that nothing names, some thousands behind `after`: those that came to that by an answered request. A repository may be continued by
   * the next window. `last` is the last of them.
   */
  sumReleased(after: ManifestKey | null): Promise<
    readonly {
      readonly repository: RepositoryName;
      readonly manifests: number;
      readonly last: Digest;
    }[]
  >;
  /** The same, one by one. `namesOthers`: it is an index, or others are about it. */
  listReleased(
    after: ManifestKey | null,
    limit: number,
  ): Promise<readonly (ManifestKey & { readonly namesOthers: boolean })[]>;
  /** What those of them name that follow `after`, up to `last`; as often as it is named. */
  listReleasedNames(after: ManifestKey | null, last: ManifestKey): Promise<readonly ManifestKey[]>;
  /** The latest pulls of some repositories, by name. */
  listPulls(
    page: PageRequest,
  ): Promise<readonly { readonly repository: RepositoryName; readonly pulledAt: number }[]>;
  /** How many repositories link to some content. */
  countLinks(
    digests: readonly Digest[],
  ): Promise<readonly { readonly digest: Digest; readonly links: number }[]>;
  /** Manifests with a subject and without a tag, one by one. */
  listUntaggedReferrers(after: ManifestKey | null, limit: number): Promise<readonly ManifestKey[]>;
}
