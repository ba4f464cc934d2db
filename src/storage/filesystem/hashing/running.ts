// A session whose hash is running, as the server's thread knows it. Pure, no I/O.
import { RegistryError } from "../../../errors.ts";
import type { Algorithm, Digest } from "../../../model/digest.ts";
import type { StagingState } from "../../../model/locator.ts";
import type { Boundary } from "../../../model/staged.ts";
import type { HashReport } from "./protocol.ts";

/** How long a small session is remembered that nobody asks about: reading it again costs next to nothing. Unit: ms. */
const inlineIdleMs = 5 * 60_000;
/** The same for one of any size, whose closing request would wait for it to be read again. Unit: ms. */
const followedIdleMs = 60 * 60_000;

/** A session's staged bytes as they were left. */
export interface Taken {
  readonly offset: number;
  readonly boundaries: readonly Boundary[];
  /** The boundaries' too; sha256 unless it is given. */
  readonly algorithm?: Algorithm;
}

/** Somebody waits for a digest. */
export interface Question {
  readonly size: number;
  readonly algorithm: Algorithm;
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: Error) => void;
}

/** What is known of an open session. */
export interface Running {
  /** Tells what is said of these bytes from what was said of earlier ones. */
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
  /** Why it is no longer followed: damaged, forgotten. Whoever still writes to it is told. */
  ended: Error | null;
}

/** True when it can be forgotten: nobody waits for it, and nobody has asked about it for long. @param now monotonic ms. */
export function isIdle({ inline, question, waiters, usedAt }: Running, now: number): boolean {
  if (question !== null || waiters.length > 0) return false;
  return now - usedAt >= (inline === null ? followedIdleMs : inlineIdleMs);
}

/** Lets those go on who wait for at most `position` bytes to be hashed. */
export function release(running: Running, position: number): void {
  if (running.waiters.length === 0) return;
  const due = running.waiters.filter(({ at }) => at <= position);
  running.waiters = running.waiters.filter(({ at }) => at > position);
  for (const { resolve } of due) resolve();
}

/** What a worker could not do, as whoever waits for it is told. */
export function failureOf({ situation, message }: Extract<HashReport, { kind: "failed" }>): Error {
  return situation === "UNKNOWN" ? new Error(message) : new RegistryError(situation);
}
