// Calls that are made again while S3 is slow, stopped or starting anew. The SDK's own retries give up within half a second.
import { isPassing, s3Error } from "./failures.ts";

/** How long a call may take. */
export interface CallLimits {
  /** One attempt without an answer is given up after so long; ms. */
  readonly attemptMs: number;
  /** Aborted when the answer is of no use any more. */
  readonly signal?: AbortSignal | undefined;
}

/** No attempt begins later than this after the first one; ms. */
const patienceMs = 45_000;
const firstRestMs = 50;
const longestRestMs = 2_000;

/** @throws S3Error of the last attempt; the reason of `signal`. */
export async function persist<T>(
  call: string,
  attempt: (signal: AbortSignal) => Promise<T>,
  { attemptMs, signal }: CallLimits,
): Promise<T> {
  const startedAt = performance.now();
  let wasSkewed = false;
  for (let rest = firstRestMs; ; rest = Math.min(rest * 2, longestRestMs)) {
    signal?.throwIfAborted();
    try {
      return await within(attemptMs, signal, attempt);
    } catch (error) {
      signal?.throwIfAborted();
      const failure = s3Error(call, error);
      // Anything that is refused while the clock is wrong looks like that: once is enough.
      const mayHelp = isPassing(failure) || (failure.isSkewed && !wasSkewed);
      if (!mayHelp || performance.now() - startedAt > patienceMs) throw failure;
      wasSkewed ||= failure.isSkewed;
    }
    // Many calls that failed at once do not all come back at once: each failed at another fraction of a millisecond.
    await sleep(rest * (0.5 + (performance.now() % 1) / 2), signal);
  }
}

async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal?.reason);
  const timer = setTimeout(() => ending.abort(new Error(`no answer for ${ms} ms`)), ms);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await attempt(ending.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener("abort", wake, { once: true });
  });
}
