// Appends to one staged file: one batch is written while the next arrives, syncs run in the background, every byte is counted.
import type { FileHandle } from "node:fs/promises";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { syncFailure, writeFailure } from "./failures.ts";
import type { FreeSpace } from "./freeSpace.ts";
import type { SyncPace } from "./syncPace.ts";

/** Chunks are gathered to this size before they are written. */
const batchBytes = 512 * 1024;
/** Most chunks that are buffered, however small: each costs hundreds of bytes of memory besides its own. */
const batchChunks = 1024;
/** The memory of a buffered chunk besides its bytes; about. */
const chunkCost = 256;
/** The limit of all writers together: beyond it, each writes its buffer. Many slow senders would hold as many batches. */
const mostGathered = 16 * 1024 * 1024;
/** A batch to which nothing was added for so long is written as it is: its sender may have stalled. Unit: ms. */
const silenceMs = 1_000;

/** Receives bytes as they are staged, in order, so that hashing can follow. */
export interface StagingFollower {
  /**
   * `chunks` are now at `offset`, one after the other, and can be read back. They are only valid during the call.
   * A promise asks the writer to wait: the follower has fallen behind. @throws what ends the append: these bytes are of no use.
   */
  staged(offset: number, chunks: readonly Uint8Array[]): Promise<void> | null;
}

/** Follows nothing. */
export const unfollowed: StagingFollower = { staged: () => null };

/** The dependencies of a writer. */
export interface WriterTools {
  readonly follower: StagingFollower;
  readonly latch: WriteLatch;
  readonly space: FreeSpace;
  readonly pace: SyncPace;
  /** Aborted when nothing may be written any more. */
  readonly signal: AbortSignal;
  /** Gives a chunk's memory back. Left to the garbage collector, an upload would hold tens of MiB more. */
  readonly release: ((chunk: Uint8Array) => void) | null;
}

/** Bytes buffered by all writers of this process and not written yet. */
let gathered = 0;

/** The one writer of a staged file. `push` until the body ends, then `finish`. */
export class StagedWriter {
  readonly #file: FileHandle;
  readonly #tools: WriterTools;
  readonly #offset: number;
  #batch: Uint8Array[] = [];
  #batchSize = 0;
  #queued: number;
  #written: number;
  #syncedAt: number;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #syncFailed: unknown = null;
  #isSyncing = false;
  #gathered = 0;
  #listening: Timer | null = null;
  #isSettled = false;

  /** @param offset the position of the first byte. */
  constructor(file: FileHandle, offset: number, tools: WriterTools) {
    this.#file = file;
    this.#tools = tools;
    this.#offset = offset;
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
    const cost = chunk.byteLength + chunkCost;
    this.#gathered += cost;
    gathered += cost;
    if (this.#isFull()) return this.#flush();
    this.#listening ??= this.#listen();
    return null;
  }

  /** Writes what is left and makes all of it durable. @throws RegistryError DISK_FULL, READ_ONLY. */
  async finish(): Promise<void> {
    await this.#flush();
    this.#stopListening();
    await this.#writing;
    await this.#syncing;
    if (this.#written > this.#syncedAt) await this.#sync();
    if (this.#syncFailed !== null) throw this.#syncFailed;
  }

  /** Drops what is not on its way, and waits until no call on the file is; never throws. */
  async settle(): Promise<void> {
    this.#isSettled = true;
    this.#stopListening();
    this.#take();
    await this.#writing.catch(() => {});
    await this.#syncing;
  }

  #isFull(): boolean {
    return (
      this.#batchSize >= batchBytes || this.#batch.length >= batchChunks || gathered > mostGathered
    );
  }

  /** Looks now and then whether anything was added. */
  #listen(): Timer {
    const heard = this.#queued + this.#batchSize;
    return setTimeout(() => {
      this.#listening = null;
      if (this.#batch.length === 0) return;
      if (heard < this.#queued + this.#batchSize) this.#listening = this.#listen();
      // The next push or finish throws the failure.
      else this.#flush().catch(() => {});
    }, silenceMs);
  }

  #stopListening(): void {
    if (this.#listening !== null) clearTimeout(this.#listening);
    this.#listening = null;
  }

  #take(): readonly Uint8Array[] {
    const chunks = this.#batch;
    this.#batch = [];
    this.#queued += this.#batchSize;
    this.#batchSize = 0;
    gathered -= this.#gathered;
    this.#gathered = 0;
    return chunks;
  }

  async #flush(): Promise<void> {
    // Another flush may have begun to write meanwhile.
    for (let writing: Promise<void> | null = null; writing !== this.#writing; ) {
      writing = this.#writing;
      await writing;
    }
    if (this.#syncFailed !== null) throw this.#syncFailed;
    if (this.#isSettled || this.#batch.length === 0) return;
    const [offset, size] = [this.#queued, this.#batchSize];
    const writing = this.#write(this.#take(), offset, size);
    // The next await throws the failure; this keeps it from counting as unhandled until then.
    writing.catch(() => {});
    this.#writing = writing;
  }

  async #write(chunks: readonly Uint8Array[], offset: number, size: number): Promise<void> {
    const { follower, latch, space, pace, release, signal } = this.#tools;
    try {
      await space.take(size);
      signal.throwIfAborted();
      await writeAll(this.#file, chunks, offset, size);
    } catch (error) {
      throw writeFailure(error, latch);
    }
    this.#written = offset + size;
    const [synced, unsynced] = [this.#syncedAt - this.#offset, this.#written - this.#syncedAt];
    if (!this.#isSyncing && pace.isDue(synced, unsynced)) {
      this.#syncing = pace.watch(unsynced, () => this.#sync());
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
