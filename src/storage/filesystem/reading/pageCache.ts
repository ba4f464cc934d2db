// Which bytes of a file are in memory, without waiting for a disk. Linux only.
import { ptr } from "bun:ffi";
import { loadLibC } from "../libc.ts";

/** Numbers of system calls: `cachestat` (Linux 6.5) has one for every machine. */
const cachestat = 451;
const arm = process.arch === "arm64";
const mmap = arm ? 222 : 9;
const munmap = arm ? 215 : 11;
const mincore = arm ? 232 : 27;
/** `sysconf`'s name for the size of a page. */
const pageSizeName = 30;
/** Where the system cannot count pages, one in so many bytes is looked at: as far as it reads ahead. */
const stride = 128 * 1024;

/**
 * True when bytes from `start` to before `end` are in memory, as far as the system reports it: pages that are on their way from the disk
 * count as well. Elsewhere than on Linux true for everything.
 */
export function isInMemory(file: number, start: number, end: number): boolean {
  if (end <= start || loadLibC() === null) return true;
  return countedInMemory(file, start, end) ?? sampledInMemory(file, start, end);
}

/** How many bytes from `start` to before `end` are not in memory, by whole pages; all of them where the system cannot count. */
export function missingBytes(file: number, start: number, end: number): number {
  const missing = missingPages(file, start, end);
  if (missing !== null) return missing * Number(loadLibC()?.sysconf(pageSizeName) ?? 0);
  return isInMemory(file, start, end) ? 0 : end - start;
}

/** As `isInMemory` by counting every page; null where the system cannot. */
export function countedInMemory(file: number, start: number, end: number): boolean | null {
  const missing = missingPages(file, start, end);
  return missing === null ? null : missing === 0;
}

function missingPages(file: number, start: number, end: number): number | null {
  const libc = loadLibC();
  if (libc === null) return null;
  const page = Number(libc.sysconf(pageSizeName));
  const range = new BigUint64Array([BigInt(start), BigInt(end - start)]);
  // Pages in memory, dirty, being written, evicted, evicted lately.
  const counts = new BigUint64Array(5);
  if (libc.syscall(cachestat, file, ptr(range), ptr(counts), 0, 0, 0) !== 0n) return null;
  return Math.ceil(end / page) - Math.floor(start / page) - Number(counts[0]);
}

/** The same by looking at some of the pages. */
export function sampledInMemory(file: number, start: number, end: number): boolean {
  const libc = loadLibC();
  if (libc === null) return true;
  const page = Number(libc.sysconf(pageSizeName));
  const from = start - (start % page);
  // To be read, shared with others who have the file open.
  const place = Number(libc.syscall(mmap, 0, end - from, 1, 1, file, from));
  if (place < 0) return false;
  const found = new Uint8Array(1);
  const isIn = (at: number) =>
    libc.syscall(mincore, place + at, 1, ptr(found), 0, 0, 0) === 0n && found[0] === 1;
  const last = end - 1 - from - ((end - 1 - from) % page);
  let all = isIn(last);
  for (let at = 0; all && at < last; at += stride) all = isIn(at);
  libc.syscall(munmap, place, end - from, 0, 0, 0, 0);
  return all;
}
