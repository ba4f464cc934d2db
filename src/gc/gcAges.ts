// What a collection takes for old enough. Pure: the marking, the rule for untagged manifests and the transactions that delete share it.
import { longestLease } from "../content/lease.ts";
import type { AgeLimits } from "../metadata/collection.ts";

/** A push that goes on for longer cannot keep what its first uploads brought; ms. */
export const longestPushMs = 24 * 3_600_000;

/** What the ages of a run are reckoned from, in ms: younger content than `minAgeMs` stays, and pushers were promised `leaseMs`. */
export interface AgeRule {
  readonly minAgeMs: number;
  readonly leaseMs: number;
}

/** What is not collected, and judged by the same clock. */
export interface KeptUploads {
  /** The longest that an open upload is kept without a byte, in ms. */
  readonly uploadsMs: number;
}

/** The limits of a run that begins at `now` (Unix ms). */
export function ageLimits({ minAgeMs, leaseMs }: AgeRule, now: number): AgeLimits {
  return {
    now,
    olderThan: now - minAgeMs,
    pushesSince: now - longestPushMs,
    bytesSince: now - longestLease(leaseMs),
  };
}

/** `limits` as a clock has them that was set back by `ms` since. */
export function setBack(limits: AgeLimits, ms: number): AgeLimits {
  const { now, olderThan, pushesSince, bytesSince } = limits;
  return {
    now: now - ms,
    olderThan: olderThan - ms,
    pushesSince: pushesSince - ms,
    bytesSince: bytesSince - ms,
  };
}

/** The longest that anything in the store is kept for a promise or its age alone, in ms: until then a clock in doubt stays in doubt. */
export function longestAge({ minAgeMs, leaseMs, uploadsMs }: AgeRule & KeptUploads): number {
  return Math.max(longestLease(leaseMs), minAgeMs, uploadsMs);
}
