// One writer for staged bytes: a claim in their row, released when its request ends. Each claim has an owner of its own, which all
// statements of its request name: one that was taken over changes no row. When that may happen is a matter of the rows: where one
// server writes never while it lives, where several do after some seconds without a sign of life.
import { RegistryError } from "../errors.ts";

/** A claim while it is used. */
export interface HeldClaim {
  readonly owner: string;
  /** Aborted when the claim is known to be lost: its request stops, and touches no byte any more. */
  readonly signal: AbortSignal;
  /** True once a transaction has given the claim up together with its own work. */
  released: boolean;
}

/** How a claim that is held is kept, and given up. */
export interface Holding {
  readonly owner: string;
  /** Records activity. @returns false when the row was deleted: the upload has ended. */
  readonly renew: () => Promise<boolean>;
  readonly release: () => Promise<unknown>;
  readonly overdue: OverdueReleases;
}

const renewEveryMs = 3_000;
const retryEveryMs = 1_000;

/**
 * Claims whose requests have ended although the database could not be written at that moment: until their rows are written, nobody
 * else could claim them. They are released as soon as that works.
 */
export class OverdueReleases {
  readonly #overdue = new Set<() => Promise<unknown>>();
  #timer: Timer | null = null;
  #retrying: Promise<void> | null = null;

  /** Gives a claim up now, or later if that fails. Never throws. */
  async settle(release: () => Promise<unknown>): Promise<void> {
    try {
      await release();
    } catch (error) {
      if (isReadOnly(error)) return;
      this.#overdue.add(release);
      this.#watch();
    }
  }

  /** Retries overdue releases, once for all callers. Called before a new claim. Never throws. */
  retry(): Promise<void> {
    if (this.#overdue.size === 0) return Promise.resolve();
    this.#retrying ??= this.#retryAll().finally(() => {
      this.#retrying = null;
    });
    return this.#retrying;
  }

  async #retryAll(): Promise<void> {
    for (const release of this.#overdue) {
      try {
        await release();
        this.#overdue.delete(release);
      } catch (error) {
        if (isReadOnly(error)) this.#overdue.clear();
        // A database that refuses one refuses them all, each after seconds.
        if (error instanceof RegistryError && error.situation === "BUSY") return;
      }
    }
  }

  #watch(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(async () => {
      await this.retry();
      if (this.#overdue.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    }, retryEveryMs);
    this.#timer.unref();
  }
}

/** Nothing can be written until the server starts again, and its claims end with it. */
const isReadOnly = (error: unknown): boolean =>
  error instanceof RegistryError && error.situation === "READ_ONLY";

/** Runs `use` while `owner` has the claim; it is released afterwards in any case, unless a transaction has done so. */
export async function whileHeld<T>(
  { owner, renew, release, overdue }: Holding,
  use: (hold: HeldClaim) => Promise<T>,
): Promise<T> {
  return whileAlive(renew, renewEveryMs, async (signal) => {
    const hold = { owner, signal, released: false };
    try {
      return await use(hold);
    } finally {
      if (!hold.released) await overdue.settle(release);
    }
  });
}

/**
 * Runs `use`, and gives a sign of life every `everyMs` meanwhile. The signal is aborted, with UPLOAD_UNKNOWN, when `renew` says that
 * its row was deleted.
 */
export async function whileAlive<T>(
  renew: () => Promise<boolean>,
  everyMs: number,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const renewal = setInterval(() => {
    renew().then(
      (isHeld) => {
        if (!isHeld) lost.abort(new RegistryError("UPLOAD_UNKNOWN"));
      },
      // A database that cannot be written now says nothing: every statement asks again.
      () => {},
    );
  }, everyMs);
  try {
    return await use(lost.signal);
  } finally {
    clearInterval(renewal);
  }
}
