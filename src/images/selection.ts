// What a deletion takes: the manifests and tags that were asked for, and what only those name.
import type { Digest } from "../model/digest.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { ImagesDeps } from "./deps.ts";

/** Something to be deleted: a tag alone, a manifest with its tags, or a repository with everything. */
export type Target =
  | { readonly repository: RepositoryName }
  | { readonly repository: RepositoryName; readonly tag: Tag }
  | { readonly repository: RepositoryName; readonly digest: Digest };

/**
 * Why a manifest is deleted.
 * - `asked`: it was named, or its repository was.
 * - `child`: an index that is deleted names it, and nothing else does.
 * - `referrer`: it is about a manifest that is deleted (a signature, an SBOM), and has no other name.
 */
export type Reason = "asked" | "child" | "referrer";

/** Of one repository. */
export interface Selection {
  readonly repository: RepositoryName;
  /** Tags that are deleted alone: their manifests stay. */
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** In an order that breaks nothing on its way: indexes before what they name, subjects before what is about them. */
  readonly manifests: ReadonlyMap<Digest, Reason>;
  /** Tags of those manifests. */
  readonly tagsOf: ReadonlyMap<Digest, readonly Tag[]>;
  /** Indexes that stay, by the manifest that they name and that is deleted. */
  readonly brokenIndexes: ReadonlyMap<Digest, readonly Digest[]>;
}

type Rows = Pick<ImagesDeps, "rows" | "rest">;

const atOnce = 500;

/** Chooses. What does not exist is left out. */
export async function select(
  deps: Rows,
  repository: RepositoryName,
  targets: readonly Target[],
): Promise<Selection> {
  const manifests = new Map<Digest, Reason>();
  const whole = targets.some((target) => !("tag" in target) && !("digest" in target));
  const asked = whole
    ? await allManifests(deps, repository)
    : await existing(
        deps,
        repository,
        targets.flatMap((it) => ("digest" in it ? it.digest : [])),
      );
  for (const digest of asked) manifests.set(digest, "asked");
  if (!whole) await follow(deps, repository, manifests);
  const tagsOf = await readTags(deps, repository, [...manifests.keys()]);
  const tags = new Map<Tag, Digest>();
  for (const target of whole ? [] : targets) {
    if (!("tag" in target)) continue;
    const found = await deps.rows.registry.findManifestSummary(repository, target);
    if (found !== null && !manifests.has(found.digest)) tags.set(target.tag, found.digest);
  }
  const brokenIndexes = await readIndexes(deps, repository, manifests);
  return { repository, tags, manifests, tagsOf, brokenIndexes };
}

/** Indexes come first, then what has no subject. */
async function allManifests({ rows, rest }: Rows, repository: RepositoryName): Promise<Digest[]> {
  const found: { readonly digest: Digest; readonly rank: number }[] = [];
  for (let full = true; full; ) {
    const after = found.at(-1)?.digest ?? null;
    const page = await rows.images.listManifestRows(repository, {
      ...{ after, limit: atOnce, isUnnamed: false },
    });
    for (const { digest, mediaType, subject } of page) {
      const isIndex = /\.(?:index|manifest\.list)\./.test(mediaType);
      found.push({ digest, rank: subject !== null ? 2 : isIndex ? 0 : 1 });
    }
    full = page.length === atOnce;
    if (full) await rest(0);
  }
  return found.sort((one, other) => one.rank - other.rank).map(({ digest }) => digest);
}

async function existing(
  { rows }: Rows,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  if (digests.length === 0) return [];
  const found = await rows.images.findManifestRows(repository, digests);
  const known = new Set(found.map(({ digest }) => digest));
  return [...new Set(digests)].filter((digest) => known.has(digest));
}

