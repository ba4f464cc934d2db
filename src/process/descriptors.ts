// The table of what this process has open: how large it may be, how full it is, and places in it that are kept free for what must
// not fail. The runtime ends the whole process when a worker finds no descriptor for its event loop.
import { closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";

/** Places that only workers may use while they start. */
const forWorkers = 16;
/** How long a worker may take to open what it needs. Unit: ms. */
const startingMs = 500;

/** Descriptors of this process. */
export class Descriptors {
  /** How many it may have; Infinity where that is not known. */
  readonly limit: number;
  /** So many are kept while nothing is short. */
  readonly reserve: number;
  readonly #held: number[] = [];
  #wanted: number;
  #starting = 0;

  constructor(limit = readLimit()) {
    this.limit = limit;
    this.reserve = Number.isFinite(limit) ? Math.min(64, Math.floor(limit / 4)) : 0;
    this.#wanted = this.reserve;
  }

  /** How many are open now, those that are kept included. */
  get used(): number {
    // Since Linux 6.2 the folder's size is their number.
    const { size } = statSync("/proc/self/fd");
    if (size > 0) return size;
    try {
      return readdirSync("/proc/self/fd").length;
    } catch {
      // There is none left to read the folder with.
      return this.limit;
    }
  }

  /** As `used`, were the whole reserve kept. */
  get usedWithReserve(): number {
    return this.used - this.#held.length + this.reserve;
  }

  /**
   * Releases the reserve for the next files that are opened, except the part that workers need; or takes it, as far as possible. Nothing is
   * kept before the first call: it would take 2 ms of the start.
   */
  keep(whole: boolean): void {
    this.#wanted = whole ? this.reserve : Math.min(this.reserve, forWorkers);
    if (this.#starting === 0) this.#take();
  }

  /** Starts a worker with the kept places free for it. */
  lend(start: () => Worker): Worker {
    this.#starting += 1;
    this.#release(0);
    setTimeout(() => {
      this.#starting -= 1;
      if (this.#starting === 0) this.#take();
    }, startingMs).unref();
    return start();
  }

  /** Gives all of them back. */
  close(): void {
    this.#wanted = 0;
    this.#release(0);
  }

  #take(): void {
    this.#release(this.#wanted);
    try {
      while (this.#held.length < this.#wanted) this.#held.push(openSync("/dev/null", "r"));
    } catch {
      // The next time more may be free.
    }
  }

  #release(count: number): void {
    for (const each of this.#held.splice(count)) closeSync(each);
  }
}

/** The soft limit: the runtime has raised it to the hard one before anything of ours runs. */
function readLimit(): number {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
