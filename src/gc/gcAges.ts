// How old is old enough for a run. Pure; the plan and the transactions that delete share it.
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

/** `limits` for a clock that was set back by `ms` since the run began. */
export function setBack(limits: AgeLimits, ms: number): AgeLimits {
  const { now, olderThan, pushesSince, bytesSince } = limits;
  return {
    now: now - ms,
    olderThan: olderThan - ms,
    pushesSince: pushesSince - ms,
    bytesSince: bytesSince - ms,
  };
}

/** The longest time that anything is kept for a promise or its age alone, in ms: a clock in doubt stays in doubt for so long. */
export function longestAge({
  minAgeMs,
  leaseMs,
  uploadsMs,
}: Pick<GcSettings, "minAgeMs" | "leaseMs" | "uploadsMs">): number {
  return Math.max(longestLease(leaseMs), minAgeMs, uploadsMs);
}
