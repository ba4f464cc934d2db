// Going on after a broken line: what is tried again, when, and for how long.
import { showAge } from "../amounts.ts";
import {
  isDiskFull,
  isLasting,
  LineError,
  lineText,
  RefusedError,
  refusedText,
} from "./problems.ts";

/** How patient a command is. */
export interface Patience {
  /** Ends waiting; what it was aborted with is thrown. */
  readonly stop: AbortSignal;
  /** How long one thing may fail before it is given up, ms. */
  readonly forMs: number;
  /** Of the server, for texts. */
  readonly url: string;
  /** Reports why nothing happens. */
  readonly say: (text: string) => void;
  /** Shared by all concurrent requests: an outage is reported once, until something works again. */
  readonly outage: { isTold: boolean };
}

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/** Does it until it is done, or fails for good, or `forMs` has passed since it failed first. @throws what it threw last. */
export async function persist<T>(patience: Patience, attempt: () => Promise<T>): Promise<T> {
  let firstFailure: number | null = null;
  for (let failures = 0; ; failures += 1) {
    try {
      const done = await attempt();
      patience.outage.isTold = false;
      return done;
    } catch (error) {
      patience.stop.throwIfAborted();
      const now = performance.now();
      // A request that must wait for the server's own work has not failed.
      if (isCompleting(error)) firstFailure = null;
      else firstFailure ??= now;
      const wait = waitAfter(error, failures);
      if (wait === null) throw error;
      const deadline = (firstFailure ?? now) + patience.forMs;
      if (now + wait > deadline) throw error;
      tell(patience, error);
      await rest(wait, patience.stop);
    }
  }
}

function tell({ outage, say, url, forMs }: Patience, error: unknown): void {
  if (!outage.isTold) say(`${reason(error, url)} Trying again for up to ${showAge(forMs)}.`);
  outage.isTold = true;
}

const isCompleting = (error: unknown): boolean =>
  error instanceof RefusedError && error.status === 409 && error.retryAfterMs !== null;

/** How long to wait before the next attempt, ms; null when there is no use in one. */
export function waitAfter(error: unknown, failures: number): number | null {
  const growing = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures, 10));
  if (error instanceof LineError) return isLasting(error) ? null : growing;
  if (!(error instanceof RefusedError)) return null;
  if (isCompleting(error)) return error.retryAfterMs;
  const { status } = error;
  const isBusy = status === 408 || status === 429 || (status >= 500 && status !== 501);
  const passes = isBusy || isDiskFull(error);
  return passes ? (error.retryAfterMs ?? growing) : null;
}

function reason(error: unknown, url: string): string {
  const text =
    error instanceof LineError
      ? error.code === "ECONNREFUSED"
        ? `No server answers at ${url}.`
        : lineText(error, url)
      : error instanceof RefusedError
        ? refusedText(error, url)
        : String(error);
  return text.endsWith(".") ? text : `${text}.`;
}

/** Sleeps until `stop` ends it. @throws what it was aborted with. */
function rest(ms: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onStop = (): void => reject(stop.reason);
  const timer = setTimeout(resolve, ms);
  stop.addEventListener("abort", onStop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    stop.removeEventListener("abort", onStop);
  });
}
