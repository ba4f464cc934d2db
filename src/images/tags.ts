// The tags of a repository, and its manifests without a tag: `breadbox tags`, `GET /v1/repositories/NAME/tags`, the page of a repository.
import type { StoredPush } from "../metadata/history.ts";
import type { ManifestRow, TagRow } from "../metadata/images.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { ImagesDeps } from "./deps.ts";
import type { ImageKind } from "./kinds.ts";
import { cutPage, type Listed, type ListPage, likePattern, searcher } from "./pages.ts";
import { unknownRepository } from "./repositories.ts";
import { sizesOf } from "./tagBooks.ts";

/** What tags can be sorted by: `pushed` is when the tag was set. */
export const tagSorts = ["name", "pushed", "size"] as const;
export type TagSort = (typeof tagSorts)[number];

/** A manifest as a list shows it. */
export interface ManifestEntry {
  readonly digest: Digest;
  readonly kind: ImageKind;
  readonly mediaType: string;
  readonly artifactType: string | null;
  /** `linux/amd64`; none for what runs nowhere. */
  readonly platforms: readonly string[];
  /** Bytes of everything that it names, as declared: of an index, of all its platforms. */
  readonly bytes: number;
  /** Unix ms. */
  readonly pushedAt: number;
  /** As `user:ann`; null when nobody had to log in. Not for callers without a login. */
  readonly pushedBy: string | null;
  /** Unix ms of the latest pull of the manifest by a client, by whatever name; null for never. */
  readonly pulledAt: number | null;
}

/** A tag as a list shows it. */
export interface TagEntry extends ManifestEntry {
  readonly name: Tag;
  /** The latest push that set it, with the commit of the job that pushed it; null for what was pushed before pushes were kept. */
  readonly push: StoredPush | null;
}

/** A manifest without a tag. */
export interface UntaggedEntry extends ManifestEntry {
  /** The manifest it is about; null for most. */
  readonly subject: Digest | null;
}

/** A page of tags. @throws RegistryError NAME_UNKNOWN, PAGE_INVALID */
export async function listTagEntries(
  deps: ImagesDeps,
  repository: RepositoryName,
  page: ListPage<TagSort>,
): Promise<Listed<TagEntry>> {
  const { rows, next } =
    page.sort === "name" && !page.isDescending
      ? await pageByName(deps, repository, page)
      : await pageOfBook(deps, repository, page);
  if (rows.length === 0) await assertKnown(deps, repository);
  return { rows: await describeTags(deps, repository, rows), next };
}

/** Along the index: the thousandth page costs what the first one costs. */
async function pageByName(
  { rows }: ImagesDeps,
  repository: RepositoryName,
  { search, after, limit }: ListPage<TagSort>,
): Promise<Listed<TagRow>> {
  const found = await rows.images.listTagRows(repository, {
    ...{ after, pattern: likePattern(search) },
    limit: limit + 1,
  });
  const page = found.slice(0, limit);
  return { rows: page, next: found.length > limit ? (page.at(-1)?.name ?? null) : null };
}

async function pageOfBook(
  { tagBooks }: ImagesDeps,
  repository: RepositoryName,
  page: ListPage<TagSort>,
): Promise<Listed<TagRow>> {
  const isFound = searcher(page.search);
  const found = (await tagBooks.read(repository)).filter(({ name }) => isFound(name));
  const { sort } = page;
  return cutPage(
    found,
    ({ name, updatedAt, bytes }) => ({
      number: sort === "name" ? null : sort === "size" ? bytes : updatedAt,
      name,
    }),
    page,
  );
}

/** @throws RegistryError NAME_UNKNOWN */
async function assertKnown({ rows }: ImagesDeps, repository: RepositoryName): Promise<void> {
  const page = { after: null, limit: 1, isUnnamed: false };
  const [any] = await rows.images.listManifestRows(repository, page);
  if (any === undefined) throw unknownRepository(repository);
}

async function describeTags(
  deps: ImagesDeps,
  repository: RepositoryName,
  tags: readonly TagRow[],
): Promise<readonly TagEntry[]> {
  const { images } = deps.rows;
  const digests = [...new Set(tags.map(({ digest }) => digest))];
  const [entries, pushes] = await Promise.all([
    describeManifests(deps, repository, await images.findManifestRows(repository, digests)),
    images.listLastPushes(
      repository,
      tags.map(({ name }) => name),
    ),
  ]);
  const entryOf = new Map(entries.map((entry) => [entry.digest, entry]));
  const pushOf = new Map(pushes.map((push) => [push.tag, push]));
  return tags.flatMap(({ name, digest, updatedAt }) => {
    const entry = entryOf.get(digest);
    // It was deleted between two looks.
    if (entry === undefined) return [];
    const latest = pushOf.get(name) ?? null;
    const push = latest?.digest === digest ? latest : null;
    const pushedBy = push === null ? entry.pushedBy : push.pushedBy;
    return [{ ...entry, name, pushedAt: updatedAt, pushedBy, push }];
  });
}

/** Rows of manifests, with what they are and hold. */
export async function describeManifests(
  deps: ImagesDeps,
  repository: RepositoryName,
  manifests: readonly ManifestRow[],
): Promise<readonly ManifestEntry[]> {
  const digests = manifests.map(({ digest }) => digest);
  const [sizes, facts] = await Promise.all([
    sizesOf(deps, repository, digests),
    Promise.all(digests.map((digest) => deps.facts.of(repository, digest))),
  ]);
  return manifests.flatMap(({ digest, mediaType, artifactType, ...times }, at) => {
    const fact = facts[at] ?? null;
    if (fact === null) return [];
    const { pushedAt, pushedBy, pulledAt } = times;
    const bytes = sizes.get(digest) ?? 0;
    return [{ digest, ...fact, mediaType, artifactType, bytes, pushedAt, pushedBy, pulledAt }];
  });
}

/**
 * Manifests that nothing names: no tag, no index, and no subject that is stored. In the order of their digests.
 * @throws RegistryError NAME_UNKNOWN
 */
export async function listUntaggedEntries(
  deps: ImagesDeps,
  repository: RepositoryName,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<Listed<UntaggedEntry>> {
  const asked = { after, limit: limit + 1, isUnnamed: true };
  const found = await deps.rows.images.listManifestRows(repository, asked);
  if (found.length === 0) await assertKnown(deps, repository);
  const page = found.slice(0, limit);
  const subjects = new Map(page.map(({ digest, subject }) => [digest, subject]));
  const entries = await describeManifests(deps, repository, page);
  return {
    rows: entries.map((entry) => ({ ...entry, subject: subjects.get(entry.digest) ?? null })),
    next: found.length > limit ? (page.at(-1)?.digest ?? null) : null,
  };
}
