// A garbage collection that is remembered: who asked, how it ended; and the rule for untagged manifests, which comes before it.
import { RegistryError } from "../errors.ts";
import type { GcRun, GcRunsMetadata, GcTrigger } from "../metadata/gcRuns.ts";
import type { UntaggedHold, UntaggedMetadata } from "../metadata/untagged.ts";
import { collectGarbage } from "./gc.ts";
import type { GcDeps, GcListener, GcOutcome, GcRequest } from "./gcRun.ts";
import { collectWithUntagged } from "./untagged.ts";

/** What a run that is remembered works with. */
export interface RecordedGcDeps extends Omit<GcDeps, "deleteManifests"> {
  readonly runs: Pick<GcRunsMetadata, "endRun">;
  readonly untagged: UntaggedMetadata;
}

/** A run that has begun, and what it is to do. */
export interface GcOrder {
  /** The run's. */
  readonly id: string;
  readonly request: GcRequest;
  /** Untagged manifests that were pushed longer ago go first, in ms; null: none do. */
  readonly untaggedOlderThanMs: number | null;
}

/** What is left of a run: the row, and all that the collection told. */
export interface RecordedGc {
  /** null when it was forgotten meanwhile. */
  readonly run: GcRun | null;
  readonly outcome: GcOutcome;
  /** What is still kept by manifests that nothing names; null after a run that found no plan, or where it cannot be told. */
  readonly untagged: UntaggedHold | null;
}

/** Repositories with untagged manifests that are named. */
const namedRepositories = 5;

/** Name of a lock's owner: the process, which `isAlive` is asked about, and the run that it works on. */
export function ownerOfRun(process: string, id: string): string {
  return `${process}/${id}`;
}

function runOfOwner(owner: string): string {
  return owner.slice(owner.lastIndexOf("/") + 1);
}

function processOfOwner(owner: string): string {
  return owner.slice(0, Math.max(owner.lastIndexOf("/"), 0));
}

/** What is known of runs without looking at the lock: ids, or null. */
export interface KnownRuns {
  /** This process works on it. */
  readonly alive: string | null;
  /** This process worked on it: what its lock says does not count any more. */
  readonly over: string | null;
}

/** What it takes to tell runs that go on from those that were killed. */
export interface TidyDeps {
  readonly runs: Pick<GcRunsMetadata, "findHolder" | "breakOffRuns">;
  /** Unix ms. */
  readonly clock: () => number;
  /** False only when the process of that name is certainly gone. */
  readonly isAlive: (process: string) => boolean;
}

/** Runs that nobody works on any more are said to have failed. @returns the run that holds the lock, or null. */
export async function tidyRuns(
  { runs, clock, isAlive }: TidyDeps,
  { alive, over }: KnownRuns,
): Promise<string | null> {
  const holder = await runs.findHolder(clock());
  const isHeld = holder !== null && isAlive(processOfOwner(holder)) && runOfOwner(holder) !== over;
  const held = isHeld ? runOfOwner(holder) : null;
  await runs.breakOffRuns([alive, held].filter((id) => id !== null));
  return held;
}

/** What it takes to begin a run. */
export interface BeginDeps extends TidyDeps {
  readonly runs: Pick<GcRunsMetadata, "findHolder" | "breakOffRuns" | "beginRun">;
  /** UUIDv7. */
  readonly newId: () => string;
}

/**
 * Remembers a run that begins. @param over a run of this process that is over, whatever its lock says.
 * @throws RegistryError GC_RUNNING while another one holds the lock.
 */
export async function beginGc(
  deps: BeginDeps,
  { trigger, dryRun }: { readonly trigger: GcTrigger; readonly dryRun: boolean },
  over: string | null,
): Promise<GcRun> {
  const held = await tidyRuns(deps, { alive: null, over });
  if (held !== null) throw new RegistryError("GC_RUNNING");
  return deps.runs.beginRun({ id: deps.newId(), trigger, dryRun, startedAt: deps.clock() });
}

/** One run: untagged manifests, then garbage; how it ended is remembered. @param order names a run that has begun. */
export async function runGc(
  deps: RecordedGcDeps,
  order: GcOrder,
  listener: GcListener = {},
): Promise<RecordedGc> {
  const outcome = await collect(deps, order, listener);
  const { state, counts, reason } = outcome;
  const ending = { state, counts, reason, finishedAt: deps.clock() };
  const run = await deps.runs.endRun(order.id, ending);
  const isPlanned = outcome.plan !== null;
  // The run is over, whatever becomes of this.
  const untagged = isPlanned
    ? await deps.untagged.sumUntagged(namedRepositories).catch(() => null)
    : null;
  return { run, outcome, untagged };
}

function collect(
  deps: RecordedGcDeps,
  { request, untaggedOlderThanMs }: GcOrder,
  listener: GcListener,
): Promise<GcOutcome> {
  const named = {
    ...deps,
    isAlive: (owner: string) => deps.isAlive(processOfOwner(owner)),
  };
  return untaggedOlderThanMs === null
    ? collectGarbage(named, request, listener)
    : collectWithUntagged(named, { ...request, untaggedOlderThanMs }, listener);
}
