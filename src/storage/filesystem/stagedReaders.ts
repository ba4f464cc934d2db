// Readers of staged bytes that are still being written: each reads the file at its own pace and waits for the writer where it ends.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { RegistryError } from "../../errors.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Staged } from "../staging.ts";
import { isAbsent } from "./failures.ts";
import { placeOf } from "./stagedPlaces.ts";

/** Bytes of one read. */
const chunkBytes = 256 * 1024;

/** One append, as its readers see it. */
interface Progress {
  /** Bytes that can be read. */
  offset: number;
  /** null while it is running; why it broke, or that it did not. */
  end: { readonly failure: unknown } | null;
  /** Resolved when any of it changes, then replaced. */
  moved: PromiseWithResolvers<void>;
}

/** The readers of one data directory. */
export class StagedReaders {
  readonly #directory: string;
  readonly #appends = new Map<UploadId, Progress>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Runs an append whose readers see what it stages.
   * @param append is given what to call with the number of bytes that can be read; `cut` of its outcome is why a body broke.
   */
  async during<T extends { readonly cut: Error | null }>(
    { id, offset }: Staged,
    append: (advance: (offset: number) => void) => Promise<T>,
  ): Promise<T> {
    const progress: Progress = { offset, end: null, moved: Promise.withResolvers() };
    const move = (): void => {
      progress.moved.resolve();
      progress.moved = Promise.withResolvers();
    };
    this.#appends.set(id, progress);
    let failure: unknown = null;
    try {
      const appended = await append((to) => {
        progress.offset = to;
        move();
      });
      failure = appended.cut;
      return appended;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      this.#appends.delete(id);
      progress.end = { failure };
      move();
    }
  }

  /** See `Staging.follow`. */
  async *follow(staged: Staged): AsyncGenerator<Uint8Array> {
    const progress = this.#appends.get(staged.id) ?? nobodyWrites;
    let { offset } = staged;
    let file: FileHandle | null = null;
    try {
      while ((await readableTo(progress, offset)) > offset) {
        // Not before: the first byte makes the file.
        file ??= await this.#open(staged);
        const length = Math.min(chunkBytes, progress.offset - offset);
        const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset);
        // The end of the file; or the append breaks, and takes its bytes back.
        if (bytesRead === 0) break;
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file?.close();
    }
    const { failure } = await endOf(progress);
    if (failure !== null) throw failure;
  }

  async #open(staged: Staged): Promise<FileHandle> {
    try {
      return await open(
        placeOf(this.#directory, staged).file,
        constants.O_RDONLY | constants.O_NOFOLLOW,
      );
    } catch (error) {
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw error;
    }
  }
}

/** All of the file can be read. */
const nobodyWrites: Progress = {
  offset: Number.MAX_SAFE_INTEGER,
  end: { failure: null },
  moved: Promise.withResolvers(),
};

/** Waits for a byte at `offset`, or for the end. @returns how far can be read. */
async function readableTo(progress: Progress, offset: number): Promise<number> {
  while (progress.offset <= offset && progress.end === null) await progress.moved.promise;
  return progress.offset;
}

async function endOf(progress: Progress): Promise<{ readonly failure: unknown }> {
  while (progress.end === null) await progress.moved.promise;
  return progress.end;
}
