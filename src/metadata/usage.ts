// The questions of `breadbox why`, a part of port 2: who keeps what. Apart from the collection, which asks only whether anybody does.
import type { Digest } from "../model/digest.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { ObjectKey } from "../model/objectNames.ts";
import type { AgeLimits } from "./collection.ts";

/** A row of content, with every time that its life depends on. Times are Unix ms. */
export interface ContentAges {
  /** Bytes. */
  readonly size: number;
  readonly createdAt: number;
  /** The end of its lease. */
  readonly keptUntil: number;
  /** When a manifest that named it, or an object made of it, was last deleted or replaced; null: none was. */
  readonly releasedAt: number | null;
  /** null: it is not known to be damaged. */
  readonly damagedAt: number | null;
}

/** A manifest as a link of a chain. */
export interface KeepingManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly mediaType: string;
  /** The manifest it is about; null for most. */
  readonly subject: Digest | null;
}

/** Uploads into a repository that follow each other. */
export interface GoingPush {
  readonly repository: RepositoryName;
  /** Unix ms. */
  readonly since: number;
}

/** Objects that are made of one content. */
export interface MadeObjects {
  readonly some: readonly ObjectKey[];
  /** The number of further ones. */
  readonly others: number;
}

/** A part of many; `more` is true when there are others. */
export interface Some<T> {
  readonly some: readonly T[];
  readonly more: boolean;
}

/** A repository's tags and untagged manifests. */
export interface HeldManifests {
  /** By name. */
  readonly tags: Some<Tag>;
  /** Manifests that nothing names, those that were pushed last first. */
  readonly untagged: Some<{ readonly digest: Digest; readonly pushedAt: number }>;
}

export interface UsageMetadata {
  /** Digests of content, of manifests, or that a manifest or an object names, that begin with `prefix` (`sha256:` and hexadecimal digits). */
  findDigests(prefix: string, limit: number): Promise<readonly Digest[]>;
  /** @returns null when no such content is stored. */
  findAges(digest: Digest): Promise<ContentAges | null>;
  /** @returns the longest running push that the content was promised to, by the collection's own condition; null for none. */
  findPush(digest: Digest, limits: AgeLimits): Promise<GoingPush | null>;
  /** Repositories with a link to it, by name. */
  listLinks(digest: Digest, limit: number): Promise<Some<RepositoryName>>;
  /** Objects that are made of it, by name. */
  listObjects(digest: Digest, limit: number): Promise<MadeObjects>;
  /** Manifests with this digest: one in each repository that stores it. */
  listManifests(digest: Digest, limit: number): Promise<Some<KeepingManifest>>;
  /** Manifests that name `digest`; `repository` null: in any. */
  listNaming(
    digest: Digest,
    repository: RepositoryName | null,
    limit: number,
  ): Promise<Some<KeepingManifest>>;
  /** @returns the manifest that a tag names; null when there is no such tag. */
  findTagged(repository: RepositoryName, tag: Tag): Promise<Digest | null>;
  /** The tags and untagged manifests of a repository; null when it is unknown, or has no manifest. */
  describeRepository(repository: RepositoryName, limit: number): Promise<HeldManifests | null>;
  /** Tags of a manifest, by name. */
  listTagsOf(repository: RepositoryName, manifest: Digest, limit: number): Promise<Some<Tag>>;
}
