// The pace of cleanups: no request waits for them, and requests use the same disk.

/** The pace of a cleanup's steps. */
export interface Pace {
  /** After this many steps it rests. */
  readonly steps: number;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/** @returns a function that takes the steps. It rests for four times the time that they took, so that others have most of the disk. */
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
