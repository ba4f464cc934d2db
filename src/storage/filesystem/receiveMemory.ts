// The memory of received bytes that are not in a file yet: of all writers of the process together, however many send at once.

/** More than this is not gathered, but written as it is: many slow senders would hold a batch each. Bytes. */
const mostGathered = 16 * 1_048_576;
/** Batches that arrive or are on their way to the disk at a time. Beyond it, a writer waits before it receives the next one. */
const mostRooms = 8;
/** Who takes longer for a batch is slow, and others do not wait for it; less long when many wait. Unit: ms. */
const [shortestMs, longestMs] = [20, 250];
/** All who wait are let in within some seconds, however slow they are. Unit: ms. */
const waitMs = 16_000;

/** The memory of one batch. */
export interface Room {
  /** The batch is on its way to the disk: from now on only `giveBack` ends it. */
  keep(): void;
  /** For the next batch, whoever receives it. May be called again. */
  giveBack(): void;
}

/** Counts gathered bytes and batches, and lets writers wait. */
export class ReceiveMemory {
  #gathered = 0;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** True when whoever gathers is to write what it has. */
  get isCrowded(): boolean {
    return this.#gathered > mostGathered;
  }

  /** A writer keeps so many bytes more; fewer when negative. */
  gather(bytes: number): void {
    this.#gathered += bytes;
  }

  /** Resolves when there is room for a batch more; in turn. */
  async room(): Promise<Room> {
    if (this.#taken < mostRooms) this.#taken += 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    return this.#open();
  }

  #open(): Room {
    let isTaken = true;
    const giveBack = () => {
      clearTimeout(slow);
      if (!isTaken) return;
      isTaken = false;
      this.#leave();
    };
    const patience = Math.max(shortestMs, Math.min(longestMs, waitMs / this.#waiting.length));
    const slow = setTimeout(giveBack, patience);
    return {
      keep: () => {
        clearTimeout(slow);
        if (!isTaken) this.#taken += 1;
        isTaken = true;
      },
      giveBack,
    };
  }

  #leave(): void {
    this.#taken -= 1;
    if (this.#taken >= mostRooms) return;
    const go = this.#waiting.shift();
    if (go === undefined) return;
    this.#taken += 1;
    go();
  }
}

/** Of this process. */
export const receiveMemory = new ReceiveMemory();
