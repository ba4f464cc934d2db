// Carries out a plan: one transaction for each tag and manifest, and each asks again whether more would be deleted than was planned.
import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { Digest } from "../model/digest.ts";
import type { Reference, RepositoryName } from "../model/names.ts";
import { deletePlanned } from "../registry/deletions.ts";
import type { ImagesDeps } from "./deps.ts";
import { idOf, selectAll } from "./plan.ts";
import type { Selection, Target } from "./selection.ts";

/** What was deleted. */
export interface DeletionResult {
  /** Those of deleted manifests as well. */
  readonly tags: number;
  readonly manifests: number;
}

/** A deletion that was done. */
export interface Deleted {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Tags that were deleted with it. */
  readonly tags: number;
}

/** An order to delete what a plan said. */
export interface DeletionOrder {
  readonly targets: readonly Target[];
  /** `id` of the plan. */
  readonly plan: string;
  /** Written down with each deletion. */
  readonly by?: Author | undefined;
  /** Called for each, once it is durable. */
  readonly onDeleted?: (deleted: Deleted) => void;
}

/**
 * Deletes what the plan said. What is gone already is left out. When it stops at an error, what was deleted before stays deleted, and
 * the next plan has the rest.
 * @throws RegistryError PLAN_CHANGED when something else would be deleted than the plan said; TAG_IMMUTABLE before anything is deleted.
 */
export async function applyDeletion(
  deps: ImagesDeps,
  { targets, plan, by, onDeleted }: DeletionOrder,
): Promise<DeletionResult> {
  const { selections } = await selectAll(deps, targets);
  if (idOf(selections) !== plan) throw new RegistryError("PLAN_CHANGED");
  for (const selection of selections) assertFree(deps, selection);
  let [tags, manifests] = [0, 0];
  for (const selection of selections) {
    for (const step of stepsOf(selection)) {
      const done = await deletePlanned(deps.registry, { ...step, by });
      if (done === null) continue;
      tags += done.tags;
      if ("digest" in step.reference) manifests += 1;
      const { repository, reference } = step;
      onDeleted?.({ repository, reference, ...done });
    }
  }
  return { tags, manifests };
}

/** @throws RegistryError TAG_IMMUTABLE */
function assertFree({ registry }: ImagesDeps, { repository, tags, tagsOf }: Selection): void {
  for (const tag of [...tags.keys(), ...[...tagsOf.values()].flat()]) {
    const pattern = registry.immutable(repository, tag);
    if (pattern === null) continue;
    throw new RegistryError("TAG_IMMUTABLE", {
      message: `${repository}:${tag} is immutable: the pattern ${pattern} of registry.immutableTags locks it. Nothing was deleted`,
      detail: { tag, pattern },
    });
  }
}

function stepsOf({ repository, tags, manifests, tagsOf, brokenIndexes }: Selection) {
  return [
    ...[...tags].map(([tag, digest]) => ({
      ...{ repository, reference: { tag }, digest },
      expected: { tags: new Set([tag]), indexes: new Set<Digest>() },
    })),
    ...[...manifests.keys()].map((digest) => ({
      ...{ repository, reference: { digest }, digest },
      expected: {
        tags: new Set(tagsOf.get(digest) ?? []),
        // Those that are deleted as well may name it still.
        indexes: {
          has: (index: Digest) =>
            manifests.has(index) || brokenIndexes.get(digest)?.includes(index) === true,
        },
      },
    })),
  ];
}
