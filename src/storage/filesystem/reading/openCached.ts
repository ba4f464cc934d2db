// Opens a file without waiting for a disk. Linux only.
import { ptr } from "bun:ffi";
import { constants } from "node:fs";
import { loadLibC } from "../libc.ts";

/** `openat2` (Linux 5.6) has one number for every machine, as its constants have one value. */
const openat2 = 437;
const fromWorkingFolder = -100;
const closeOnExec = 0o2000000;
/** Fails where a name on the way has to be read from a disk (Linux 5.12). A name that is in memory has its file's properties there too. */
const onlyCached = 0x20n;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | closeOnExec;
/** Flags, mode, and how the path is resolved. */
const how = new BigUint64Array([BigInt(flags), 0n, onlyCached]);
const encoder = new TextEncoder();

/**
 * Opens a file to read it, without following a link at its end.
 * @returns a descriptor; null for what is absent, or cannot be opened without asking a disk: whoever may wait can ask again.
 */
export function openCached(path: string): number | null {
  const libc = loadLibC();
  if (libc === null) return null;
  const name = encoder.encode(`${path}\0`);
  const file = Number(
    libc.syscall(openat2, fromWorkingFolder, ptr(name), ptr(how), how.byteLength, 0, 0),
  );
  return file < 0 ? null : file;
}
