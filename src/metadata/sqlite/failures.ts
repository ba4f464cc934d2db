// What SQLite's errors mean to a client, in one place.
import { SQLiteError } from "bun:sqlite";
import type { WriteLatch } from "../../content/writeLatch.ts";
import { RegistryError } from "../../errors.ts";

/** Another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && (error.code ?? "").startsWith("SQLITE_BUSY");
}

/** The file is no database, or its pages contradict each other. */
export function isDamaged(error: unknown): boolean {
  return error instanceof SQLiteError && /^SQLITE_(?:NOTADB|CORRUPT)/.test(error.code ?? "");
}

/** No space for the database, its log, or the log's index. */
function isFull(code: string): boolean {
  return code === "SQLITE_FULL" || code === "SQLITE_IOERR_SHMSIZE";
}

/** Descriptors or memory are short for a moment: a file of the database, or one for sorting, cannot be opened. */
function isShort(code: string): boolean {
  return code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_NOMEM");
}

/** A sync that SQLite itself made has failed (start of a new log, checkpoint). */
function isFailedSync(code: string): boolean {
  return code === "SQLITE_IOERR_FSYNC" || code === "SQLITE_IOERR_DIR_FSYNC";
}

/**
 * Turns an error of the driver into what the caller of the port throws: BUSY, DISK_FULL, READ_ONLY (and trips the latch).
 * Any other error is returned as it is.
 */
export function translate(error: unknown, latch: WriteLatch): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const code = error.code ?? "";
  if (isBusy(error) || isShort(code)) return new RegistryError("BUSY", { cause: error });
  if (isFull(code)) return new RegistryError("DISK_FULL", { cause: error });
  if (!isFailedSync(code)) return error;
  latch.trip("a sync of the database failed", error);
  return new RegistryError("READ_ONLY", { cause: error });
}
