// The states of an upload in parts, and which follow each other: pure, no I/O.
import { RegistryError } from "../errors.ts";
import type { MultipartState } from "../model/multipartState.ts";

const followers: Readonly<Record<MultipartState, readonly MultipartState[]>> = {
  initiated: ["uploading", "aborted", "expired"],
  uploading: ["uploading", "completed", "aborted", "expired"],
  completed: [],
  aborted: [],
  expired: [],
};

/** True when an upload may go from one state to the other. A further part leaves it `uploading`. */
export function mayFollow(from: MultipartState, to: MultipartState): boolean {
  return followers[from].includes(to);
}

/** @returns `to`. @throws RegistryError MULTIPART_STATE when an upload cannot go there from where it is. */
export function advanceState(from: MultipartState, to: MultipartState): MultipartState {
  if (mayFollow(from, to)) return to;
  const message =
    from === "initiated"
      ? "this upload has no part yet; upload one, or abort it"
      : `this upload is ${from}; initiate a new one`;
  throw new RegistryError("MULTIPART_STATE", { message, detail: { state: from } });
}

/** When an upload ends by itself. Times in Unix ms. */
export interface Lifetime {
  readonly state: MultipartState;
  readonly expiresAt: number;
  /** Who completes it; null when nobody does. */
  readonly claimOwner: string | null;
}

/** True when the cleanup may end it: open, over for longer than the grace period, and nobody completes it. */
export function isEligible(
  { state, expiresAt, claimOwner }: Lifetime,
  now: number,
  graceMs: number,
) {
  return mayFollow(state, "expired") && expiresAt < now - graceMs && claimOwner === null;
}

/**
 * What a request that takes an upload `to` a state meets at `now`. Whatever is over by then has expired, even if nobody has noticed;
 * until then its parts take space, and whoever wants that back may abort it.
 * @param now null when no clock may end it: the clock is in doubt, or a part of it is arriving.
 * @throws RegistryError MULTIPART_COMPLETING while somebody completes it, MULTIPART_STATE as `advanceState`.
 */
export function assertMayBecome(upload: Lifetime, to: MultipartState, now: number | null): void {
  if (upload.claimOwner !== null)
    throw new RegistryError("MULTIPART_COMPLETING", { retryAfter: 1 });
  const hasExpired = now !== null && upload.expiresAt < now && to !== "aborted";
  advanceState(hasExpired ? "expired" : upload.state, to);
}
