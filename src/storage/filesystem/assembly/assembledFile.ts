// Blocking file work for putting parts together: a worker has nothing better to do than to wait, and handing each call to another
// thread costs more than the call.
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf, readFailure } from "../../../durability/errno.ts";
import type { WriteLatch } from "../../../durability/writeLatch.ts";
import { RegistryError } from "../../../errors.ts";
import type { PartPlace } from "../../../model/staged.ts";
import type { UploadId } from "../../../model/uploadId.ts";
import { isAbsent, syncFailure, writeFailure } from "../failures.ts";
import { hasRoom } from "../freeSpace.ts";
import { loadLibC } from "../libc.ts";
import { partPaths } from "../partNames.ts";
import { partsState, placeOf } from "../stagedPlaces.ts";
import { Blocks, BlockWriter } from "./blockWriter.ts";
import { Reflinks } from "./reflink.ts";

// Opening a pipe in its place must not block.
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const existing = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const fresh = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** POSIX_FADV_DONTNEED, posix_fadvise(2). */
const dontNeed = 4;

/** A part, open to be read. */
export interface PartFile {
  readonly file: number;
  /** Fills `into` from `offset`; returns how many bytes it read, fewer only at the end. @throws what reading throws. */
  read(offset: number, into: Uint8Array): number;
  /** It will not be read again soon: the page cache may keep others instead. */
  letGo(): void;
  close(): void;
}

/** The state of an assembled file when it was last closed. */
export interface Standing {
  /** Identifies the file. */
  readonly inode: number;
  /** Bytes. */
  readonly size: number;
}

/** The staged files of one data directory. */
export class AssembledFiles {
  readonly #directory: string;
  readonly #latch: WriteLatch;
  readonly #reflinks: Reflinks;
  readonly #blocks = new Blocks();

  constructor(directory: string, latch: WriteLatch) {
    this.#directory = directory;
    this.#latch = latch;
    this.#reflinks = new Reflinks(directory);
  }

  /** As `PartsStorage.openPart`. @throws RegistryError BUSY; what else opening throws. */
  openPart(place: PartPlace): PartFile | null {
    const file = this.#openPart(place);
    if (file === null) return null;
    return {
      file,
      read: (offset, into) => readSync(file, into, 0, into.byteLength, offset),
      letGo: () => loadLibC()?.posix_fadvise(file, 0n, 0n, dontNeed),
      close: () => closeSync(file),
    };
  }

  /**
   * Opens an upload's assembled file, cut to its known state. Any other file is replaced by an empty one
   * (`isFresh`), also what has a stored name by now if it is `toWrite`: those bytes must never change.
   * @throws RegistryError MULTIPART_UNKNOWN when the upload's folder is missing, READ_ONLY.
   */
  openWhole(id: UploadId, standing: Standing | null, toWrite: boolean): AssembledFile {
    const path = placeOf(this.#directory, { id, staging: partsState }).file;
    const tools = { path, latch: this.#latch, reflinks: this.#reflinks, blocks: this.#blocks };
    try {
      const opened = standing === null ? null : openStanding(path, standing, toWrite);
      if (opened !== null) return new AssembledFile({ ...opened, isFresh: false }, tools);
      remove(path);
      const file = openSync(path, fresh, 0o600);
      return new AssembledFile({ file, wasCut: false, isFresh: true }, tools);
    } catch (error) {
      if (isAbsent(error)) throw new RegistryError("MULTIPART_UNKNOWN", { cause: error });
      throw writeFailure(error, this.#latch);
    }
  }

  #openPart(place: PartPlace): number | null {
    const { own, plain } = partPaths(place);
    try {
      return (
        tryOpen(join(this.#directory, own), readOnly) ??
        tryOpen(join(this.#directory, plain), readOnly)
      );
    } catch (error) {
      throw readFailure(error);
    }
  }

  /** True when so many bytes more leave the reserve that uploads leave. */
  hasRoom(bytes: number): boolean {
    return hasRoom(this.#directory, bytes);
  }
}

interface Opened {
  readonly file: number;
  readonly wasCut: boolean;
}

interface FileTools {
  readonly path: string;
  readonly latch: WriteLatch;
  readonly reflinks: Reflinks;
  readonly blocks: Blocks;
}

/** An assembled file, open for writing. Every failure is a RegistryError DISK_FULL, READ_ONLY or BUSY, where it is one of these. */
export class AssembledFile {
  readonly inode: number;
  /** True when it is empty. */
  readonly isFresh: boolean;
  /** True when it was longer than its known state. */
  readonly wasCut: boolean;
  readonly #file: number;
  readonly #tools: FileTools;

  constructor({ file, isFresh, wasCut }: Opened & { readonly isFresh: boolean }, tools: FileTools) {
    this.#file = file;
    this.isFresh = isFresh;
    this.wasCut = wasCut;
    this.#tools = tools;
    this.inode = fstatSync(file).ino;
  }

  /** A writer of what follows from `offset` on. Only one file of a directory is written at a time. */
  writer(offset: number): BlockWriter {
    const { path, latch, blocks } = this.#tools;
    return new BlockWriter({ file: this.#file, path, latch }, blocks, offset);
  }

  /** Shares the blocks of a part of `size` bytes at `offset`. @returns false when its bytes must be written. */
  share(part: PartFile, offset: number, size: number): boolean {
    if (!this.#tools.reflinks.share(part.file, this.#file, offset)) return false;
    if (fstatSync(this.#file).size === offset + size) return true;
    // The part has another size by now: reading it reports that.
    this.cut(offset);
    return false;
  }

  /** Drops everything from `size` on. */
  cut(size: number): void {
    try {
      ftruncateSync(this.#file, size);
    } catch (error) {
      throw writeFailure(error, this.#tools.latch);
    }
  }

  /** Frees its space; it is empty then. `close` must still be called. */
  drop(): void {
    ftruncateSync(this.#file, 0);
    remove(this.#tools.path);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Makes everything written so far durable, on another thread, then closes. @throws RegistryError READ_ONLY. */
  async syncAndClose(): Promise<void> {
    const error = await new Promise<unknown>((resolve) => fdatasync(this.#file, resolve));
    closeSync(this.#file);
    if (error !== null && error !== undefined) throw syncFailure(error, this.#tools.latch);
  }
}

/** @returns null when it is another file, or less of it is there, or it may not be written. */
function openStanding(path: string, standing: Standing, toWrite: boolean): Opened | null {
  const file = tryOpen(path, existing);
  if (file === null) return null;
  try {
    const { ino, size, nlink } = fstatSync(file);
    const wasCut = size > standing.size;
    const isSame = ino === standing.inode && size >= standing.size;
    // Bytes that have a stored name as well must never change.
    if (isSame && (nlink === 1 || !(toWrite || wasCut))) {
      if (wasCut) ftruncateSync(file, standing.size);
      return { file, wasCut };
    }
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
  return null;
}

/** @returns null when nothing is there, or a link: its target is not ours. */
function tryOpen(path: string, flags: number): number | null {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (isAbsent(error) || errnoOf(error) === "ELOOP") return null;
    throw error;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
