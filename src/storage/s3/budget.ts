// The memory that cells of all uploads share. Who wants more than there is waits, first come first served, and its sender with it.

/** One cell's share. */
export interface Room {
  /** The cell is full: from now on it waits for S3, not for its sender. */
  fill(): void;
  /** More than once does no harm. */
  free(): void;
}

/** A sender has so long to fill a cell until others need not wait for it any more; ms. Memory grows a little then, uploads never stand still. */
const patienceMs = 10_000;
const inspectEveryMs = 1_000;

interface Share {
  readonly bytes: number;
  /** Monotonic ms; null once it is full. */
  fillingSince: number | null;
}

interface Waiting {
  readonly bytes: number;
  readonly grant: (room: Room) => void;
}

/** Shares memory out. */
export class CellBudget {
  readonly #bytes: number;
  readonly #now: () => number;
  readonly #shares = new Set<Share>();
  #waiting: readonly Waiting[] = [];
  #inspection: Timer | null = null;

  /** @param bytes of all cells together. One cell alone may have more. @param now monotonic ms. */
  constructor(bytes: number, now: () => number = () => performance.now()) {
    this.#bytes = bytes;
    this.#now = now;
  }

  /** @returns null when it has to be waited for. */
  take(bytes: number): Room | null {
    return this.#waiting.length === 0 && this.#fits(bytes) ? this.#share(bytes) : null;
  }

  /** @throws the reason of `signal`. */
  async wait(bytes: number, signal: AbortSignal): Promise<Room> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Room>();
    const waiting = { bytes, grant: resolve };
    const onAbort = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      this.inspect();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting = [...this.#waiting, waiting];
    this.inspect();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Lets those go on for whom there is room now; called once a second while somebody waits. */
  inspect(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (!this.#fits(first.bytes)) break;
      this.#waiting = this.#waiting.slice(1);
      first.grant(this.#share(first.bytes));
    }
    if (this.#waiting.length === 0) this.#rest();
    else this.#inspection ??= setInterval(() => this.inspect(), inspectEveryMs);
  }

  #rest(): void {
    if (this.#inspection !== null) clearInterval(this.#inspection);
    this.#inspection = null;
  }

  #fits(bytes: number): boolean {
    const now = this.#now();
    let counted = 0;
    for (const { bytes: taken, fillingSince } of this.#shares) {
      const isSlow = fillingSince !== null && now - fillingSince >= patienceMs;
      if (!isSlow) counted += taken;
    }
    return counted === 0 || counted + bytes <= this.#bytes;
  }

  #share(bytes: number): Room {
    const share: Share = { bytes, fillingSince: this.#now() };
    this.#shares.add(share);
    return {
      fill: () => {
        share.fillingSince = null;
      },
      free: () => {
        if (this.#shares.delete(share)) this.inspect();
      },
    };
  }
}
