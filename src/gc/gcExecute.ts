// The execution of a plan: rows are deleted in small transactions that check everything again; then, when that is durable, their files.

import type { ContentLink, Discarded, LimitsNow, Unreferenced } from "../metadata/collection.ts";
import type { Hold } from "../metadata/locks.ts";
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { Attempts } from "./attempts.ts";
import { setBack } from "./gcAges.ts";
import { findStrays, type Marked, markContents } from "./gcPlan.ts";
import type { GcDeps, GcListener, GcPlan, PlannedManifests } from "./gcRun.ts";

/** A plan, and what its execution works with. */
export interface Execution {
  readonly deps: Pick<GcDeps, "metadata" | "untagged" | "storage" | "rest" | "isBackingUp">;
  readonly listener: GcListener;
  readonly hold: Hold;
  readonly plan: GcPlan;
  /** The rows that the plan counts; null: they are to be marked again. */
  readonly marked: readonly Marked[] | null;
  /** A file that cannot be deleted waits for the next run, and keeps no other from being deleted. */
  readonly attempts: Attempts;
  readonly gone: Gone;
  /** How far the clock was set back since the run began; ms. */
  readonly setBackMs: () => number;
  /** Called with how many files stay for now, because a backup may need them. */
  readonly onHeld: (files: number) => void;
}

/** Deletions so far, so that a run that breaks off knows what it did. */
export interface Gone {
  manifests: number;
  blobs: number;
  bytes: number;
  links: number;
}

/** Another run has taken the lock: the plan of this one may be out of date. */
class LockLostError extends Error {
  override readonly name = "LockLostError";

  constructor() {
    super("another garbage collection has taken over");
  }
}

/** How long the lock outlives its last renewal; ms. */
export const lockMs = 30_000;
/** Rows in one transaction: other writers wait for a few milliseconds at most. */
const batch = 100;
/** Manifests in one transaction. */
const manifestBatch = 50;
/** Files of an earlier run that are deleted at a time. */
const trashBatch = 500;
/** Files that are deleted at once. */
const deletesAtOnce = 32;

/**
 * The run's limits, lowered if the clock was set back since the run began: otherwise leases that were given since would look as if
 * they had ended.
 */
function limitsOf({ setBackMs, plan: { limits } }: Execution): LimitsNow {
  return () => setBack(limits, setBackMs());
}

/**
 * How far the clock was set back since `now`, at any look; ms. One that is set forward again before the run is over makes no lease older
 * that was given in between.
 */
export function watchSetBacks(clock: () => number, now: number): () => number {
  let most = 0;
  return () => {
    most = Math.max(most, now - clock());
    return most;
  };
}

/** Deletes the files that an earlier run left: it had deleted their rows. */
export async function finishTrash(work: Execution): Promise<void> {
  const { metadata } = work.deps;
  let after: Locator | null = null;
  for (;;) {
    const left: readonly Discarded[] = await metadata.listTrash(trashBatch, after);
    const deleted = await deleteBytes(work, left);
    mine(await metadata.emptyTrash(work.hold, deleted));
    after = left.at(-1)?.locator ?? null;
    if (left.length < trashBatch) return;
  }
}

/** Deletes what the plan counts, no more, and only what is still garbage. */
export async function execute(work: Execution): Promise<void> {
  const { manifests, orphaned, strays, links } = work.plan;
  if (manifests !== null) await removeManifests(work, manifests);
  const hasRows = orphaned.blobs > strays.blobs || links > 0 || work.gone.manifests > 0;
  if (hasRows) await sweepContents(work);
  if (strays.blobs > 0) await sweepStrays(work);
}

/** Manifests that were tagged or named since stay. */
async function removeManifests(work: Execution, { keys, rule }: PlannedManifests): Promise<void> {
  const { deps, hold, plan, gone, setBackMs } = work;
  for (const some of batches(keys, manifestBatch)) {
    // A clock that was set back since makes what is pushed now look old.
    const backMs = setBackMs();
    const limits = { pushedBefore: rule.pushedBefore - backMs, now: plan.limits.now - backMs };
    gone.manifests += mine(await deps.untagged.removeUntagged(hold, some, limits));
    await deps.rest(0);
  }
}

/**
 * How many orphaned rows may be deleted: as many as the plan counts, and as many unexplained ones. Content that loses its rows while
 * the run is under way is therefore not deleted in the place of content that the brake has judged.
 */
class Allowance {
  #rows: number;
  #unexplained: number;

  constructor({ orphaned, unexplained, strays }: GcPlan) {
    this.#rows = orphaned.blobs - strays.blobs;
    this.#unexplained = unexplained.blobs - strays.blobs;
  }

