// Sharing a file's blocks instead of copying its bytes, where the file system can (btrfs, XFS): one ioctl that no runtime offers.
import { dlopen } from "bun:ffi";
import { statfsSync } from "node:fs";

/** `_IOW(0x94, 13, struct file_clone_range)`, ioctl_ficlonerange(2). */
const cloneRange = 0x4020940dn;
/** glibc, then musl. */
const libraries = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];

type Ioctl = (file: number, request: bigint, argument: BigInt64Array) => number;

/** For the files of one file system. A first failure is the last try: what cannot be shared once never can. */
export class Reflinks {
  readonly #directory: string;
  #ioctl: Ioctl | null | undefined;
  #blockBytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Makes all of the open file `from` stand at `offset` of the open file `to` as well, in no time and no space.
   * @returns false where that cannot be; then nothing happened. Blocks are shared whole, so `offset` must be the first byte of one.
   */
  share(from: number, to: number, offset: number): boolean {
    this.#ioctl ??= this.#load();
    if (this.#ioctl === null || offset % this.#blockBytes !== 0) return false;
    // Fields of the struct: file, its first byte, how many (0: all), where to.
    const range = BigInt64Array.of(BigInt(from), 0n, 0n, BigInt(offset));
    if (this.#ioctl(to, cloneRange, range) === 0) return true;
    this.#ioctl = null;
    return false;
  }

  #load(): Ioctl | null {
    if (this.#ioctl === null || process.platform !== "linux") return null;
    this.#blockBytes = statfsSync(this.#directory).bsize;
    for (const library of libraries) {
      try {
        return dlopen(library, { ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } }).symbols
          .ioctl;
      } catch {
        // Another C library; without any, bytes are copied.
      }
    }
    return null;
  }
}
