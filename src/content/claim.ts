// One writer for whatever is staged: a claim in the database, renewed while its request lives and given up when it ends.
import type { Claim } from "../metadata/metadata.ts";

/** What claims are made of. */
export interface ClaimSource {
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
}

/** A claim while it is used. */
export interface Hold {
  readonly owner: string;
  /** True once a transaction has given the claim up together with its own work. */
  released: boolean;
}

/** How a claim that is held is kept, and given up. */
export interface Holding {
  readonly owner: string;
  /** Unix ms. */
  readonly clock: () => number;
  /** @param now Unix ms. */
  readonly renew: (claim: Claim, now: number) => Promise<unknown>;
  readonly release: (owner: string) => Promise<void>;
}

/** How long a claim outlives its last renewal: only a writer that died without a word ever loses one. Unit: ms. */
const claimMs = 30_000;
const renewEveryMs = 10_000;

/** A fresh claim. */
export function makeClaim({ clock, newId }: ClaimSource): Claim {
  return { owner: newId(), until: clock() + claimMs };
}

/** Runs `use` while `owner` holds the claim; it is given up whatever happens, unless a transaction has done so already. */
export async function whileHeld<T>(
  { owner, clock, renew, release }: Holding,
  use: (hold: Hold) => Promise<T>,
): Promise<T> {
  const hold = { owner, released: false };
  const renewal = setInterval(() => {
    const now = clock();
    // A lost claim shows when its work is to be made known; a failed renewal is no reason to stop before.
    renew({ owner, until: now + claimMs }, now).catch(() => {});
  }, renewEveryMs);
  try {
    return await use(hold);
  } finally {
    clearInterval(renewal);
    if (!hold.released) await release(owner);
  }
}
