// Work under a lock of the database: taken from a dead holder, renewed while the work goes on, given up at its end.
import type { Hold, LocksMetadata } from "../metadata/locks.ts";
import { processOfOwner } from "./runs.ts";

/** How often a lock is renewed; ms. */
const renewEveryMs = 5_000;

/** What taking a lock needs. */
export interface LockDeps {
  readonly metadata: LocksMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  /** False only when the process of this name has certainly ended. */
  readonly isAlive: (process: string) => boolean;
}

/** A lock that is wanted. */
export interface WantedLock extends Pick<Hold, "name" | "owner"> {
  /** How long it outlives its last renewal; ms. */
  readonly lastsMs: number;
  /** The error when another one has it. */
  readonly onTaken: () => Error;
}

/** Holds the lock while `work` is running. @throws `onTaken` when another process holds it. */
export async function underLock<T>(
  deps: LockDeps,
  wanted: WantedLock,
  work: (hold: Hold) => Promise<T>,
): Promise<T> {
  const hold = await acquire(deps, wanted, null);
  const { metadata, clock } = deps;
  const renewal = setInterval(() => {
    // The next transaction notices that the lock is lost.
    metadata.renewLock(hold, clock() + wanted.lastsMs).catch(() => {});
  }, renewEveryMs);
  try {
    return await work(hold);
  } finally {
    clearInterval(renewal);
    await metadata.releaseLock(hold).catch(() => {});
  }
}

async function acquire(deps: LockDeps, wanted: WantedLock, dead: string | null): Promise<Hold> {
  const { metadata, clock, isAlive } = deps;
  const { name, owner, lastsMs } = wanted;
  const outcome = await metadata.acquireLock({ name, owner, now: clock(), lastsMs, dead });
  if (outcome.kind === "acquired") return outcome.hold;
  if (dead === null && !isAlive(processOfOwner(outcome.owner))) {
    return acquire(deps, wanted, outcome.owner);
  }
  throw wanted.onTaken();
}
