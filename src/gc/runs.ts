// Runs that are remembered: they begin here, and those that were killed are said to have failed.
import { RegistryError } from "../errors.ts";
import type { GcRun, GcRunsMetadata } from "../metadata/gcRuns.ts";
import type { GcRequest } from "./gcRun.ts";

/** Name of a lock's owner: the process, which `isAlive` is asked about, and the run that it works on. */
export function ownerOfRun(process: string, id: string): string {
  return `${process}/${id}`;
}

function runOfOwner(owner: string): string {
  return owner.slice(owner.lastIndexOf("/") + 1);
}

/** The process in the name of a lock's owner. */
export function processOfOwner(owner: string): string {
  return owner.slice(0, Math.max(owner.lastIndexOf("/"), 0));
}

/** What is known of runs without looking at the lock: ids, or null. */
export interface KnownRuns {
  /** This process works on it. */
  readonly alive: string | null;
  /** This process worked on it: what its lock says does not count any more. */
  readonly over: string | null;
}

/** What it takes to begin a run, and to know runs that are going on from those that were killed. */
export interface RunsDeps {
  readonly runs: GcRunsMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  /** False only when the process of that name is certainly gone. */
  readonly isAlive: (process: string) => boolean;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** Runs that nobody works on any more are said to have failed. @returns the run that holds the lock, or null. */
export async function tidyRuns(
  { runs, clock, isAlive }: Pick<RunsDeps, "runs" | "clock" | "isAlive">,
  { alive, over }: KnownRuns,
): Promise<string | null> {
  const holder = await runs.findHolder(clock());
  const isHeld = holder !== null && isAlive(processOfOwner(holder)) && runOfOwner(holder) !== over;
  const held = isHeld ? runOfOwner(holder) : null;
  await runs.breakOffRuns([alive, held].filter((id) => id !== null));
  return held;
}

/**
 * Remembers a run that begins. @param over a run of this process that is over, whatever its lock says.
 * @throws RegistryError GC_RUNNING while another one holds the lock.
 */
export async function beginGc(
  deps: RunsDeps,
  { trigger, dryRun }: Pick<GcRequest, "trigger" | "dryRun">,
  over: string | null,
): Promise<GcRun> {
  const held = await tidyRuns(deps, { alive: null, over });
  if (held !== null) throw new RegistryError("GC_RUNNING");
  return deps.runs.beginRun({ id: deps.newId(), trigger, dryRun, startedAt: deps.clock() });
}
