// Files as they are after a restart of the machine: none of their bytes in memory.
import { dlopen } from "bun:ffi";
import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { storedFiles } from "./dataFolder.ts";

/** Linux' POSIX_FADV_DONTNEED. */
const dontNeed = 4;

/** Takes all stored content of a data directory out of memory, or `length` bytes of each from `start` on. Only on Linux with glibc. */
export async function forgetContent(data: string, { start = 0, length = 0 } = {}): Promise<void> {
  const { symbols, close } = dlopen("libc.so.6", {
    posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" },
  });
  for (const name of await storedFiles(data)) {
    const file = openSync(join(data, "blobs", name), "r");
    // What is not on the disk yet stays in memory.
    fsyncSync(file);
    symbols.posix_fadvise(file, BigInt(start), BigInt(length), dontNeed);
    closeSync(file);
  }
  close();
}