  take({ state, releasedAt }: Unreferenced): boolean {
    if (state !== "orphaned" || this.#rows === 0) return false;
    if (releasedAt === null && this.#unexplained === 0) return false;
    this.#rows -= 1;
    if (releasedAt === null) this.#unexplained -= 1;
    return true;
  }
}

async function sweepContents(work: Execution): Promise<void> {
  const { deps, hold, plan, gone } = work;
  const bytes = new Deletions(work);
  const allowance = new Allowance(plan);
  // Content that was named by manifests which this run has deleted is not in the list.
  const marked = gone.manifests > 0 ? null : work.marked;
  try {
    for await (const { unreferenced, links } of marked ?? markContents(deps, plan.limits)) {
      const orphaned = unreferenced.filter((content) => allowance.take(content));
      const digests = orphaned.map(({ digest }) => digest);
      for (const some of batches(digests)) {
        const done = bytes.takeDone();
        const swept = mine(await deps.metadata.discardContents(hold, some, limitsOf(work), done));
        gone.links += swept.links;
        await bytes.start(swept.discarded);
        showProgress(work);
        await deps.rest(0);
      }
      await sweepLinks(work, links, new Set(digests));
    }
  } finally {
    await bytes.settled();
  }
  await bytes.start([]);
  mine(await deps.metadata.emptyTrash(hold, bytes.takeDone()));
}

function showProgress({ listener, plan, gone }: Execution): void {
  listener.onProgress?.({ phase: "deleting", done: gone.blobs, total: plan.orphaned.blobs });
}

/** Deletes the files of one transaction while the next one is made. */
class Deletions {
  readonly #work: Execution;
  #running: Promise<unknown> = Promise.resolve();
  #done: Locator[] = [];

  constructor(work: Execution) {
    this.#work = work;
  }

  /** Waits for the files of the call before, then begins with these. */
  async start(discarded: readonly Discarded[]): Promise<void> {
    await this.#running;
    this.#running = this.#delete(discarded);
    // The next call throws it, whenever that comes.
    this.#running.catch(() => {});
  }

  async settled(): Promise<void> {
    await this.#running.catch(() => {});
  }

  /** Stored names of files that were deleted since the last call: their rows in `trash` are not needed any more. */
  takeDone(): readonly Locator[] {
    return this.#done.splice(0);
  }

  async #delete(discarded: readonly Discarded[]): Promise<void> {
    this.#done.push(...(await deleteBytes(this.#work, discarded)));
  }
}

/** Links of content that has just been deleted were deleted with it. */
async function sweepLinks(
  work: Execution,
  links: readonly ContentLink[],
  swept: ReadonlySet<Digest>,
): Promise<void> {
  const { deps, hold, gone } = work;
  for (const some of batches(links.filter(({ digest }) => !swept.has(digest)))) {
    gone.links += mine(await deps.metadata.discardLinks(hold, some, limitsOf(work)));
    await deps.rest(0);
  }
}

async function sweepStrays(work: Execution): Promise<void> {
  const { deps, hold, plan } = work;
  const { limits } = plan;
  let left = plan.strays.blobs;
  for await (const findings of findStrays(deps, limits)) {
    const found = findings.flatMap((it) => (it.kind === "stray" ? [it.stray] : []));
    const strays = found.slice(0, left);
    left -= strays.length;
    for (const some of batches(strays)) {
      const discarded = mine(await deps.metadata.discardStrays(hold, some, limits.now));
      mine(await deps.metadata.emptyTrash(hold, await deleteBytes(work, discarded)));
      showProgress(work);
      await deps.rest(0);
    }
  }
}

/**
 * Deletes files and counts them; none while a backup is running. Asked after the rows are deleted: the snapshot of a backup that begins
 * later does not name them. @returns the names of deleted files.
 */
async function deleteBytes(
  { deps, attempts, gone, onHeld }: Execution,
  discarded: readonly Discarded[],
): Promise<readonly Locator[]> {
  const deleted: Locator[] = [];
  if (discarded.length === 0) return deleted;
  if (deps.isBackingUp()) {
    onHeld(discarded.length);
    return deleted;
  }
  const remove = async ({ locator, size }: Discarded): Promise<void> => {
    if (!(await attempts.make(locator, () => deps.storage.content.delete(locator)))) return;
    deleted.push(locator);
    gone.blobs += 1;
    gone.bytes += size;
  };
  for (const some of batches(discarded, deletesAtOnce)) await Promise.all(some.map(remove));
  return deleted;
}

/** The result of a transaction that only the holder of the lock may make. @throws LockLostError when the lock is lost. */
function mine<T>(outcome: T | null): T {
  if (outcome === null) throw new LockLostError();
  return outcome;
}

function* batches<T>(items: readonly T[], size = batch): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
