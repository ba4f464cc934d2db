// A session whose hash is running, as the server's thread knows it. Pure, no I/O.
import { RegistryError } from "../../../errors.ts";
import type { Algorithm, Digest } from "../../../model/digest.ts";
import type { StagingState } from "../../../model/locator.ts";
import type { Boundary } from "../../../model/staged.ts";
import type { HashReport } from "./protocol.ts";

/** How long the state of a small idle session is kept: reading it again costs next to nothing. Unit: ms. */
const inlineIdleMs = 5 * 60_000;
/** The same for one of any size, whose closing request would wait for it to be read again. Unit: ms. */
const followedIdleMs = 60 * 60_000;

/** States that are kept in all, half a kilobyte each: of more, the one that was not used for the longest time is read again when it is needed. */
export const mostRunning = 10_000;

/** A session's staged bytes as they were left. */
export interface Taken {
  readonly offset: number;
  readonly boundaries: readonly Boundary[];
  /** The boundaries' too; sha256 unless it is given. */
  readonly algorithm?: Algorithm;
}

/** A request for a digest. */
export interface Question {
  readonly size: number;
  readonly algorithm: Algorithm;
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: Error) => void;
}

/** The hash state of an open session. */
export interface Running {
  /** Distinguishes reports on these bytes from reports on earlier ones. */
  readonly reading: number;
  readonly staging: StagingState;
  /** Under which its bytes are hashed as they come. */
  readonly algorithm: Algorithm;
  readonly worker: number;
  /** When it was last asked about; monotonic ms. */
  usedAt: number;
  inline: Bun.CryptoHasher | null;
  /** Bytes staged. */
  size: number;
  /** Bytes the worker has hashed. */
  position: number;
  /** Where its chunks ended before it was taken up; empty for a session that was followed from the start. */
  boundaries: readonly Boundary[];
  waiters: { readonly at: number; readonly resolve: () => void }[];
  question: Question | null;
  /** Why it is no longer followed: damaged, forgotten. Its writer gets this error. */
  ended: Error | null;
}

/** True while a request waits for it. */
export const isAwaited = ({ question, waiters }: Running): boolean =>
  question !== null || waiters.length > 0;

/** True when it can be forgotten: no request waits for it, and the last one is long ago. @param now monotonic ms. */
export function isIdle(running: Running, now: number): boolean {
  const { inline, usedAt } = running;
  return !isAwaited(running) && now - usedAt >= (inline === null ? followedIdleMs : inlineIdleMs);
}

/** Releases callers that wait for at most `position` bytes to be hashed. */
export function release(running: Running, position: number): void {
  if (running.waiters.length === 0) return;
  const due = running.waiters.filter(({ at }) => at <= position);
  running.waiters = running.waiters.filter(({ at }) => at > position);
  for (const { resolve } of due) resolve();
}

/** A worker's failure, as the error of waiting requests. */
export function failureOf({ situation, message }: Extract<HashReport, { kind: "failed" }>): Error {
  return situation === "UNKNOWN" ? new Error(message) : new RegistryError(situation);
}
