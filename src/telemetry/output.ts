// Standard output as the log needs it: lines are buffered, and a slow reader never blocks the server. A full
// disk and a reader that has stopped cost lines, which are counted; they cost no waiting, no memory beyond a bound and no end. With
// pino's own destination (sonic-boom) in its place, six of the nine tests of `cli/unwritableOutput` fail: the server does not end.
import { constants, fstatSync, openSync, write, writeSync } from "node:fs";

/** Characters that are worth a write of their own. */
const wholeBatch = 16_384;
/** The pause between writes. The first line after a silence is written at once. */
const gatherMs = 200;
/** Characters that wait at most; beyond that the oldest lines go, down to three quarters of it. */
const longestQueue = 2 * 1_048_576;
const afterLoss = 0.75 * longestQueue;
/** First pause after a write that failed, doubled each time up to the longest. */
const firstPauseMs = 10;
const longestPauseMs = 1000;
/** Bytes of one write: enough to be worth it, few enough that a slow reader is seen to read. */
const longestWrite = 65_536;
/** How long the end waits for a reader to take something, and for it to take everything. */
const patienceMs = 200;
const longestEndMs = 2000;
const askAgainMs = 5;

/** Where lines go. */
interface OutputFile {
  readonly fd: number;
  /** True when a write may wait for a reader: such writes are made on another thread. */
  readonly mayBlock: boolean;
}

/**
 * Gathers lines and writes them to standard output. No library: with process.stdout the lines that wait have no bound, with writeSync
 * and with pino's destination a reader that has stopped holds the process up. test/telemetry/output.test.ts fails with each of them.
 */
export class Output {
  readonly #onRecovered: (lost: number) => void;
  readonly #target = openOutputFile();
  #lines: string[] = [];
  #length = 0;
  #lost = 0;
  /** Bytes taken from the lines and not written yet. */
  #rest: Uint8Array | null = null;
  #writing = false;
  /** Writes in a row that failed. */
  #failures = 0;
  #timer: Timer | null = null;
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** @param onRecovered receives the number of lost lines, once writing works again. */
  constructor(onRecovered: (lost: number) => void) {
    this.#onRecovered = onRecovered;
  }

  /** Adds a line, its line break included. */
  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length > longestQueue) this.#dropOldest();
    if (this.#length >= wholeBatch && this.#failures === 0) this.#send();
    else this.#sendLater();
  }

  /** Writes the buffered lines. Resolves when they are written, or when the reader took nothing for a moment. */
  async close(): Promise<void> {
    const startedAt = performance.now();
    this.#failures = 0;
    this.#send();
    while (this.#hasMore()) {
      const now = performance.now();
      const takenAt = Math.max(startedAt, this.#writtenAt);
      if (now - takenAt > patienceMs || now - startedAt > longestEndMs) return;
      this.#send();
      await Bun.sleep(askAgainMs);
    }
  }

  /** For the end of the process: writes what is left, without waiting where nothing was taken before. */
  finish(): void {
    // A caller that joined a hanging write would hang as well.
    if (this.#writing) return;
    const deadline = this.#failures > 0 ? 0 : performance.now() + patienceMs;
    for (let rest = this.#next(); rest !== null; rest = this.#next()) {
      try {
        this.#advance(rest, writeSync(this.#target.fd, rest, 0, partOf(rest)));
      } catch (error) {
        if (!isFull(error) || performance.now() >= deadline) return;
        Bun.sleepSync(askAgainMs);
      }
    }
  }

  #hasMore(): boolean {
    return this.#writing || this.#rest !== null || this.#lines.length > 0;
  }

  #dropOldest(): void {
    let count = 0;
    while (this.#length > afterLoss) {
      this.#length -= this.#lines[count]?.length ?? 0;
      count += 1;
    }
    this.#lines.splice(0, count);
    this.#lost += count;
  }

  #sendLater(): void {
    if (this.#timer !== null || this.#writing) return;
    this.#timer = setTimeout(() => this.#send(), this.#pause());
    this.#timer.unref();
  }

  #pause(): number {
    if (this.#failures > 0) {
      return Math.min(firstPauseMs * 2 ** (this.#failures - 1), longestPauseMs);
    }
    // Half a line may be out: its rest does not wait.
    if (this.#rest !== null) return 0;
    return Math.max(0, this.#writtenAt + gatherMs - performance.now());
  }

  #send(): void {
    if (this.#writing) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const rest = this.#next();
    if (rest === null) return;
    this.#writing = true;
    const { fd, mayBlock } = this.#target;
    if (mayBlock) {
      write(fd, rest, 0, partOf(rest), null, (error, count) =>
        this.#sent(rest, error === null ? count : null),
      );
    } else {
      this.#sent(rest, writeNow(fd, rest));
    }
  }

  /** @param count bytes that were taken; null when the write failed. */
  #sent(rest: Uint8Array, count: number | null): void {
    this.#writing = false;
    if (count === null) {
      this.#failures += 1;
    } else {
      this.#failures = 0;
      this.#advance(rest, count);
    }
    if (this.#rest !== null || this.#lines.length > 0) this.#sendLater();
  }

  /** The unwritten bytes, taken from the lines when there are none. */
  #next(): Uint8Array | null {
    if (this.#rest !== null || this.#lines.length === 0) return this.#rest;
    this.#rest = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    this.#length = 0;
    return this.#rest;
  }

  #advance(rest: Uint8Array, count: number): void {
    this.#writtenAt = performance.now();
    this.#rest = count < rest.byteLength ? rest.subarray(count) : null;
    if (this.#rest !== null || this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#onRecovered(lost);
  }
}

/** A pipe gets a description of its own, which never waits; other files have no such thing, or must share their position. */
function openOutputFile(): OutputFile {
  try {
    if (fstatSync(1).isFIFO()) {
      const fd = openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK);
      return { fd, mayBlock: false };
    }
  } catch {
    // No Linux, another user's pipe, or one without a reader.
  }
  return { fd: 1, mayBlock: true };
}

/** @returns bytes that were taken, or null. */
function writeNow(fd: number, bytes: Uint8Array): number | null {
  try {
    return writeSync(fd, bytes, 0, partOf(bytes));
  } catch {
    // Full, closed or removed: there is no other place to report it.
    return null;
  }
}

function partOf({ byteLength }: Uint8Array): number {
  return Math.min(byteLength, longestWrite);
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
