// Calls of the C library that no runtime offers. Where it cannot be loaded, or is none that is known, there are none.
import { dlopen } from "bun:ffi";

/** glibc, then musl. */
const libraries = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];

/** The called functions; `ioctl` and `posix_fadvise` return 0 on success. */
export interface LibC {
  ioctl(file: number, request: bigint, argument: BigInt64Array): number;
  /** `offset` and `length` in bytes, a length of 0 for all that follows. */
  posix_fadvise(file: number, offset: bigint, length: bigint, advice: number): number;
  /** A system call by its number, with six arguments; -1 when it failed. */
  syscall(call: number, ...args: readonly number[]): bigint;
  sysconf(name: number): bigint;
}

let loaded: LibC | null | undefined;

/** Loaded once, when it is first asked for. @returns null where there is none. */
export function loadLibC(): LibC | null {
  loaded ??= process.platform === "linux" ? load() : null;
  return loaded;
}

function load(): LibC | null {
  for (const library of libraries) {
    try {
      return dlopen(library, {
        ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
        posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" },
        syscall: { args: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], returns: "i64" },
        sysconf: { args: ["i32"], returns: "i64" },
      }).symbols;
    } catch {
      // Another C library.
    }
  }
  return null;
}
