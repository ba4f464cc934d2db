// A collection with the rule for untagged manifests: they go first, by their age, and what only they named goes with the garbage.

import { watchClock } from "../clock/clockWatch.ts";
import type { ReleasedContent, UntaggedMetadata, UntaggedPlan } from "../metadata/untagged.ts";
import { brakeReason } from "./brake.ts";
import { collectGarbage } from "./gc.ts";
import { ageLimits, longestAge } from "./gcAges.ts";
import type { BlobSum, GcDeps, GcListener, GcOutcome, GcRequest } from "./gcRun.ts";

/** What the rule works with. */
export interface UntaggedDeps extends Omit<GcDeps, "deleteManifests"> {
  readonly untagged: UntaggedMetadata;
}

/** A collection that begins with the rule. */
export interface UntaggedRequest extends GcRequest {
  /** Untagged manifests that were pushed longer ago go, in ms. */
  readonly untaggedOlderThanMs: number;
}

/** Manifests in one transaction: other writers wait for a few milliseconds at most. */
const batch = 50;

/**
 * As `collectGarbage`. A dry run also tells of what the rule would release. Whoever may stop a run that deletes too much is asked
 * before the first manifest goes.
 */
export async function collectWithUntagged(
  deps: UntaggedDeps,
  request: UntaggedRequest,
  listener: GcListener,
): Promise<GcOutcome> {
  if (request.dryRun) return preview(deps, request, listener);
  await rememberClock(deps, request);
  const foreseen = await preview(deps, { ...request, dryRun: true }, {});
  const asking = { ...deps, ...(deps.confirm && { confirm: askOnce(deps.confirm) }) };
  const refusal = await refusalOf(asking, request, foreseen);
  if (refusal !== null) return refusal;
  const deleteManifests = ({ now }: { readonly now: number }) => remove(deps, request, now);
  return collectGarbage({ ...asking, deleteManifests }, request, listener);
}

/** The run after the preview would ask the same again. */
function askOnce(
  confirm: NonNullable<UntaggedDeps["confirm"]>,
): NonNullable<UntaggedDeps["confirm"]> {
  let answer: Promise<boolean> | null = null;
  return (plan) => {
    answer ??= confirm(plan);
    return answer;
  };
}

/** A preview remembers nothing: a doubt that it alone had would begin anew with each run. What cannot be read, the preview tells. */
async function rememberClock(deps: UntaggedDeps, { minAgeMs }: UntaggedRequest): Promise<void> {
  await watchClock(deps, longestAge({ ...deps, minAgeMs })).catch(() => {});
}

/** The end of a run that must not begin; null when it may. */
async function refusalOf(
  { confirm }: UntaggedDeps,
  { brakeShare }: UntaggedRequest,
  foreseen: GcOutcome,
): Promise<GcOutcome | null> {
  const { plan: found, state } = foreseen;
  const counts = { ...foreseen.counts, deletedManifests: 0 };
  if (state !== "done" || found === null) return { ...foreseen, counts };
  const tooMuch = brakeReason({ brakeShare }, found);
  if (tooMuch === null) return null;
  if (confirm === undefined) return { ...foreseen, counts, state: "refused", reason: tooMuch };
  if (await confirm(found)) return null;
  return { ...foreseen, counts, state: "refused", reason: "nothing was deleted" };
}

/** @returns how many went. */
async function remove(deps: UntaggedDeps, request: UntaggedRequest, now: number): Promise<number> {
  const { manifests } = await plan(deps, request, now);
  let gone = 0;
  for (let at = 0; at < manifests.length; at += batch) {
    // A clock that was set back since makes what is pushed now look old.
    const today = Math.min(now, deps.clock());
    const rule = { pushedBefore: today - request.untaggedOlderThanMs, now: today };
    gone += await deps.untagged.removeUntagged(manifests.slice(at, at + batch), rule);
    await deps.rest(0);
  }
  return gone;
}

async function preview(
  deps: UntaggedDeps,
  request: UntaggedRequest,
  listener: GcListener,
): Promise<GcOutcome> {
  let released: readonly ReleasedContent[] = [];
  const deleteManifests: GcDeps["deleteManifests"] = async ({ now }) => {
    const planned = await plan(deps, request, now);
    released = planned.released;
    return planned.manifests.length;
  };
  const outcome = await collectGarbage({ ...deps, deleteManifests }, request, listener);
  for (const blob of released) listener.onOrphan?.(blob);
  const foreseen = withReleased(outcome, released);
  const { plan: found, reason } = foreseen;
  return { ...foreseen, reason: found === null ? reason : brakeReason(request, found) };
}

function plan(
  { untagged, leaseMs }: UntaggedDeps,
  { untaggedOlderThanMs, minAgeMs }: UntaggedRequest,
  now: number,
): Promise<UntaggedPlan> {
  const rule = { pushedBefore: now - untaggedOlderThanMs };
  return untagged.planUntagged(rule, ageLimits({ minAgeMs, leaseMs }, now));
}

/** `outcome` of a dry run, with content that is still referenced but would not be. */
function withReleased(outcome: GcOutcome, released: readonly ReleasedContent[]): GcOutcome {
  const { counts, plan } = outcome;
  const add = (sum: BlobSum, more = released): BlobSum => ({
    blobs: sum.blobs + more.length,
    bytes: more.reduce((bytes, { size }) => bytes + size, sum.bytes),
  });
  const orphaned = add({ blobs: counts.orphanedBlobs, bytes: counts.orphanedBytes });
  const referencedBlobs = counts.referencedBlobs - released.length;
  return {
    ...outcome,
    counts: {
      ...counts,
      referencedBlobs,
      orphanedBlobs: orphaned.blobs,
      orphanedBytes: orphaned.bytes,
    },
    plan: plan && {
      ...plan,
      referenced: plan.referenced - released.length,
      orphaned: add(plan.orphaned),
      unexplained: add(
        plan.unexplained,
        released.filter(({ isExplained }) => !isExplained),
      ),
    },
  };
}
