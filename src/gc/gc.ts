// The garbage collection: what nothing keeps goes, while pushes run, and never anything else. Any doubt ends it with nothing deleted.

import { spanText } from "../clock/clockTrust.ts";
import { watchClock } from "../clock/clockWatch.ts";
import type { AgeLimits, Hold } from "../metadata/collection.ts";
import type { GcCounts } from "../metadata/gcRuns.ts";
import { Attempts } from "./attempts.ts";
import { brakeReason } from "./brake.ts";
import { ageLimits, longestAge } from "./gcAges.ts";
import { planCollection } from "./gcPlan.ts";
import type { BlobSum, GcDeps, GcListener, GcOutcome, GcPlan, GcRequest } from "./gcRun.ts";
import { finishTrash, type Gone, type SweepWork, sweep } from "./gcSweep.ts";

/** How long the lock outlives its last renewal, and how often it is renewed; ms. */
const lockMs = 30_000;
const renewEveryMs = 5_000;

/** Why a run does not take place: nothing is wrong, and nothing was deleted. */
class Refusal extends Error {
  override readonly name = "Refusal";
}

/** What a run knows of itself while it goes on. */
class Progress {
  readonly gone: Gone = { blobs: 0, bytes: 0, links: 0 };
  readonly finished: Gone = { blobs: 0, bytes: 0, links: 0 };
  readonly notes: string[] = [];
  readonly attempts = new Attempts();
  plan: GcPlan | null = null;
  manifests = 0;
  /** Why a run that deletes would be refused; told by a dry run. */
  wouldRefuse: string | null = null;
}

/**
 * One run: clock → lock → plan → what an earlier run left → brake → rows, then their bytes. It never throws: what it did not
 * understand makes it a failed run that says why.
 */
export async function collectGarbage(
  deps: GcDeps,
  request: GcRequest,
  listener: GcListener = {},
): Promise<GcOutcome> {
  const begun = performance.now();
  const startedAt = deps.clock();
  const progress = new Progress();
  let end: End;
  try {
    const limits = ageLimits({ ...request, leaseMs: deps.leaseMs }, startedAt);
    await assertClock(deps, request, progress);
    if (request.dryRun) await plan(deps, { request, limits, progress }, listener);
    else await underLock(deps, (hold) => run(deps, hold, { request, limits, progress }, listener));
    end = { state: "done", reason: progress.wouldRefuse };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    end = { state: error instanceof Refusal ? "refused" : "failed", reason };
  }
  end = withUndeleted(end, progress);
  const { plan: found, finished, notes } = progress;
  const durationMs = performance.now() - begun;
  return {
    ...end,
    counts: countsOf(progress),
    plan: found,
    finished: sumOf(finished),
    notes,
    startedAt,
    durationMs,
  };
}

type End = Pick<GcOutcome, "state" | "reason">;

/** A run that could not delete every file has failed, although it has done all the rest. */
function withUndeleted(end: End, { attempts: { undeleted }, notes }: Progress): End {
  if (undeleted === null) return end;
  const { count, cause } = undeleted;
  const files = count === 1 ? "1 file" : `${count} files`;
  const reason = `${files} could not be deleted, the next run tries again: ${cause}`;
  if (end.state === "done") return { state: "failed", reason };
  notes.push(reason);
  return end;
}

interface Run {
  readonly request: GcRequest;
  readonly limits: AgeLimits;
  readonly progress: Progress;
}

/** @throws Refusal while the wall clock proves nothing. */
async function assertClock(deps: GcDeps, request: GcRequest, { notes }: Progress): Promise<void> {
  const patienceMs = longestAge({ ...deps, ...request });
  const verdict = await watchClock(deps, patienceMs, !request.dryRun);
  if (verdict.kind === "trusted") {
    if (verdict.setBackMs === 0) return;
    notes.push(
      `the clock was set back by ${spanText(verdict.setBackMs)}: content from before is kept for that much longer`,
    );
    return;
  }
  throw new Refusal(
    `${verdict.cause}: ages prove nothing yet, so nothing was deleted; it can run again in ${spanText(verdict.waitMs)}`,
  );
}

/** Holds the lock while `work` goes on. @throws Refusal when another run holds it. */
async function underLock(deps: GcDeps, work: (hold: Hold) => Promise<void>): Promise<void> {
  const hold = await acquire(deps, null);
  const { metadata, clock } = deps;
  const renewal = setInterval(() => {
    // A lock that is lost shows in the next transaction.
    metadata.renewLock(hold, clock() + lockMs).catch(() => {});
  }, renewEveryMs);
  try {
    await work(hold);
  } finally {
    clearInterval(renewal);
    await metadata.releaseLock(hold).catch(() => {});
  }
}

async function acquire(deps: GcDeps, dead: string | null): Promise<Hold> {
  const { metadata, clock, owner, isAlive } = deps;
  const request = { name: "gc", owner, now: clock(), lastsMs: lockMs, dead } as const;
  const outcome = await metadata.acquireLock(request);
  if (outcome.kind === "acquired") return outcome.hold;
  if (dead === null && !isAlive(outcome.owner)) return acquire(deps, outcome.owner);
  throw new Refusal("another garbage collection is going on");
}

/** Looks at everything, after the rule for manifests has been applied. */
async function plan(
  deps: GcDeps,
  { request, limits, progress }: Run,
  listener: GcListener,
): Promise<GcPlan> {
  const { dryRun } = request;
  if (deps.deleteManifests !== undefined) {
    // What cannot be read must show before the first manifest goes.
    if (!dryRun) await planCollection(deps, limits, {});
    progress.manifests = await deps.deleteManifests({ now: limits.now, dryRun });
  }
  const found = await planCollection(deps, limits, listener);
  progress.plan = found;
  listener.onPlan?.(found);
  progress.wouldRefuse = brakeReason(request, found);
  return found;
}

async function run(deps: GcDeps, hold: Hold, run: Run, listener: GcListener): Promise<void> {
  const { limits, progress } = run;
  const { attempts } = progress;
  const work: SweepWork = { deps, hold, limits, attempts, onProgress: listener.onProgress };
  const found = await plan(deps, run, listener);
  await finishTrash(work, progress.finished);
  if (progress.wouldRefuse !== null) {
    if (deps.confirm === undefined) throw new Refusal(progress.wouldRefuse);
    if (!(await deps.confirm(found))) throw new Refusal("nothing was deleted");
  }
  await sweep(work, found, progress.gone);
}

function countsOf({ plan: found, gone, manifests }: Progress): GcCounts {
  return {
    totalBlobs: found?.total ?? 0,
    referencedBlobs: found?.referenced ?? 0,
    orphanedBlobs: found?.orphaned.blobs ?? 0,
    orphanedBytes: found?.orphaned.bytes ?? 0,
    deletedBlobs: gone.blobs,
    deletedBytes: gone.bytes,
    deletedManifests: manifests,
    deletedLinks: gone.links,
  };
}

const sumOf = ({ blobs, bytes }: Gone): BlobSum => ({ blobs, bytes });
