// The garbage collection: what nothing keeps is deleted, while pushes run, and never anything else. Any doubt ends it with nothing deleted.

import { counted, showTime } from "../amounts.ts";
import { spanText } from "../clock/clockTrust.ts";
import { watchClock } from "../clock/clockWatch.ts";
import { causeText } from "../errors.ts";
import type { GcCounts } from "../metadata/gcRuns.ts";
import type { Hold } from "../metadata/locks.ts";
import { Attempts } from "./attempts.ts";
import { brakeReason } from "./brake.ts";
import { longestAge } from "./gcAges.ts";
import {
  type Execution,
  execute,
  finishTrash,
  type Gone,
  lockMs,
  watchSetBacks,
} from "./gcExecute.ts";
import { planGc } from "./gcPlan.ts";
import type { BlobSum, GcDeps, GcListener, GcPlan, GcReport, GcRequest } from "./gcRun.ts";
import { underLock } from "./lock.ts";
import { giveSigns, nextRunId, ownerOfRun, type RunsDeps, tidyRuns } from "./runs.ts";

/** The report names at most so many repositories with untagged manifests. */
const namedRepositories = 5;

/** The run does not take place: nothing is wrong, and nothing was deleted. */
class Refusal extends Error {
  override readonly name = "Refusal";
}

/** A run's progress. */
class Progress {
  readonly gone: Gone = { manifests: 0, blobs: 0, bytes: 0, links: 0 };
  readonly finished: Gone = { manifests: 0, blobs: 0, bytes: 0, links: 0 };
  readonly notes: string[] = [];
  readonly attempts = new Attempts();
  plan: GcPlan | null = null;
  /** Files that stay until the backup that is running has ended. */
  held = 0;
}

const heldText = (files: number): string =>
  `a backup is running, which may need deleted content: the next collection deletes ${counted(files, "file")}`;

interface ActiveRun {
  readonly deps: GcDeps;
  readonly request: GcRequest;
  readonly listener: GcListener;
  readonly progress: Progress;
}

/**
 * One run: clock → lock → plan → brake → execution, and its end is remembered. A dry run ends before the execution, takes no lock
 * and changes nothing. An error makes it a failed run, with the reason. @throws when its end cannot be remembered.
 */
export async function collectGarbage(
  deps: GcDeps,
  request: GcRequest,
  listener: GcListener = {},
): Promise<GcReport> {
  const begun = performance.now();
  const startedAt = deps.clock();
  const progress = new Progress();
  const { state, reason } = await endOf({ deps, request, listener, progress });
  const { plan, finished, notes } = progress;
  const durationMs = performance.now() - begun;
  const counts = countsOf(progress, request);
  const ending = { state, counts, reason, finishedAt: deps.clock() };
  const run = (await deps.runs?.endRun(request.id, ending)) ?? null;
  // The run is over, even if this fails.
  const untagged = plan && (await deps.untagged.sumUntagged(namedRepositories).catch(() => null));
  return {
    ...{ state, reason, counts, plan, notes, untagged, run, startedAt, durationMs },
    finished: { blobs: finished.blobs, bytes: finished.bytes },
  };
}

/** What a command's run needs as well. */
export interface CommandDeps extends GcDeps, RunsDeps {
  readonly runs: RunsDeps["runs"];
  /** True while a server is running: it tells its own runs that have not begun to work from those that were killed. */
  readonly isServed: () => Promise<boolean>;
}

/**
 * One run by this process, with a running server or without one. A dry run changes nothing, so that nothing
 * remembers it. @param request without its id.
 */
export async function collectByCommand(
  deps: CommandDeps,
  request: Omit<GcRequest, "id" | "trigger">,
  listener: GcListener,
): Promise<GcReport> {
  const id = request.dryRun ? deps.newId() : await nextRunId(deps);
  const run: GcRequest = { ...request, id, trigger: "command" };
  if (run.dryRun) return collectGarbage({ ...deps, runs: null }, run, listener);
  if (!(await deps.isServed())) await tidyRuns(deps, { alive: null, over: null });
  await deps.runs.beginRun({ ...run, startedAt: deps.clock() });
  const endSigns = giveSigns(deps.runs, run.id);
  try {
    return await collectGarbage(deps, run, listener);
  } finally {
    endSigns();
  }
}

type End = Pick<GcReport, "state" | "reason">;

