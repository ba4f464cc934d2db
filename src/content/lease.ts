// The lease: for how long content stays that a pusher was told of, whether or not a manifest names it yet.

/** Leases are a tenth longer than what is promised: who asks a little later finds enough left, and writes nothing. */
const spare = 0.1;

/** A lease that is granted at one moment. Unix ms. */
export interface Lease {
  /** What was promised: content that is kept until then needs no new lease. */
  readonly atLeast: number;
  /** When the lease ends. */
  readonly until: number;
}

/** The lease of content that a pusher is told of at `now` (Unix ms); `leaseMs` (`gc.minAge`) is what the answer promises. */
export function leaseAt(now: number, leaseMs: number): Lease {
  return { atLeast: now + leaseMs, until: now + longestLease(leaseMs) };
}

/** The longest lease that is granted where `leaseMs` is promised, in ms. */
export function longestLease(leaseMs: number): number {
  return leaseMs + Math.ceil(leaseMs * spare);
}
