// Locks, a part of port 2: work that one process at a time may do.

/**
 * Work that only one may do at a time: a collection; the scheduled work of all servers that share a database. A clock that is set may give
 * one to a second holder: every transaction of such work asks for its epoch, so that the first one changes nothing from then on.
 */
export type LockName = "gc" | "tend";

/** A lock that is held. `epoch` grows with each holder: writes of an earlier one are refused. */
export interface Hold {
  readonly name: LockName;
  readonly owner: string;
  readonly epoch: number;
}

/** A wish for a lock. */
export interface LockRequest {
  readonly name: LockName;
  readonly owner: string;
  /** Unix ms. */
  readonly now: number;
  /** How long it is held without a renewal, in ms. */
  readonly lastsMs: number;
  /** A holder that is known to be dead: its lock counts as free. */
  readonly dead: string | null;
}

export type LockOutcome =
  | { readonly kind: "acquired"; readonly hold: Hold }
  | { readonly kind: "held"; readonly owner: string };

export interface LocksMetadata {
  /** Takes a lock that is free, has run out, or belongs to `dead`. */
  acquireLock(request: LockRequest): Promise<LockOutcome>;
  /** @param until Unix ms. @returns false when another owner holds it now. Not durable on purpose. */
  renewLock(hold: Hold, until: number): Promise<boolean>;
  /** Giving up a lock that is lost is not an error. */
  releaseLock(hold: Hold): Promise<void>;
}
