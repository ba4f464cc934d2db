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

/** The expiry of an upload. Times in Unix ms. */
export interface Lifetime {
  readonly state: MultipartState;
  readonly expiresAt: number;
  /** The owner of the claim to complete it; null when there is none. */
  readonly claimOwner: string | null;
}

/** True when the cleanup may end it: open, expired for longer than the grace period, and not being completed. */
export function isEligible(
  { state, expiresAt, claimOwner }: Lifetime,
  now: number,
  graceMs: number,
) {
  return mayFollow(state, "expired") && expiresAt < now - graceMs && claimOwner === null;
}

/**
 * The upload as a request that takes it `to` a state finds it at `now`. After its expiry it counts as expired, even before a sweep;
 * until the sweep its parts use space, and a client may abort it.
 * @param now null when no clock may end it: the clock is in doubt, or a part of it is arriving.
 * @throws RegistryError MULTIPART_COMPLETING while it is being completed, MULTIPART_STATE as `advanceState`.
 */
export function assertMayBecome(upload: Lifetime, to: MultipartState, now: number | null): void {
  if (upload.claimOwner !== null)
    throw new RegistryError("MULTIPART_COMPLETING", { retryAfter: 1 });
  const hasExpired = now !== null && upload.expiresAt < now && to !== "aborted";
  advanceState(hasExpired ? "expired" : upload.state, to);
}
