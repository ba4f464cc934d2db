// Standard input in pieces of a wanted size, hashed as they pass, in memory that is used again and again.
import { read } from "node:fs";
import { CommandError } from "../../client/problems.ts";

/** Blocks of memory, all of the same size until a larger one is asked for. */
export class Blocks {
  #free: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;

  /** @returns a block of `size` bytes, whose contents mean nothing. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (size !== this.#size) {
      this.#free = [];
      this.#size = size;
    }
    return this.#free.pop() ?? new Uint8Array(size);
  }

  /** Returns a block that is no longer used. @param bytes a block, or the beginning of one. */
  give({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (buffer.byteLength === this.#size) this.#free.push(new Uint8Array(buffer));
    // The collector would come by too late: it does not see how much a block weighs.
    else buffer.transfer(0);
  }
}

const inputFd = 0;
/** A pipe in non-blocking mode is read again after this, ms. */
const emptyMs = 10;

/** Reads into `block` from `offset` on. A stream would make garbage as fast as the input is. @returns bytes; 0 at the end. */
async function readInput(block: Uint8Array, offset: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  read(inputFd, block, offset, block.byteLength - offset, null, (error, count) => {
    if (error === null) resolve(count);
    else if (error.code === "EAGAIN")
      resolve(Bun.sleep(emptyMs).then(() => readInput(block, offset)));
    else if (error.code === "EOF") resolve(0);
    else reject(new CommandError(`Standard input cannot be read: ${error.message}`));
  });
  return promise;
}

/** Takes pieces from standard input. */
export class InputReader {
  readonly #blocks: Blocks;
  readonly #stop: AbortSignal;
  readonly #hasher = new Bun.CryptoHasher("sha256");
  /** One byte: to know whether a piece was the last one, one must look behind it. */
  readonly #next = new Uint8Array(1);
  #hasNext = false;
  isAtEnd = false;

  constructor(blocks: Blocks, stop: AbortSignal) {
    this.#blocks = blocks;
    this.#stop = stop;
  }

  /** @returns a block with `size` bytes, or with what is left before the end. @throws what `stop` was aborted with. */
  async take(size: number): Promise<Uint8Array<ArrayBuffer>> {
    const block = this.#blocks.take(size);
    let filled = 0;
    if (this.#hasNext) {
      block.set(this.#next);
      filled = 1;
    }
    while (filled < size && !this.isAtEnd) filled += await this.#read(block, filled);
    this.#hasNext = !this.isAtEnd && (await this.#read(this.#next, 0)) > 0;
    const taken = block.subarray(0, filled);
    this.#hasher.update(taken);
    return taken;
  }

  /** Of everything that was taken: `sha256:…` */
  digest(): string {
    return `sha256:${this.#hasher.copy().digest("hex")}`;
  }

  async #read(block: Uint8Array, offset: number): Promise<number> {
    this.#stop.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    // A terminal or a pipe may be silent for ever.
    const onStop = (): void => reject(this.#stop.reason);
    this.#stop.addEventListener("abort", onStop, { once: true });
    readInput(block, offset).then(resolve, reject);
    const count = await promise.finally(() => this.#stop.removeEventListener("abort", onStop));
    if (count === 0) this.isAtEnd = true;
    return count;
  }
}
