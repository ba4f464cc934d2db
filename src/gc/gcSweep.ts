// Taking away what a plan found: rows in small transactions that ask everything again, then, when that is durable, their bytes.

import type { AgeLimits, ContentLink, Discarded, Hold, LimitsNow } from "../metadata/collection.ts";
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { Attempts } from "./attempts.ts";
import { setBack } from "./gcAges.ts";
import { findStrays, markContents } from "./gcPlan.ts";
import type { GcDeps, GcPlan, GcProgress } from "./gcRun.ts";

/** What sweeping needs. */
export interface SweepWork {
  readonly deps: Pick<GcDeps, "metadata" | "storage" | "rest" | "clock">;
  readonly hold: Hold;
  readonly limits: AgeLimits;
  /** A file that cannot be deleted waits for the next run, and keeps no other from being deleted. */
  readonly attempts: Attempts;
  readonly onProgress: ((progress: GcProgress) => void) | undefined;
}

/** What is gone: counted as it goes, so that a run which breaks off knows what it did. */
export interface Gone {
  blobs: number;
  bytes: number;
  links: number;
}

/** Another run has taken the lock: what this one knew may be wrong by now. */
class LockLostError extends Error {
  override readonly name = "LockLostError";

  constructor() {
    super("another garbage collection has taken over");
  }
}

/** Rows in one transaction: other writers wait for a few milliseconds at most. */
const batch = 100;
/** Stored names of an earlier run that are finished at a time. */
const trashBatch = 500;
/** Files that are deleted at once. */
const deletesAtOnce = 32;

/**
 * The run's limits, unless the clock was set back since it began: leases that were given after that end by the new time, and would
 * look as if they were over.
 */
function limitsOf({ deps, limits }: SweepWork): LimitsNow {
  return () => setBack(limits, Math.max(0, limits.now - deps.clock()));
}

/** Finishes what an earlier run had begun: its rows are gone, its bytes still have to go. */
export async function finishTrash(work: SweepWork, finished: Gone): Promise<void> {
  const { metadata } = work.deps;
  let after: Locator | null = null;
  for (;;) {
    const left: readonly Discarded[] = await metadata.listTrash(trashBatch, after);
    const deleted = await deleteBytes(work, left, finished);
    mine(await metadata.emptyTrash(work.hold, deleted));
    after = left.at(-1)?.locator ?? null;
    if (left.length < trashBatch) return;
  }
}

/** Takes away what `plan` found, no more than it found, and of that what is still garbage. */
export async function sweep(work: SweepWork, plan: GcPlan, gone: Gone): Promise<void> {
  const rows = plan.orphaned.blobs - plan.strays.blobs;
  if (rows > 0 || plan.links > 0) await sweepContents(work, rows, plan.orphaned.blobs, gone);
  if (plan.strays.blobs > 0) await sweepStrays(work, plan.orphaned.blobs, gone);
}

/** @param allowance rows of content that may go at most; @param total blobs of the plan. */
async function sweepContents(
  work: SweepWork,
  allowance: number,
  total: number,
  gone: Gone,
): Promise<void> {
  const { deps, hold, limits, onProgress } = work;
  const bytes = new Deletions(work, gone);
  let left = allowance;
  try {
    for await (const { unreferenced, links } of markContents(deps, limits)) {
      const orphaned = unreferenced.filter(({ state }) => state === "orphaned").slice(0, left);
      left -= orphaned.length;
      const digests = orphaned.map(({ digest }) => digest);
      for (const some of batches(digests)) {
        const done = bytes.takeDone();
        const swept = mine(await deps.metadata.discardContents(hold, some, limitsOf(work), done));
        gone.links += swept.links;
        await bytes.start(swept.discarded);
        onProgress?.({ phase: "deleting", done: gone.blobs, total });
        await deps.rest(0);
      }
      await sweepLinks(work, links, new Set(digests), gone);
    }
  } finally {
    await bytes.settled();
  }
  await bytes.start([]);
  mine(await deps.metadata.emptyTrash(hold, bytes.takeDone()));
}

/** Deletes the files of one transaction while the next one is made. */
class Deletions {
  readonly #work: SweepWork;
  readonly #gone: Gone;
  #running: Promise<unknown> = Promise.resolve();
  #done: Locator[] = [];

  constructor(work: SweepWork, gone: Gone) {
    this.#work = work;
    this.#gone = gone;
  }

  /** Waits for the files before, then begins with these. */
  async start(discarded: readonly Discarded[]): Promise<void> {
    await this.#running;
    this.#running = this.#delete(discarded);
    // Told by the next call, whenever that is.
    this.#running.catch(() => {});
  }

  async settled(): Promise<void> {
    await this.#running.catch(() => {});
  }

  /** Stored names whose bytes are gone since this was last asked: nothing of them has to be remembered. */
  takeDone(): readonly Locator[] {
    return this.#done.splice(0);
  }

  async #delete(discarded: readonly Discarded[]): Promise<void> {
    this.#done.push(...(await deleteBytes(this.#work, discarded, this.#gone)));
  }
}

/** Links of what has just gone are gone with it. */
async function sweepLinks(
  work: SweepWork,
  links: readonly ContentLink[],
  swept: ReadonlySet<Digest>,
  gone: Gone,
): Promise<void> {
  const { deps, hold } = work;
  for (const some of batches(links.filter(({ digest }) => !swept.has(digest)))) {
    gone.links += mine(await deps.metadata.discardLinks(hold, some, limitsOf(work)));
    await deps.rest(0);
  }
}

async function sweepStrays(work: SweepWork, total: number, gone: Gone): Promise<void> {
  const { deps, hold, limits, onProgress } = work;
  for await (const findings of findStrays(deps, limits)) {
    const strays = findings.flatMap((it) => (it.kind === "stray" ? [it.stray] : []));
    for (const some of batches(strays)) {
      const discarded = mine(await deps.metadata.discardStrays(hold, some, limits.now));
      mine(await deps.metadata.emptyTrash(hold, await deleteBytes(work, discarded, gone)));
      onProgress?.({ phase: "deleting", done: gone.blobs, total });
      await deps.rest(0);
    }
  }
}

/** Deletes files, and counts what is gone. @returns the names of those that are gone. */
async function deleteBytes(
  { deps, attempts }: Pick<SweepWork, "deps" | "attempts">,
  discarded: readonly Discarded[],
  gone: Gone,
): Promise<readonly Locator[]> {
  const deleted: Locator[] = [];
  const remove = async ({ locator, size }: Discarded): Promise<void> => {
    if (!(await attempts.make(locator, () => deps.storage.content.delete(locator)))) return;
    deleted.push(locator);
    gone.blobs += 1;
    gone.bytes += size;
  };
  for (const some of batches(discarded, deletesAtOnce)) await Promise.all(some.map(remove));
  return deleted;
}

/** What a transaction of the holder did. @throws LockLostError when it is the holder no more. */
function mine<T>(outcome: T | null): T {
  if (outcome === null) throw new LockLostError();
  return outcome;
}

function* batches<T>(items: readonly T[], size = batch): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
