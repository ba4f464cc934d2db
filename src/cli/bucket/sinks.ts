// Where the bytes of an object go: a file with a name of its own until it is whole, or standard output.
import { open, rename, rm, stat } from "node:fs/promises";
import { CommandError } from "../../client/problems.ts";

/** Takes bytes in order. */
export interface Sink {
  /** Bytes that are there. */
  readonly offset: number;
  /** Reads back what is there. */
  readBack(take: (bytes: Uint8Array) => void): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
  /** Begins anew. @returns false when what was written cannot be taken back. */
  restart(): Promise<boolean>;
}

type Handle = Awaited<ReturnType<typeof open>>;

/** Which file `path` means: in a folder, or without a path, it is `name`. */
export async function placeOf(path: string | undefined, name: string): Promise<string> {
  if (path === undefined) return name;
  const isFolder =
    path.endsWith("/") || (await stat(path).catch(() => null))?.isDirectory() === true;
  return isFolder ? `${path.replace(/\/+$/, "")}/${name}` : path;
}

const readBlock = 1024 * 1024;

/** `<file>.part`, which becomes the file when it is whole, and stays for the next attempt otherwise. */
export class PartFile implements Sink {
  readonly path: string;
  readonly #final: string;
  readonly #handle: Handle;
  #isPublished = false;
  offset: number;

  private constructor(final: string, handle: Handle, offset: number) {
    this.path = partName(final);
    this.#final = final;
    this.#handle = handle;
    this.offset = offset;
  }

  /** Opens what an earlier attempt left, or makes it. @throws CommandError */
  static async open(final: string): Promise<PartFile> {
    const path = partName(final);
    const handle = await open(path, "r+")
      .catch(() => open(path, "wx+"))
      .catch((error: unknown) => {
        throw new CommandError(`${final} cannot be written: ${reasonOf(error)}`);
      });
    return new PartFile(final, handle, (await handle.stat()).size);
  }

  async readBack(take: (bytes: Uint8Array) => void): Promise<void> {
    const block = new Uint8Array(readBlock);
    for (let at = 0; at < this.offset; ) {
      const { bytesRead } = await this.#handle.read(
        block,
        0,
        Math.min(readBlock, this.offset - at),
        at,
      );
      if (bytesRead === 0) throw new CommandError(`${this.path} changed meanwhile.`);
      take(block.subarray(0, bytesRead));
      at += bytesRead;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await this.#write(bytes.subarray(done));
      done += bytesWritten;
      this.offset += bytesWritten;
    }
  }

  #write(bytes: Uint8Array) {
    return this.#handle.write(bytes, 0, bytes.byteLength, this.offset).catch((error: unknown) => {
      throw new CommandError(`${this.path} cannot be written: ${reasonOf(error)}`);
    });
  }

  async restart(): Promise<boolean> {
    await this.#handle.truncate(0);
    this.offset = 0;
    return true;
  }

  /** Gives the file its name, when its bytes are on the disk. */
  async publish(): Promise<void> {
    await this.#handle.sync();
    await rename(this.path, this.#final);
    this.#isPublished = true;
  }

  /** Leaves no file in which nothing is. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (this.offset === 0 && !this.#isPublished) await rm(this.path, { force: true });
  }
}

const partName = (final: string): string => `${final}.part`;

/** Written bytes cannot be taken back: the reader must check the exit code. */
export class OutputSink implements Sink {
  offset = 0;

  async readBack(): Promise<void> {}

  async write(bytes: Uint8Array): Promise<void> {
    await Bun.write(Bun.stdout, bytes).catch((error: unknown) => {
      throw new CommandError(
        `Standard output was closed: ${error instanceof Error ? error.message : error}`,
      );
    });
    this.offset += bytes.byteLength;
  }

  async restart(): Promise<boolean> {
    return this.offset === 0;
  }
}

const reasons = new Map([
  ["ENOENT", "its folder does not exist; make it first."],
  ["ENOTDIR", "a part of its path is a file."],
  ["EACCES", "this user may not write there."],
  ["EPERM", "this user may not write there."],
  ["EROFS", "the file system is read-only."],
  ["EISDIR", "it is a folder."],
  ["ENOSPC", "the disk is full."],
  ["EDQUOT", "the quota is used up."],
]);

/** Why a file cannot be written, in words; of what has none, those of the system. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return reasons.get("code" in error ? String(error.code) : "") ?? error.message;
}
