// One sync of a whole file system: for many files at once it costs about as much as the sync of one.
import { closeSync, openSync } from "node:fs";
import { FailedSync } from "./failures.ts";
import { loadLibC } from "./libc.ts";

/** The number of `syncfs`; since Linux 5.8 it reports bytes that could not be written. */
const numbers: Partial<Record<NodeJS.Architecture, number>> = { x64: 306, arm64: 267 };

/** False where there is no such call. */
export const canSyncWhole = (): boolean => loadLibC() !== null && process.arch in numbers;

/** Syncs everything that was written to the file system of a folder: bytes, names and folders. Blocks. @throws FailedSync */
export function syncWhole(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    const done = loadLibC()?.syscall(numbers[process.arch] ?? -1, descriptor, 0, 0, 0, 0, 0);
    if (done !== 0n) throw new FailedSync(new Error(`syncfs of ${folder} failed`));
  } finally {
    closeSync(descriptor);
  }
}
