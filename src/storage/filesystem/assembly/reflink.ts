// Sharing a file's blocks instead of copying its bytes, where the file system can (btrfs, XFS).
import { statfsSync } from "node:fs";
import { loadLibC } from "../libc.ts";

/** `_IOW(0x94, 13, struct file_clone_range)`, ioctl_ficlonerange(2). */
const cloneRange = 0x4020940dn;

/** For the files of one file system. A first failure is the last try: what cannot be shared once never can. */
export class Reflinks {
  readonly #directory: string;
  #possible = true;
  #blockBytes: number | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Shares the blocks of the open file `from` at `offset` of the open file `to`, without copying bytes.
   * @returns false where that cannot be; then nothing happened. Blocks are shared whole, so `offset` must be the first byte of one.
   */
  share(from: number, to: number, offset: number): boolean {
    const libc = this.#possible ? loadLibC() : null;
    if (libc === null) return false;
    this.#blockBytes ??= statfsSync(this.#directory).bsize;
    if (offset % this.#blockBytes !== 0) return false;
    // Fields of the struct: file, its first byte, how many (0: all), where to.
    const range = BigInt64Array.of(BigInt(from), 0n, 0n, BigInt(offset));
    this.#possible = libc.ioctl(to, cloneRange, range) === 0;
    return this.#possible;
  }
}
