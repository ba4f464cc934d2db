// Files opened for sending: whether their bytes are in memory, and reads that block no other request when they are not.
import { closeSync, constants, fstatSync, openSync, read as readFile, readSync } from "node:fs";
import { errnoOf, readFailure } from "../../../durability/errno.ts";
import type { SendableContent } from "../../content.ts";
import { isAbsent } from "../failures.ts";
import { type Look, lookOf, smallest } from "./lately.ts";
import { openCached } from "./openCached.ts";
import { isInMemory, missingBytes } from "./pageCache.ts";
import { Readers } from "./readers.ts";

/** Bytes that are brought into memory at a time. */
const step = 256 * 1024;
/** Bytes that are looked at together: mostly all of them are in memory. */
const window = 16 * 1024 * 1024;
/** The system may take some of it out of memory meanwhile: so often it is looked at again. */
const passes = 3;
/** For so long one who brings a file into memory is waited for, ms: its disk may not answer. */
const patienceMs = 1_000;

/** Bytes of a file that are to be in memory. */
interface Wanted {
  readonly start: number;
  readonly end: number;
  readonly isThere: (from: number, to: number) => boolean;
  readonly isWanted: () => boolean;
}

type Keep = (look: Look, bytes: Uint8Array<ArrayBuffer>) => void;

/** What is known of a file without waiting for a disk. */
export interface Glance {
  readonly look: Look;
  /** All of it, when it is small and in memory. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

/** Opens files to send them. */
export class Sendables {
  readonly #readers: Readers | null;
  /** By path, the open files of which something was not in memory. */
  readonly #fromDisk = new Map<string, Set<object>>();
  /** By path, the latest of those who bring the file into memory. */
  readonly #fetches = new Map<string, Promise<unknown>>();

  /** @param spawnReader null reads by the runtime's own threads. */
  constructor(spawnReader: (() => Worker) | null) {
    this.#readers = spawnReader === null ? null : new Readers(spawnReader);
  }

  /** Looks at a file on this thread. @returns null when that might wait for a disk, and for what is absent. */
  glance(path: string): Glance | null {
    const file = openCached(path);
    if (file === null) return null;
    try {
      const look = lookOf(fstatSync(file));
      const { size } = look;
      // Pages count as in memory while they are read: a disk that stalls somebody else's answer would stall this thread.
      const isRead = size >= 0 && size <= smallest && !this.#fromDisk.has(path);
      if (!isRead || !isInMemory(file, 0, size)) return { look, bytes: null };
      const bytes = new Uint8Array(size);
      return { look, bytes: readSync(file, bytes, 0, size, 0) === size ? bytes : null };
    } finally {
      closeSync(file);
    }
  }

  /**
   * @param keep receives the bytes of a small file that was read whole, and how the file looked before.
   * @returns null for what is absent, or no regular file.
   */
  open(path: string, keep: Keep): SendableContent | null {
    const found = openRegular(path);
    if (found === null) return null;
    const { file, look } = found;
    const { size } = look;
    const self = {};
    let fromMemory: boolean | null = null;
    const read = async (at: number, into: Uint8Array<SharedArrayBuffer>) => {
      // Where a part is missing, reading another one makes the system begin to fetch it, which may wait as well.
      fromMemory ??= !this.#fromDisk.has(path) && isInMemory(file, 0, size);
      if (fromMemory && isInMemory(file, at, Math.min(at + into.length, size))) {
        return readSync(file, into, 0, into.length, at);
      }
      fromMemory = false;
      this.#note(path, self);
      return this.#readFromDisk(file, at, into);
    };
    return {
      missing: async (start, end) => {
        await this.#othersFetch(path);
        // The system counts pages that are being read as well: a disk that stalls another answer would stall this one.
        return this.#fromDisk.has(path) ? end - start : missingBytes(file, start, end);
      },
      fetch: (start, end, isWanted) =>
        this.#afterOthers(path, async () => {
          // What others read is counted as well: only a read of our own says that it is there.
          const isTold = !this.#fromDisk.has(path);
          this.#note(path, self);
          const isThere = (from: number, to: number) => isTold && isInMemory(file, from, to);
          for (let pass = 0; pass < passes; pass += 1) {
            if (!(await this.#bring(file, { start, end, isThere, isWanted }))) return false;
            if (!isInMemory(file, start, end)) continue;
            this.#forget(path, self);
            return true;
          }
          return false;
        }),
      read: async (at, into) => {
        const count = await read(at, into);
        if (at === 0 && count === size && size <= smallest) keep(look, into.slice(0, size));
        return count;
      },
      close: async () => {
        this.#forget(path, self);
        closeSync(file);
      },
    };
  }

  async close(): Promise<void> {
    await this.#readers?.close();
  }

  /** Reads what is not in memory. @returns false when it was not wanted any more, or the file has ended. */
  async #bring(file: number, { start, end, isThere, isWanted }: Wanted): Promise<boolean> {
    const into = new Uint8Array(new SharedArrayBuffer(Math.min(step, end - start)));
    for (let at = start; at < end; ) {
      if (!isWanted()) return false;
      const there = [window, step]
        .map((length) => Math.min(at + length, end))
        .find((to) => isThere(at, to));
      const count =
        there === undefined
          ? await this.#readFromDisk(file, at, into.subarray(0, Math.min(step, end - at)))
          : there - at;
      if (count === 0) return false;
      at += count;
    }
    return true;
  }

  /** Many pull the same file at once: what is missing is read for all of them by one. */
  async #afterOthers<T>(path: string, work: () => Promise<T>): Promise<T> {
    const mine = this.#othersFetch(path).then(work);
    const settled = mine.catch(() => {});
    this.#fetches.set(path, settled);
    try {
      return await mine;
    } finally {
      if (this.#fetches.get(path) === settled) this.#fetches.delete(path);
    }
  }

  async #othersFetch(path: string): Promise<void> {
    const running = this.#fetches.get(path);
    if (running !== undefined) await Promise.race([running, Bun.sleep(patienceMs)]);
  }

  #readFromDisk(file: number, at: number, into: Uint8Array<SharedArrayBuffer>): Promise<number> {
    if (this.#readers !== null) return this.#readers.read({ file, at }, into);
    return new Promise((resolve, reject) => {
      readFile(file, into, 0, into.length, at, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  #note(path: string, self: object): void {
    const open = this.#fromDisk.get(path) ?? new Set();
    this.#fromDisk.set(path, open.add(self));
  }

  #forget(path: string, self: object): void {
    const open = this.#fromDisk.get(path);
    if (open?.delete(self) && open.size === 0) this.#fromDisk.delete(path);
  }
}

/**
 * On the server's own thread, as the runtime opens every file that it sends: the caller has looked whether the file is there, so what this
 * needs of the disk has just been read, and asking another thread costs a third of a small pull.
 */
function openRegular(path: string): { readonly file: number; readonly look: Look } | null {
  const file = openFile(path);
  if (file === null) return null;
  const look = lookOf(fstatSync(file));
  if (look.size >= 0) return { file, look };
  closeSync(file);
  return null;
}

function openFile(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A link is refused with ELOOP: its target is not ours.
    if (isAbsent(error) || errnoOf(error) === "ELOOP") return null;
    throw readFailure(error);
  }
}
