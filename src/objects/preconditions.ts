// What If-Match and If-None-Match ask of an object (RFC 9110, 13.1): pure, no I/O.
import type { Digest } from "../content/digest.ts";
import { RegistryError } from "../errors.ts";
import type { Precondition } from "../metadata/objects.ts";

/** Etags without their quotes; "any" for `*`, which is whatever there is. */
export type Etags = "any" | readonly string[];

/** What a request asks of the object as it is; null where it asks nothing. */
export interface Conditions {
  readonly ifMatch: Etags | null;
  readonly ifNoneMatch: Etags | null;
}

/** What a client should hear of a read. */
export type ReadVerdict = "send" | "notModified";

/** True when `current` is one of them; null, where there is no object, is none. */
function isAmong(etags: Etags, current: Digest | null): boolean {
  return current !== null && (etags === "any" || etags.includes(current));
}

/** Whether a write may go on. It asks again inside of its transaction. */
export function preconditionOf({ ifMatch, ifNoneMatch }: Conditions): Precondition {
  return (current) =>
    (ifMatch === null || isAmong(ifMatch, current)) &&
    (ifNoneMatch === null || !isAmong(ifNoneMatch, current));
}

/** @throws RegistryError PRECONDITION_FAILED when the object is not one that If-Match names. */
export function judgeRead({ ifMatch, ifNoneMatch }: Conditions, current: Digest): ReadVerdict {
  if (ifMatch !== null && !isAmong(ifMatch, current)) {
    throw new RegistryError("PRECONDITION_FAILED");
  }
  return ifNoneMatch !== null && isAmong(ifNoneMatch, current) ? "notModified" : "send";
}
