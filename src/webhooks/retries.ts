// When an event that its receiver did not accept is sent again. Pure.

const firstMs = 1_000;
const longestMs = 600_000;
/** No event is due later than this, from when it was written or has failed; ms. */
export const longestDueMs = 2 * longestMs;
/** Events that have waited longer are given up by the attempt that fails then. */
const longestWaitMs = 24 * 60 * 60 * 1000;

/** A receiver that fails is left alone for this long at most; ms. */
const longestPauseMs = 60_000;

/** The parts of an event that decide. */
interface Failed {
  /** Attempts before this one. */
  readonly attempts: number;
  /** Since when it waits, Unix ms. */
  readonly since: number;
}

/**
 * Twice as long each time, and a quarter more or less, so that many receivers or servers do not come at once.
 * @param times `now`: Unix ms; `aged`: the same by a clock that cannot be set, null while ages prove nothing. @param random 0 to 1.
 * @returns when it is due again, Unix ms; null: it is given up.
 */
export function nextAttempt(
  { attempts, since }: Failed,
  { now, aged }: { readonly now: number; readonly aged: number | null },
  random: number,
): number | null {
  if (aged !== null && aged - since >= longestWaitMs) return null;
  return now + spread(Math.min(longestMs, firstMs * 2 ** Math.min(attempts, 20)), random);
}

/** How long nothing is sent to a receiver that failed `failures` times in a row; ms. @param random 0 to 1. */
export function pauseAfter(failures: number, random: number): number {
  return spread(Math.min(longestPauseMs, (firstMs / 2) * 2 ** Math.min(failures, 20)), random);
}

const spread = (ms: number, random: number): number => Math.round(ms * (0.75 + random / 2));
