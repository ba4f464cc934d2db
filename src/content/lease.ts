// The lease: how long content is kept for its pusher, whether or not a manifest names it yet.

/** Leases are a tenth longer than what is promised: who asks a little later finds enough left, and writes nothing. */
const spare = 0.1;

/** A lease that is granted at one moment. Unix ms. */
export interface Lease {
  /** The promised end: content that is kept until then needs no new lease. */
  readonly atLeast: number;
  /** When the lease ends. */
  readonly until: number;
}

/** The lease of content that is acknowledged at `now` (Unix ms) for `leaseMs` (`gc.minAge`). */
export function leaseAt(now: number, leaseMs: number): Lease {
  return { atLeast: now + leaseMs, until: now + longestLease(leaseMs) };
}

/** The longest lease that is granted where `leaseMs` is promised, in ms. */
export function longestLease(leaseMs: number): number {
  return leaseMs + Math.ceil(leaseMs * spare);
}
