// One sync for everyone who waits at the same moment: the price of a sync is paid once per round, not once per caller.

/** Coalesces calls of a slow, repeatable operation such as `fdatasync` of one file. */
export class GroupSync {
  readonly #run: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  /** @param run performs one sync of everything that was written before it starts. */
  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** Resolves when a sync that started after this call has ended; rejects when that sync failed. */
  wait(): Promise<void> {
    if (this.#running === null) return this.#start();
    // The running sync may have started before the caller's write: only the next one promises it.
    this.#next ??= this.#running.then(
      () => this.#startNext(),
      () => this.#startNext(),
    );
    return this.#next;
  }

  #startNext(): Promise<void> {
    this.#next = null;
    return this.#start();
  }

  #start(): Promise<void> {
    const running = this.#run().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }
}
