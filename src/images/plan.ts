// The plan of a deletion, which a person reads before it is done: what is deleted, how many bytes come back, what breaks. Its id stands
// for exactly what is deleted: it is done only while that is the same.
import { RegistryError } from "../errors.ts";
import { type Digest, digestOf } from "../model/digest.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { ImagesDeps, Viewer } from "./deps.ts";
import { type ImageKind, kindOfRow } from "./kinds.ts";
import { follow, type Reason, type Selection, select, type Target } from "./selection.ts";
import { type Released, weigh } from "./weigh.ts";

/** A tag that is deleted alone. */
export interface PlannedTag {
  readonly name: Tag;
  readonly digest: Digest;
  /** The pattern that locks it; then nothing of the plan can be done. */
  readonly lockedBy: string | null;
  /** Other tags of the manifest, by name. */
  readonly otherTags: readonly Tag[];
  /** Indexes that name the manifest. */
  readonly indexes: number;
  /** True: the manifest stays, without any name, and keeps its bytes until it is deleted as well. */
  readonly leavesUntagged: boolean;
}

/** A manifest that is deleted. */
export interface PlannedManifest {
  readonly digest: Digest;
  readonly kind: ImageKind;
  readonly reason: Reason;
  /** Tags that are deleted with it, by name. */
  readonly tags: readonly Tag[];
  /** One of them, with the pattern that locks it; then nothing of the plan can be done. */
  readonly locked: { readonly tag: Tag; readonly pattern: string } | null;
  /** Indexes that stay and name it: they cannot be pulled for its platform any more. */
  readonly brokenIndexes: readonly Digest[];
}

/** Of one repository. */
export interface PlannedRepository {
  readonly name: RepositoryName;
  /** True when nothing is left of it. */
  readonly isWhole: boolean;
  readonly tags: readonly PlannedTag[];
  readonly manifests: readonly PlannedManifest[];
}

/** What would be deleted. It was read only: nothing is reserved by it. */
export interface DeletionPlan {
  /** Stands for everything that is deleted. */
  readonly id: string;
  /** By name. Those of which nothing is deleted are left out. */
  readonly repositories: readonly PlannedRepository[];
  /** Targets that do not exist. */
  readonly absent: readonly Target[];
  /** null for who may not know what others share. */
  readonly released: Released | null;
  /** Bytes that manifests keep which have no name afterwards: `breadbox gc --untagged` or a deletion by digest gives them back. */
  readonly keptByUntagged: number | null;
}

/** Targets of one plan. */
const mostTargets = 1_000;

/** Makes the plan. @throws RegistryError REQUEST_INVALID for too many targets. */
export async function planDeletion(
  deps: ImagesDeps,
  viewer: Viewer,
  targets: readonly Target[],
): Promise<DeletionPlan> {
  const { selections, absent } = await selectAll(deps, targets);
  const repositories: PlannedRepository[] = [];
  for (const selection of selections) repositories.push(await describe(deps, selection));
  const sums = viewer.seesSharing ? await sum(deps, selections, repositories) : null;
  return {
    id: idOf(selections),
    repositories,
    absent,
    released: sums?.released ?? null,
    keptByUntagged: sums?.keptByUntagged ?? null,
  };
}

/** What targets mean at this moment. */
export async function selectAll(deps: ImagesDeps, targets: readonly Target[]) {
  if (targets.length > mostTargets) {
    throw new RegistryError("REQUEST_INVALID", {
      message: `${targets.length} things to delete; a plan takes ${mostTargets}`,
    });
  }
  const groups = [...Map.groupBy(targets, ({ repository }) => repository)];
  groups.sort(([one], [other]) => (one < other ? -1 : 1));
  const all: Selection[] = [];
  const absent: Target[] = [];
  for (const [repository, group] of groups) {
    const selection = await select(deps, repository, group);
    all.push(selection);
    absent.push(...group.filter((target) => !isFound(selection, target)));
  }
  const selections = all.filter(({ tags, manifests }) => tags.size + manifests.size > 0);
  return { selections, absent };
}

function isFound({ tags, manifests, tagsOf }: Selection, target: Target): boolean {
  if ("digest" in target) return manifests.has(target.digest);
  if (!("tag" in target)) return manifests.size > 0;
  return tags.has(target.tag) || [...tagsOf.values()].some((names) => names.includes(target.tag));
}

