// The pace of cleanups: others use the same disk, and nobody waits for what goes.

/** How a cleanup goes about its steps. */
export interface Pace {
  /** After this many steps it rests. */
  readonly steps: number;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/** @returns what takes the steps: now and then it rests for four times the time that they took, so that others have most of the disk. */
export function paced({ steps, rest }: Pace): (step: () => Promise<void>) => Promise<void> {
  let taken = 0;
  let spentMs = 0;
  return async (step) => {
    const startedAt = performance.now();
    try {
      await step();
    } finally {
      spentMs += performance.now() - startedAt;
      taken += 1;
    }
    if (taken % steps > 0) return;
    await rest(4 * spentMs);
    spentMs = 0;
  };
}
