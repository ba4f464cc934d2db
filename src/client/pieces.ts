// Bytes to be sent, wherever they are: a local file that must stay as it is, or memory. And a request's body made of them.
import { open, stat } from "node:fs/promises";
import { CommandError } from "./problems.ts";

/** Bytes that can be read again and again. */
export interface Piece {
  readonly size: number;
  /** @returns `length` bytes, which the caller may keep. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A piece that must stay as it is while it is sent. */
export interface SourceFile extends Piece {
  /** Reads into `bytes`, all of it. @throws when it ends before. */
  fill(bytes: Uint8Array, offset: number): Promise<void>;
  /** @throws when it has changed. */
  assertSame(): Promise<void>;
}

type Handle = Awaited<ReturnType<typeof open>>;

/** A file that is open. */
export class LocalFile implements SourceFile {
  readonly size: number;
  readonly #handle: Handle;
  readonly #path: string;
  readonly #changedAt: number;

  private constructor(
    handle: Handle,
    known: { readonly path: string; readonly size: number; readonly changedAt: number },
  ) {
    this.#handle = handle;
    this.#path = known.path;
    this.size = known.size;
    this.#changedAt = known.changedAt;
  }

  /** @throws CommandError when there is no such file, or it is none. */
  static async open(path: string): Promise<LocalFile> {
    const refuse = (error: unknown): never => {
      throw new CommandError(openText(path, error));
    };
    // Checked first: opening a pipe would wait for its writer.
    const before = await stat(path).catch(refuse);
    if (!before.isFile()) throw new CommandError(notAFile(path, before.isDirectory()));
    const handle = await open(path).catch(refuse);
    const { size, mtimeMs } = await handle.stat();
    return new LocalFile(handle, { path, size, changedAt: mtimeMs });
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.fill(bytes, offset);
    return bytes;
  }

  /** Reads into `bytes`, all of it. @throws CommandError when the file ends before. */
  async fill(bytes: Uint8Array, offset: number): Promise<void> {
    let filled = 0;
    while (filled < bytes.byteLength) {
      const { bytesRead } = await this.#handle.read(
        bytes,
        filled,
        bytes.byteLength - filled,
        offset + filled,
      );
      if (bytesRead === 0) throw this.#changed();
      filled += bytesRead;
    }
  }

  /** @throws CommandError when it was written to since it was opened. */
  async assertSame(): Promise<void> {
    const { size, mtimeMs } = await this.#handle.stat();
    if (size !== this.size || mtimeMs !== this.#changedAt) throw this.#changed();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #changed(): CommandError {
    return new CommandError(
      `${this.#path} changed while it was being sent: nothing was stored under its name.`,
    );
  }
}

const openText = (path: string, error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT" || code === "ENOTDIR") return `There is no file ${path}.`;
  if (code === "EACCES" || code === "EPERM") return `This user may not read ${path}.`;
  return `${path} cannot be read: ${error instanceof Error ? error.message : error}`;
};

const notAFile = (path: string, isFolder: boolean): string =>
  isFolder
    ? `${path} is a folder. Send one file: tar -c ${path} | breadbox bucket put - BUCKET/OBJECT`
    : `${path} is not a regular file. Send its output: breadbox bucket put - BUCKET/OBJECT < ${path}`;

/** A part of a piece. */
export const pieceOf = (whole: Piece, start: number, size: number): Piece => ({
  size,
  read: (offset, length) => whole.read(start + offset, length),
});

/** Bytes in memory. */
export const memoryPiece = (bytes: Uint8Array): Piece => ({
  size: bytes.byteLength,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
});

/** Small enough for a smooth bar on a slow line. */
const chunkBytes = 128 * 1024;

/** A request's body, with the header for its length: streams lose theirs otherwise. */
export interface Body {
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads as fast as the connection sends. @param onBytes receives the size of each chunk. */
export function bodyOf(piece: Piece, onBytes: (count: number) => void): Body {
  const headers = { "content-length": String(piece.size) };
  if (piece.size === 0) return { body: new Uint8Array(0), headers };
  let offset = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const bytes = await piece.read(offset, Math.min(chunkBytes, piece.size - offset));
    offset += bytes.byteLength;
    onBytes(bytes.byteLength);
    controller.enqueue(bytes);
    if (offset >= piece.size) controller.close();
  };
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), headers };
}
