// What a collection takes for old enough. Pure: marking, the rule for untagged manifests and the transactions that delete share it.
import { longestLease } from "../content/lease.ts";
import type { AgeLimits } from "../metadata/collection.ts";
import type { GcSettings } from "./gcRun.ts";

/** A push that is running for longer cannot keep what its first uploads brought; ms. */
export const longestPushMs = 24 * 3_600_000;

/** The limits of a run that begins at `now` (Unix ms): younger content than `minAgeMs` stays, and pushers were promised `leaseMs`. */
export function ageLimits(
  { minAgeMs, leaseMs }: Pick<GcSettings, "minAgeMs" | "leaseMs">,
  now: number,
): AgeLimits {
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
export function longestAge({
  minAgeMs,
  leaseMs,
  uploadsMs,
}: Pick<GcSettings, "minAgeMs" | "leaseMs" | "uploadsMs">): number {
  return Math.max(longestLease(leaseMs), minAgeMs, uploadsMs);
}
