// Readers of staged bytes that are still being written: each reads the file at its own pace and waits for more where it ends.
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { RegistryError } from "../../errors.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { FollowOptions, Staged } from "../staging.ts";
import { isAbsent } from "./failures.ts";
import { placeOf } from "./stagedPlaces.ts";

/** Bytes of one read. */
const chunkBytes = 256 * 1024;

/** One session, as its readers see it. */
interface Progress {
  /** Bytes that can be read. */
  offset: number;
  /** null while more may come; null as its failure once the bytes are sealed. */
  end: { readonly failure: unknown } | null;
  /** Resolved when readers have to look again, then replaced. */
  moved: PromiseWithResolvers<void>;
  /** Readers and appends that are running. */
  users: number;
}

/** The readers of one data directory. */
export class StagedReaders {
  readonly #directory: string;
  /** Sessions that are written or read; sealed ones until they are dropped. */
  readonly #sessions = new Map<UploadId, Progress>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Runs an append whose readers see what it stages. @param append calls `advance` with the number of bytes that can be read. */
  async during<T>(
    session: Staged,
    append: (advance: (offset: number) => void) => Promise<T>,
  ): Promise<T> {
    const { id } = session;
    const known = this.#sessions.get(id);
    // Bytes that readers have may be replaced by others, or sealed ones added to.
    if (known !== undefined && (known.end !== null || known.offset > session.offset)) this.drop(id);
    const progress = this.#join(session);
    try {
      return await append((offset) => advance(progress, offset));
    } catch (error) {
      this.#fail(id, error);
      throw error;
    } finally {
      this.#leave(id, progress);
    }
  }

  /** All bytes were verified: readers end when they have them. */
  seal(session: Staged): void {
    const progress = this.#join(session);
    progress.users -= 1;
    progress.end ??= { failure: null };
    wake(progress);
  }

  /** True once all bytes were verified, until they are dropped. */
  isSealed(id: UploadId): boolean {
    const end = this.#sessions.get(id)?.end ?? null;
    return end !== null && end.failure === null;
  }

  /** The session is gone: its readers fail, unless it was sealed. Called once its folder is gone, so that no reader joins afterwards. */
  drop(id: UploadId): void {
    if (this.#sessions.has(id)) this.#fail(id, new RegistryError("UPLOAD_UNKNOWN"));
  }

  /** See `Staging.follow`. */
  async *follow(staged: Staged, { from, signal }: FollowOptions): AsyncGenerator<Uint8Array> {
    const progress = this.#join(staged);
    const stop = () => wake(progress);
    signal.addEventListener("abort", stop);
    let offset = from;
    let file: FileHandle | null = null;
    try {
      // Not before it joined: whoever drops the session from now on tells its readers.
      await this.#find(staged);
      while (await hasMore(progress, offset, signal)) {
        // Not before: the first byte makes the file.
        file ??= await this.#open(staged);
        const length = Math.min(chunkBytes, progress.offset - offset);
        const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset);
        if (bytesRead === 0) await takenBack(progress);
        offset += bytesRead;
        if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#leave(staged.id, progress);
      await file?.close();
    }
  }

  #join({ id, offset }: Staged): Progress {
    const fresh = { offset, end: null, moved: Promise.withResolvers<void>(), users: 0 };
    const progress = this.#sessions.get(id) ?? fresh;
    this.#sessions.set(id, progress);
    progress.users += 1;
    if (offset > progress.offset) advance(progress, offset);
    return progress;
  }

  #leave(id: UploadId, progress: Progress): void {
    progress.users -= 1;
    if (progress.users > 0 || progress.end !== null) return;
    if (this.#sessions.get(id) === progress) this.#sessions.delete(id);
  }

  #fail(id: UploadId, failure: unknown): void {
    const progress = this.#sessions.get(id);
    if (progress === undefined) return;
    this.#sessions.delete(id);
    progress.end ??= { failure };
    wake(progress);
  }

  /** @throws RegistryError UPLOAD_UNKNOWN when nothing is staged under this id. */
  async #find(staged: Staged): Promise<void> {
    await stat(placeOf(this.#directory, staged).folder).catch(unknownIfAbsent);
  }

  #open(staged: Staged): Promise<FileHandle> {
    const { file } = placeOf(this.#directory, staged);
    return open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(unknownIfAbsent);
  }
}

function advance(progress: Progress, offset: number): void {
  progress.offset = offset;
  wake(progress);
}

function wake(progress: Progress): void {
  progress.moved.resolve();
  progress.moved = Promise.withResolvers();
}

/** Waits for a byte at `offset`. @returns false when all were read and sealed. @throws why none will come. */
async function hasMore(progress: Progress, offset: number, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    signal.throwIfAborted();
    const { end } = progress;
    if (end !== null && end.failure !== null) throw end.failure;
    if (progress.offset > offset) return true;
    if (end !== null) return false;
    await progress.moved.promise;
  }
}

/** The file ends before the bytes that could be read: an append that fails has cut it, and is about to say why. */
async function takenBack(progress: Progress): Promise<void> {
  if (progress.end === null) await progress.moved.promise;
  else throw progress.end.failure ?? new RegistryError("UPLOAD_UNKNOWN");
}

function unknownIfAbsent(error: unknown): never {
  if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
  throw error;
}
