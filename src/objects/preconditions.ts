// A request's preconditions on an object (RFC 9110, 13.1), and which of them count (13.2.2): pure, no I/O.
import { RegistryError } from "../errors.ts";
import type { ObjectVersion, Precondition } from "../metadata/objects.ts";

/** Etags without their quotes; "any" for `*`, any existing object. */
export type Etags = "any" | readonly string[];

/** A request's preconditions; null where there is none. */
export interface Conditions {
  readonly ifMatch: Etags | null;
  readonly ifNoneMatch: Etags | null;
  /** Unix seconds. */
  readonly ifUnmodifiedSince: number | null;
  /** Unix seconds. */
  readonly ifModifiedSince: number | null;
}

/** The verdict on a read. */
export type ReadVerdict = "send" | "notModified";

/** True when `current` is one of them; null, where there is no object, is none. */
function isAmong(etags: Etags, current: ObjectVersion | null): boolean {
  return current !== null && (etags === "any" || etags.includes(current.digest));
}

/** Dates of HTTP are whole seconds: what changed within the second that `Last-Modified` named has not changed since. */
function isUnmodified({ createdAt }: ObjectVersion, since: number): boolean {
  return Math.floor(createdAt / 1000) <= since;
}

/** If-Unmodified-Since counts only without If-Match, and only where there is an object that has a date. */
function isExpected(
  { ifMatch, ifUnmodifiedSince }: Conditions,
  current: ObjectVersion | null,
): boolean {
  if (ifMatch !== null) return isAmong(ifMatch, current);
  if (ifUnmodifiedSince === null || current === null) return true;
  return isUnmodified(current, ifUnmodifiedSince);
}

/** Whether a write may proceed. Checked again inside its transaction. */
export function preconditionOf(conditions: Conditions): Precondition {
  const { ifNoneMatch } = conditions;
  return (current) =>
    isExpected(conditions, current) && (ifNoneMatch === null || !isAmong(ifNoneMatch, current));
}

/** @throws RegistryError PRECONDITION_FAILED when the object is not the one that If-Match or If-Unmodified-Since asks for. */
export function judgeRead(conditions: Conditions, current: ObjectVersion): ReadVerdict {
  if (!isExpected(conditions, current)) throw new RegistryError("PRECONDITION_FAILED");
  const { ifNoneMatch, ifModifiedSince } = conditions;
  if (ifNoneMatch !== null) return isAmong(ifNoneMatch, current) ? "notModified" : "send";
  if (ifModifiedSince === null) return "send";
  return isUnmodified(current, ifModifiedSince) ? "notModified" : "send";
}