/** Adds what only `manifests` name, round by round. */
export async function follow(
  deps: Rows,
  repository: RepositoryName,
  manifests: Map<Digest, Reason>,
): Promise<void> {
  let fresh: readonly Digest[] = [...manifests.keys()];
  while (fresh.length > 0) {
    const next: Digest[] = [];
    for (const some of chunks(fresh)) {
      next.push(...(await below(deps, repository, { some, manifests })));
      await deps.rest(0);
    }
    fresh = next;
  }
}

/** Children and referrers of some manifests that have no other name; they are added to `manifests`. */
async function below(
  { rows: { images } }: Rows,
  repository: RepositoryName,
  {
    some,
    manifests,
  }: { readonly some: readonly Digest[]; readonly manifests: Map<Digest, Reason> },
): Promise<readonly Digest[]> {
  const reasons = await reasonsBelow(images, repository, some);
  for (const digest of reasons.keys()) if (manifests.has(digest)) reasons.delete(digest);
  if (reasons.size === 0) return [];
  const candidates = [...reasons.keys()];
  const rows = await images.findManifestRows(repository, candidates);
  const tagged = new Set(
    (await images.listTagsOfAll(repository, candidates)).map(({ digest }) => digest),
  );
  const namers = await images.listNamers(repository, candidates);
  const heldBy = Map.groupBy(namers, ({ digest }) => digest);
  const added: Digest[] = [];
  // Those with a subject come last: it may be deleted in this round. One that stays keeps what is about it.
  const inOrder = rows.toSorted(
    (one, other) => Number(one.subject !== null) - Number(other.subject !== null),
  );
  const isNamed = (digest: Digest): boolean =>
    tagged.has(digest) ||
    heldBy
      .get(digest)
      ?.some(({ manifest, kind }) => kind === "child" && !manifests.has(manifest)) === true;
  for (const { digest, subject } of inOrder) {
    if (isNamed(digest)) continue;
    const isAbout = subject !== null && !manifests.has(subject);
    if (isAbout && (await isStored(images, repository, subject))) continue;
    manifests.set(digest, reasons.get(digest) ?? "child");
    added.push(digest);
  }
  return added;
}

/** Children and referrers of some manifests. */
async function reasonsBelow(
  images: ImagesDeps["rows"]["images"],
  repository: RepositoryName,
  some: readonly Digest[],
): Promise<Map<Digest, Reason>> {
  const reasons = new Map<Digest, Reason>();
  for (const { digest } of await images.listAbout(repository, some))
    reasons.set(digest, "referrer");
  for (const { digest, kind } of await images.listNamed(repository, some)) {
    if (kind === "child") reasons.set(digest, "child");
  }
  return reasons;
}

const isStored = async (
  images: ImagesDeps["rows"]["images"],
  repository: RepositoryName,
  digest: Digest,
): Promise<boolean> => (await images.findManifestRows(repository, [digest])).length > 0;

async function readTags(
  { rows, rest }: Rows,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, readonly Tag[]>> {
  const tags = new Map<Digest, Tag[]>();
  for (const some of chunks(digests)) {
    for (const { name, digest } of await rows.images.listTagsOfAll(repository, some)) {
      const names = tags.get(digest) ?? [];
      names.push(name);
      tags.set(digest, names);
    }
    await rest(0);
  }
  return tags;
}

async function readIndexes(
  { rows, rest }: Rows,
  repository: RepositoryName,
  manifests: ReadonlyMap<Digest, Reason>,
): Promise<ReadonlyMap<Digest, readonly Digest[]>> {
  const indexes = new Map<Digest, Digest[]>();
  for (const some of chunks([...manifests.keys()])) {
    for (const { manifest, digest, kind } of await rows.images.listNamers(repository, some)) {
      if (kind !== "child" || manifests.has(manifest)) continue;
      indexes.set(digest, [...(indexes.get(digest) ?? []), manifest]);
    }
    await rest(0);
  }
  return indexes;
}

/** A list in parts. */
export function chunks<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let at = 0; at < all.length; at += atOnce) parts.push(all.slice(at, at + atOnce));
  return parts;
}
