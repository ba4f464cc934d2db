// What of a file is in memory, and reads that take only that: neither waits for a disk. Of Linux alone.
import { ptr } from "bun:ffi";
import { type LibC, loadLibC } from "../libc.ts";

/** Numbers of system calls: `cachestat` (Linux 6.5) has one for every machine. */
const cachestat = 451;
const preadv2 = process.arch === "arm64" ? 286 : 327;
/** Asks `preadv2` not to wait (RWF_NOWAIT). */
const noWait = 8;
/** `sysconf`'s name for the size of a page. */
const pageSizeName = 30;
/** Where the system cannot count pages, one byte in so many is asked for: as far as it reads ahead. */
const stride = 128 * 1024;

/**
 * True when bytes from `start` to before `end` are in memory, as far as the system tells: pages that are on their way from the disk
 * count as well. Elsewhere than on Linux true for everything.
 */
export function isInMemory(file: number, start: number, end: number): boolean {
  const libc = loadLibC();
  if (libc === null || end <= start) return true;
  return countedIn(libc, file, start, end) ?? sampledIn(libc, file, start, end);
}

/** Reads what is in memory into the beginning of `into`. @returns how many bytes; 0 where it would have to wait, or cannot tell. */
export function readFromMemory(file: number, at: number, into: Uint8Array): number {
  const libc = loadLibC();
  return libc === null ? 0 : Math.max(0, readWithoutWaiting(libc, file, at, into));
}

/** null where the system cannot tell. */
function countedIn(libc: LibC, file: number, start: number, end: number): boolean | null {
  const page = Number(libc.sysconf(pageSizeName));
  const range = new BigUint64Array([BigInt(start), BigInt(end - start)]);
  // Pages in memory, dirty, being written, evicted, evicted lately.
  const counts = new BigUint64Array(5);
  if (libc.syscall(cachestat, file, ptr(range), ptr(counts), 0, 0, 0) !== 0n) return null;
  return Number(counts[0]) === Math.ceil(end / page) - Math.floor(start / page);
}

function sampledIn(libc: LibC, file: number, start: number, end: number): boolean {
  const byte = new Uint8Array(1);
  for (let at = start; at < end; at += stride) {
    if (readWithoutWaiting(libc, file, at, byte) !== 1) return false;
  }
  return readWithoutWaiting(libc, file, end - 1, byte) === 1;
}

function readWithoutWaiting(libc: LibC, file: number, at: number, into: Uint8Array): number {
  const vector = new BigUint64Array([BigInt(ptr(into)), BigInt(into.byteLength)]);
  return Number(libc.syscall(preadv2, file, ptr(vector), 1, at, 0, noWait));
}
