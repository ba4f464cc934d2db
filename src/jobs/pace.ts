// The pace of cleanups: no request waits for them, and requests use the same disk.

/** The pace of a cleanup's steps. */
export interface Pace {
  /** After this many steps it rests. */
  readonly steps: number;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/** Takes a step of a cleanup, and rests now and then. @returns what the step did. */
export type Paced = <T>(step: () => Promise<T>) => Promise<T>;

/** @returns a function that takes the steps. It rests for four times the time that they took, so that others have most of the disk. */
export function paced({ steps, rest }: Pace): Paced {
  let taken = 0;
  let spentMs = 0;
  return async (step) => {
    const startedAt = performance.now();
    try {
      return await step();
    } finally {
      spentMs += performance.now() - startedAt;
      taken += 1;
      if (taken % steps === 0) {
        await rest(4 * spentMs);
        spentMs = 0;
      }
    }
  };
}

/** The same items, each fetched as a step. */
export async function* pacedItems<T>(items: AsyncIterable<T>, pace: Pace): AsyncGenerator<T> {
  const step = paced(pace);
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await step(() => iterator.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
