// Files that are opened to be sent: whether their bytes are in memory, and reads that keep nobody else waiting when they are not.
import { fstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { SendableFile } from "../storage.ts";
import { openStoredFile } from "../storedNames.ts";
import { isInMemory, readFromMemory } from "./pageCache.ts";
import { Readers } from "./readers.ts";

/** Bytes that are brought into memory at a time. */
const step = 256 * 1024;

/** Opens files to send them. */
export class Sendables {
  readonly #readers: Readers | null;
  /** By path, the open files of which something was not in memory. */
  readonly #fromDisk = new Map<string, Set<object>>();

  /** @param spawnReader null reads by the runtime's own threads. */
  constructor(spawnReader: (() => Worker) | null) {
    this.#readers = spawnReader === null ? null : new Readers(spawnReader);
  }

  /** @returns null for what is absent, or no regular file. */
  async open(path: string): Promise<SendableFile | null> {
    const file = await openStoredFile(path);
    if (file === null) return null;
    const self = {};
    let fromMemory: boolean | null = null;
    const read = async (at: number, into: Uint8Array<SharedArrayBuffer>) => {
      // Where a part is missing, reading another one makes the system begin to fetch it, which may wait as well.
      fromMemory ??= !this.#fromDisk.has(path) && isInMemory(file.fd, 0, fstatSync(file.fd).size);
      const count = fromMemory ? readFromMemory(file.fd, at, into) : 0;
      if (count > 0) return count;
      fromMemory = false;
      this.#note(path, self);
      return this.#readFromDisk(file, at, into);
    };
    return {
      // The system counts pages that are on their way as well: a disk that stands still under another answer would hold this one up.
      isAtHand: (start, end) => !this.#fromDisk.has(path) && isInMemory(file.fd, start, end),
      fetch: async (start, end, isWanted) => {
        const into = new Uint8Array(new SharedArrayBuffer(Math.min(step, end - start)));
        for (let at = start; at < end; ) {
          if (!isWanted()) return false;
          const count = await read(at, into.subarray(0, Math.min(step, end - at)));
          if (count === 0) return false;
          at += count;
        }
        return isInMemory(file.fd, start, end);
      },
      read,
      close: async () => {
        this.#forget(path, self);
        await file.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.#readers?.close();
  }

  async #readFromDisk(
    file: FileHandle,
    at: number,
    into: Uint8Array<SharedArrayBuffer>,
  ): Promise<number> {
    if (this.#readers !== null) return this.#readers.read({ file: file.fd, at }, into);
    return (await file.read(into, 0, into.length, at)).bytesRead;
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