/** Says what is deleted, and nothing else: bytes and ages may change. */
export function idOf(selections: readonly Selection[]): string {
  const text = JSON.stringify(
    selections.map(({ repository, tags, manifests, tagsOf }) => [
      repository,
      [...tags].sort(([one], [other]) => (one < other ? -1 : 1)),
      [...manifests.keys()]
        .sort()
        .map((digest) => [digest, [...(tagsOf.get(digest) ?? [])].sort()]),
    ]),
  );
  return digestOf(new TextEncoder().encode(text)).slice("sha256:".length);
}

async function describe(deps: ImagesDeps, selection: Selection): Promise<PlannedRepository> {
  const { repository, manifests, tagsOf, brokenIndexes } = selection;
  const { rows, registry } = deps;
  const digests = [...manifests.keys()];
  const kinds = await kindsOf(deps, repository, digests);
  const planned = digests.map((digest): PlannedManifest => {
    const tags = [...(tagsOf.get(digest) ?? [])].sort();
    const locked = tags.flatMap((tag) => {
      const pattern = registry.immutable(repository, tag);
      return pattern === null ? [] : [{ tag, pattern }];
    });
    return {
      ...{ digest, tags, kind: kinds.get(digest) ?? "artifact" },
      reason: manifests.get(digest) ?? "asked",
      locked: locked[0] ?? null,
      brokenIndexes: brokenIndexes.get(digest) ?? [],
    };
  });
  // One more than is deleted would show that something is left.
  const page = { after: null, limit: digests.length + 1, isUnnamed: false };
  const isWhole =
    digests.length > 0 &&
    (await rows.images.listManifestRows(repository, page)).length === digests.length;
  return {
    ...{ name: repository, isWhole, manifests: planned },
    tags: await describeTags(deps, selection),
  };
}

async function kindsOf(
  { rows, rest }: ImagesDeps,
  repository: RepositoryName,
  all: readonly Digest[],
) {
  const kinds = new Map<Digest, ImageKind>();
  for (let at = 0; at < all.length; at += 500) {
    const some = all.slice(at, at + 500);
    for (const row of await rows.images.findManifestRows(repository, some)) {
      kinds.set(row.digest, kindOfRow(row));
    }
    await rest(0);
  }
  return kinds;
}

async function describeTags(
  { rows, registry }: ImagesDeps,
  { repository, tags }: Selection,
): Promise<readonly PlannedTag[]> {
  const digests = [...new Set(tags.values())];
  if (digests.length === 0) return [];
  const names = await rows.images.listTagsOfAll(repository, digests);
  const namers = await rows.images.listNamers(repository, digests);
  const subjects = await rows.images.findManifestRows(repository, digests);
  const stored = await rows.images.findManifestRows(
    repository,
    subjects.flatMap(({ subject }) => subject ?? []),
  );
  const isStored = new Set(stored.map(({ digest }) => digest));
  const subjectOf = new Map(subjects.map(({ digest, subject }) => [digest, subject]));
  return [...tags]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, digest]) => {
      const others = names.filter((each) => each.digest === digest && !tags.has(each.name));
      const indexes = namers.filter(
        (each) => each.digest === digest && each.kind === "child",
      ).length;
      const subject = subjectOf.get(digest) ?? null;
      const hasSubject = subject !== null && isStored.has(subject);
      return {
        ...{ name, digest, indexes },
        lockedBy: registry.immutable(repository, name),
        otherTags: others.map((each) => each.name).sort(),
        leavesUntagged: others.length === 0 && indexes === 0 && !hasSubject,
      };
    });
}

async function sum(
  deps: ImagesDeps,
  selections: readonly Selection[],
  repositories: readonly PlannedRepository[],
) {
  const now = deps.registry.clock();
  const doomed = selections.flatMap(({ repository, manifests }) =>
    [...manifests.keys()].map((digest) => ({ repository, digest })),
  );
  const released = await weigh({ ...deps, now }, doomed);
  const left = [];
  for (const { name, tags } of repositories) {
    const untagged = new Map<Digest, Reason>(
      tags.flatMap((tag) => (tag.leavesUntagged ? [[tag.digest, "asked"]] : [])),
    );
    await follow(deps, name, untagged);
    left.push(...[...untagged.keys()].map((digest) => ({ repository: name, digest })));
  }
  const kept = await weigh({ ...deps, now }, left);
  return { released, keptByUntagged: kept.nowBytes + kept.laterBytes };
}
