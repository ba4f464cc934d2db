// The staged files of open uploads, opened to be written: checked against the offset that counts, and never through a stored name.
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Staged } from "../staging.ts";
import { isAbsent, syncFailure, writeFailure } from "./failures.ts";
import type { FolderSyncs } from "./folderSyncs.ts";
import { copyOut } from "./links.ts";
import type { OnDisk } from "./onDisk.ts";
import { placeOf } from "./stagedPlaces.ts";

/** The storage's dependencies of staged writes. */
export interface StagedWritesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  readonly syncs: FolderSyncs;
  readonly onDisk: OnDisk;
}

/** Opens the staged files of one data directory. */
export class StagedWrites {
  readonly #directory: string;
  readonly #latch: WriteLatch;
  readonly #syncs: FolderSyncs;
  readonly #onDisk: OnDisk;
  readonly #busy = new Set<UploadId>();

  constructor({ directory, latch, syncs, onDisk }: StagedWritesOptions) {
    this.#directory = directory;
    this.#latch = latch;
    this.#syncs = syncs;
    this.#onDisk = onDisk;
  }

  /**
   * Runs `use` as the only one that writes or publishes these staged bytes. The claim in their row says so already; here it holds
   * even when that row is free, until the last call on the file has returned. @throws RegistryError UPLOAD_BUSY
   */
  async alone<T>(id: UploadId, use: () => Promise<T>): Promise<T> {
    if (this.#busy.has(id)) throw new RegistryError("UPLOAD_BUSY", { retryAfter: 1 });
    this.#busy.add(id);
    try {
      return await use();
    } finally {
      this.#busy.delete(id);
    }
  }

  /**
   * Opens a session's file, cut to its offset; bytes that have a stored name as well are copied first.
   * @throws RegistryError UPLOAD_UNKNOWN when less than the offset is there, or something else than a file.
   */
  async openToWrite(staged: Staged): Promise<FileHandle> {
    this.#onDisk.bytesChange(staged.id);
    const { file, size, nlink } = await this.#open(staged);
    try {
      // None is left when the session was cancelled in this moment.
      if (nlink === 0) throw new RegistryError("UPLOAD_UNKNOWN");
      if (nlink === 1) {
        if (size > staged.offset) await file.truncate(staged.offset);
        return file;
      }
      const { file: path, folder } = placeOf(this.#directory, staged);
      // The copy's name has to be found as well.
      this.#onDisk.forget(staged.id);
      await copyOut(path, staged.offset);
      await this.#syncs.syncOnce(folder);
    } catch (error) {
      await file.close();
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw writeFailure(error, this.#latch);
    }
    await file.close();
    return (await this.#open(staged)).file;
  }

  /** Exactly the bytes up to the offset, on disk: what lies beyond was never acknowledged. @throws as `openToWrite`, READ_ONLY. */
  async settle(staged: Staged): Promise<void> {
    const { id, offset } = staged;
    // A look shows whether the file was cut or removed behind our back.
    if (this.#onDisk.hasBytes(id, offset) && (await this.#sizeOf(staged)) === offset) return;
    const opened = await this.#open(staged);
    // The usual case needs no cut, and then a file with two names is as good as any.
    const exact = opened.size === offset;
    if (!exact) await opened.file.close();
    const file = exact ? opened.file : await this.openToWrite(staged);
    try {
      await file.datasync();
    } catch (error) {
      throw syncFailure(error, this.#latch);
    } finally {
      await file.close();
    }
  }

  /** null: there is none. */
  async #sizeOf(staged: Staged): Promise<number | null> {
    const { file } = placeOf(this.#directory, staged);
    return stat(file).then(
      ({ size }) => size,
      () => null,
    );
  }

  async #open(staged: Staged): Promise<OpenedFile> {
    // An upload without a byte has no file yet; any other must have one.
    const flags =
      constants.O_RDWR | constants.O_NOFOLLOW | (staged.offset === 0 ? constants.O_CREAT : 0);
    const file = await open(placeOf(this.#directory, staged).file, flags, 0o600).catch(
      (error: unknown) => {
        if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
        throw writeFailure(error, this.#latch);
      },
    );
    const found = await file.stat().catch(() => null);
    if (found?.isFile() && found.size >= staged.offset) {
      return { file, size: found.size, nlink: found.nlink };
    }
    await file.close();
    throw new RegistryError("UPLOAD_UNKNOWN", {
      message: "the staged bytes of this upload are gone; start a new upload",
    });
  }
}

/** A staged file, and what it was when it was opened. */
interface OpenedFile {
  readonly file: FileHandle;
  readonly size: number;
  readonly nlink: number;
}
