// Transactions of this process that change the same row follow each other instead of getting in each other's way: one at a time is
// faster than many that are repeated. Other replicas are not asked; what they get in the way of is attempted again.

/** Queues by name. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `act` when those before it in the lane have ended. */
  async follow<T>(lane: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(lane);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(lane, promise);
    try {
      await before;
      return await act();
    } finally {
      resolve();
      if (this.#last.get(lane) === promise) this.#last.delete(lane);
    }
  }
}