async function endOf(run: ActiveRun): Promise<End> {
  const { deps, request, progress } = run;
  let end: End;
  try {
    // Where nothing is promised, no clock can break a promise.
    const errorMs = request.leaseMs === 0 ? 0 : (deps.clockErrorMs ?? 0);
    const now = (await assertClock(run)) - errorMs;
    if (!request.dryRun) await assertNotRestored(run);
    const reason = request.dryRun
      ? (await planned(run, now)).tooMuch
      : await underLock(deps, lockOf(run), (hold) => carryOut(run, hold, now));
    end = { state: "done", reason };
  } catch (error) {
    const reason = causeText(error);
    end = { state: error instanceof Refusal ? "refused" : "failed", reason };
  }
  return withUndeleted(end, progress);
}

/**
 * A restored database knows nothing of what was pushed after it was saved: that looks like garbage.
 * @throws Refusal for a while, in which an operator may notice that it is the wrong one.
 */
async function assertNotRestored({ deps, request }: ActiveRun): Promise<void> {
  const restoredAt = await deps.metadata.findRestored();
  if (restoredAt === null) return;
  const until = restoredAt + request.restoreGraceMs;
  if (until <= deps.clock()) return;
  throw new Refusal(
    `the database was restored, or is older than its data directory: nothing is deleted until ${showTime(until)} (gc.restoreGrace)`,
  );
}

const lockOf = ({ deps, request }: ActiveRun) => ({
  ...({ name: "gc", owner: ownerOfRun(deps.self, request.id), lastsMs: lockMs } as const),
  onTaken: () => new Refusal("another garbage collection is running"),
});

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

/** @returns the time that was judged: another look may be at a clock that was set since. @throws Refusal while the wall clock proves nothing. */
async function assertClock({ deps, request, progress: { notes } }: ActiveRun): Promise<number> {
  const verdict = await watchClock(deps, longestAge(request), !request.dryRun);
  if (verdict.kind === "trusted") {
    if (verdict.setBackMs > 0) {
      notes.push(
        `the clock was set back by ${spanText(verdict.setBackMs)}: older content is kept for that much longer`,
      );
    }
    return verdict.anchor.wall;
  }
  throw new Refusal(
    `${verdict.cause}: the age of content cannot be trusted yet, so nothing was deleted; it can run again in ${spanText(verdict.waitMs)}`,
  );
}

/** The plan of this run, and the brake's verdict: null, or why confirmation is needed. */
async function planned({ deps, request, listener, progress }: ActiveRun, now: number) {
  const { plan, marked } = await planGc(deps, { request, now, listener });
  progress.plan = plan;
  listener.onPlan?.(plan);
  return { plan, marked, tooMuch: brakeReason(request, plan) };
}

/** @throws Refusal before anything of the plan is deleted. */
async function carryOut(run: ActiveRun, hold: Hold, now: number): Promise<null> {
  const { deps, listener, progress } = run;
  const setBackMs = watchSetBacks(deps.clock, now);
  const { plan, marked, tooMuch } = await planned(run, now);
  const { attempts, gone } = progress;
  const onHeld = (files: number): void => {
    progress.held += files;
  };
  const execution: Execution = {
    deps,
    listener,
    hold,
    plan,
    marked,
    attempts,
    gone,
    setBackMs,
    onHeld,
  };
  await finishTrash({ ...execution, gone: progress.finished });
  if (tooMuch !== null) {
    if (listener.confirm === undefined) throw new Refusal(tooMuch);
    if (!(await listener.confirm(plan))) throw new Refusal("nothing was deleted");
  }
  await execute(execution);
  if (progress.held > 0) progress.notes.push(heldText(progress.held));
  return null;
}

function countsOf({ plan, gone }: Progress, { dryRun }: GcRequest): GcCounts {
  const orphaned: BlobSum | undefined = plan?.orphaned;
  return {
    totalBlobs: plan?.total ?? 0,
    referencedBlobs: plan?.referenced ?? 0,
    orphanedBlobs: orphaned?.blobs ?? 0,
    orphanedBytes: orphaned?.bytes ?? 0,
    deletedBlobs: gone.blobs,
    deletedBytes: gone.bytes,
    deletedManifests: dryRun ? (plan?.manifests?.keys.length ?? 0) : gone.manifests,
    deletedLinks: gone.links,
  };
}
