// Appends to one staged file: one batch is written while the next arrives, syncs run in the background, every byte is counted.
import type { FileHandle } from "node:fs/promises";
import type { WriteLatch } from "../content/writeLatch.ts";
import { syncFailure, writeFailure } from "./failures.ts";
import type { FreeSpace } from "./freeSpace.ts";
import type { StagingFollower } from "./storage.ts";

/** Chunks are gathered to this size before they are written. */
const batchBytes = 512 * 1024;
/** However small they are, no more of them are gathered: each costs hundreds of bytes of memory beside its own. */
const batchChunks = 1024;
/** A background sync starts each time this much has been written, so that the last one finds little to do. */
const syncEveryBytes = 32 * 1024 * 1024;

/** What a writer works with. */
export interface WriterTools {
  readonly follower: StagingFollower;
  readonly latch: WriteLatch;
  readonly space: FreeSpace;
  /** Aborted when nothing may be written any more. */
  readonly signal: AbortSignal;
  /** Gives a chunk's memory back. Left to the garbage collector, an upload would hold tens of MiB more. */
  readonly release: ((chunk: Uint8Array) => void) | null;
}

/** The one writer of a staged file. `push` until the body ends, then `finish`. */
export class StagedWriter {
  readonly #file: FileHandle;
  readonly #tools: WriterTools;
  #batch: Uint8Array[] = [];
  #batchSize = 0;
  #queued: number;
  #written: number;
  #syncedAt: number;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #syncFailed: unknown = null;
  #isSyncing = false;

  /** @param offset where the first byte goes. */
  constructor(file: FileHandle, offset: number, tools: WriterTools) {
    this.#file = file;
    this.#tools = tools;
    this.#queued = offset;
    this.#written = offset;
    this.#syncedAt = offset;
  }

  /** Bytes that are in the file, contiguous from 0. */
  get written(): number {
    return this.#written;
  }

  /**
   * Takes a chunk, which must not change afterwards. @returns null, or what to wait for before the next one: it rejects with a
   * RegistryError when an earlier write failed.
   */
  push(chunk: Uint8Array): Promise<void> | null {
    this.#batch.push(chunk);
    this.#batchSize += chunk.byteLength;
    const full = this.#batchSize >= batchBytes || this.#batch.length >= batchChunks;
    return full ? this.#flush() : null;
  }

  /** Writes what is left and makes all of it durable. @throws RegistryError DISK_FULL, READ_ONLY. */
  async finish(): Promise<void> {
    if (this.#batchSize > 0) await this.#flush();
    await this.#writing;
    await this.#syncing;
    if (this.#written > this.#syncedAt) await this.#sync();
    if (this.#syncFailed !== null) throw this.#syncFailed;
  }

  /** Waits until no call on the file is under way; never throws. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#syncing;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    if (this.#syncFailed !== null) throw this.#syncFailed;
    const chunks = this.#batch;
    const offset = this.#queued;
    this.#batch = [];
    this.#queued += this.#batchSize;
    const writing = this.#write(chunks, offset, this.#batchSize);
    this.#batchSize = 0;
    // The failure is seen by whoever awaits next; this keeps it from counting as unhandled until then.
    writing.catch(() => {});
    this.#writing = writing;
  }

  async #write(chunks: readonly Uint8Array[], offset: number, size: number): Promise<void> {
    const { follower, latch, space, release, signal } = this.#tools;
    try {
      await space.take(size);
      signal.throwIfAborted();
      await writeAll(this.#file, chunks, offset, size);
    } catch (error) {
      throw writeFailure(error, latch);
    }
    this.#written = offset + size;
    if (this.#written - this.#syncedAt >= syncEveryBytes && !this.#isSyncing) {
      this.#syncing = this.#sync();
    }
    await follower.staged(offset, chunks);
    if (release !== null) chunks.forEach(release);
  }

  async #sync(): Promise<void> {
    const upTo = this.#written;
    this.#isSyncing = true;
    try {
      await this.#file.datasync();
      this.#syncedAt = upTo;
    } catch (error) {
      this.#syncFailed = syncFailure(error, this.#tools.latch);
    } finally {
      this.#isSyncing = false;
    }
  }
}

/** Writes every byte: `writev` may write less than it was given, without an error. */
async function writeAll(
  file: FileHandle,
  chunks: readonly Uint8Array[],
  offset: number,
  size: number,
): Promise<void> {
  const { bytesWritten } = await file.writev([...chunks], offset);
  if (bytesWritten === size) return;
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  let done = 0;
  while (done < rest.byteLength) {
    const at = offset + bytesWritten + done;
    const step = await file.write(rest, done, rest.byteLength - done, at);
    if (step.bytesWritten === 0) throw new Error("a write made no progress");
    done += step.bytesWritten;
  }
}
