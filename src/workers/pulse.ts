// Shows that a worker waits for the disk: blocked in a read it can send no message, but it is neither dead nor hung.

/** Counted up by the worker before and after each call that may block; read by the thread that waits for the worker. */
export class Pulse {
  /** For the other thread. */
  readonly shared: SharedArrayBuffer;
  readonly #count: Int32Array;

  /** @param shared of the pulse on the other thread; a new one begins without. */
  constructor(shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#count = new Int32Array(shared);
  }

  /** Changes with everything that is done; odd while a call is under way. */
  get count(): number {
    return Atomics.load(this.#count, 0);
  }

  /** A worker begins: the calls of an earlier one are over. */
  begin(): void {
    Atomics.store(this.#count, 0, (this.count + 2) & ~1);
  }

  /** One call that may block. */
  during<T>(call: () => T): T {
    Atomics.add(this.#count, 0, 1);
    try {
      return call();
    } finally {
      Atomics.add(this.#count, 0, 1);
    }
  }
}
