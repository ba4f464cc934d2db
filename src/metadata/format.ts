// `<data>/format`: which layout this directory has and which database belongs to it. It outlives the database file, so that
// a lost database is noticed: with an empty one in its place, all stored bytes would look like garbage.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durability/files.ts";
import { isFilling } from "./copy.ts";
import { NoStoreError, StoreMismatchError } from "./openErrors.ts";

/** The layout of the data directory that this version reads and writes. */
export const formatVersion = 1;

/** Content of the format file. */
export interface Format {
  readonly version: number;
  /** The database's id (table `store`). */
  readonly database: string;
  /** Where that database is. */
  readonly rows: RowsPlace;
  /** Where the bytes are. */
  readonly bytes: BytesPlace;
  /** The data directory that has taken over; absent: none. */
  readonly movedTo?: string;
}

/** A file in the data directory, or a server. */
export type RowsPlace = "file" | "postgres";

/** In the data directory, or in an S3 bucket. */
export type BytesPlace = "files" | "bucket";

/** @returns null when there is no format file. @throws StoreMismatchError when it cannot be understood or is newer. */
export async function readFormat(directory: string): Promise<Format | null> {
  const path = join(directory, "format");
  const text = await readFile(path, "utf8").catch(nullIfAbsent);
  if (text === null) return null;
  const format = parseFormat(text);
  if (format === null) {
    throw new StoreMismatchError(
      `${path} cannot be read as a format file: restore it from a backup; if the database in the same directory is the right one, delete the file: it is written again`,
    );
  }
  if (format.version > formatVersion) {
    throw new StoreMismatchError(
      `${path} says version ${format.version}, this Breadbox knows ${formatVersion}: run the version that wrote it, or a newer one`,
    );
  }
  return format;
}

/** For commands that must not create anything. @throws NoStoreError when a directory was never served, or does not exist. */
export async function assertStore(directory: string): Promise<void> {
  if (!(await holdsStore(directory))) throw new NoStoreError(directory);
}

/** False when a directory was never served or imported into, or does not exist. @throws StoreMismatchError */
export async function holdsStore(directory: string): Promise<boolean> {
  if ((await readFormat(directory)) !== null) return true;
  // The format file alone may have been deleted: opening the database writes it anew.
  return (await stat(join(directory, "breadbox.db")).catch(nullIfAbsent)) !== null;
}

/**
 * The user that serves the data directory, or did: the pid file is the running server's, the others are the first one's. The folder may have
 * been made by another user. @returns the ids of user and group.
 */
export async function ownerOfStore(
  directory: string,
): Promise<{ readonly uid: number; readonly gid: number }> {
  for (const name of ["pid", "breadbox.db", "format"]) {
    const found = await stat(join(directory, name)).catch(nullIfAbsent);
    if (found !== null) return found;
  }
  return stat(directory);
}

/** Writes the format file durably: whole or not at all. */
export async function writeFormat(directory: string, format: Format): Promise<void> {
  const path = join(directory, "format");
  const { version, database, rows, bytes, movedTo } = format;
  // As before there was a choice.
  const text = {
    ...{ version, database },
    ...(rows === "file" ? {} : { rows }),
    ...(bytes === "files" ? {} : { bytes }),
    ...(movedTo === undefined ? {} : { movedTo }),
  };
  // Several commands may open a new directory at once: each has its own draft of the same text.
  await writeDurably(path, `${JSON.stringify(text)}\n`, `${path}.${process.pid}`);
}

/**
 * Called before anything is written to the database.
 * @param found id: that of the database, null when there is none or it is empty; name: for the operator.
 * @throws StoreMismatchError when database and directory do not belong together.
 */
export async function assertBelongsTogether(
  directory: string,
  format: Format | null,
  found: Pick<Format, "rows" | "bytes"> & { readonly id: string | null; readonly name: string },
): Promise<void> {
  const { id: stored, rows, name: database } = found;
  if (format?.movedTo !== undefined) {
    throw new StoreMismatchError(
      `"breadbox migrate" has moved ${directory} to ${format.movedTo}: name that one with --data. To return to what is here, without all later changes, delete the file format`,
    );
  }
  if (stored !== null && isFilling(stored)) {
    throw new StoreMismatchError(
      `${database} is being filled by "breadbox migrate": run that command to its end, with the server of the old database stopped`,
    );
  }
  if (format !== null && format.rows !== rows) {
    throw new StoreMismatchError(
      rows === "file"
        ? `${directory} has its rows in PostgreSQL: set database.url (BREADBOX_DATABASE_URL) as its server has it`
        : `${directory} has its rows in its file breadbox.db, and not in ${database}: do not set database.url, or choose an empty data directory`,
    );
  }
  assertBytes(directory, format, found);
  if (format !== null && stored === null) {
    throw new StoreMismatchError(
      `${directory} was in use, but its database ${database} is missing or empty: restore it from a backup, or choose an empty data directory`,
    );
  }
  if (format !== null && format.database !== stored) {
    throw new StoreMismatchError(
      `${database} is not the database of ${directory} (${stored}, expected ${format.database}): put back the one that belongs here; if you restored both on purpose, delete the file format`,
    );
  }
  if (format === null && stored === null && (await holdsContents(directory))) {
    throw new StoreMismatchError(
      `${directory} holds stored content but no database ${database}: restore it from a backup, or choose an empty data directory`,
    );
  }
}

function assertBytes(
  directory: string,
  format: Format | null,
  { bytes }: Pick<Format, "bytes">,
): void {
  if (format === null || format.bytes === bytes) return;
  throw new StoreMismatchError(
    bytes === "files"
      ? `${directory} has its bytes in an S3 bucket: set storage.s3.bucket (BREADBOX_STORAGE_S3_BUCKET) as its server has it`
      : `${directory} has its bytes in files, and not in a bucket: do not set storage.s3.bucket, or choose an empty data directory`,
  );
}

/** True for a directory with stored content. */
export const holdsContents = (directory: string): Promise<boolean> =>
  holdsFile(join(directory, "blobs"));

/** Stops at the first file; a fresh directory has only empty folders. */
async function holdsFile(directory: string): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(nullIfAbsent);
  for (const entry of entries ?? []) {
    if (!entry.isDirectory() || (await holdsFile(join(directory, entry.name)))) return true;
  }
  return false;
}

function parseFormat(text: string): Format | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    if (!("version" in value && "database" in value)) return null;
    const { version, database } = value;
    if (!Number.isSafeInteger(version) || typeof version !== "number") return null;
    const rows = "rows" in value && value.rows === "postgres" ? "postgres" : "file";
    const bytes = "bytes" in value && value.bytes === "bucket" ? "bucket" : "files";
    if (typeof database !== "string") return null;
    const format = { version, database, rows, bytes } as const;
    const isMoved = "movedTo" in value && typeof value.movedTo === "string";
    return isMoved ? { ...format, movedTo: String(value.movedTo) } : format;
  } catch {
    return null;
  }
}

function nullIfAbsent(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}
