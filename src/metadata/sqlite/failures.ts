// What SQLite's errors mean to a client, in one place.
import { SQLiteError } from "bun:sqlite";
import { DrizzleError } from "drizzle-orm";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";

/** Another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(bare(error)).startsWith("SQLITE_BUSY");
}

/** The file is no database, or its pages contradict each other. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(?:NOTADB|CORRUPT)/.test(codeOf(bare(error)));
}

/** A transaction was cut short before the database had a write-ahead log. Who may write takes it back; a reader cannot. */
export function isCutShort(error: unknown): boolean {
  return codeOf(error) === "SQLITE_READONLY_ROLLBACK";
}

/** Drizzle hides the error of a statement that was not prepared behind one that tells the whole SQL and not what went wrong. */
function bare(error: unknown): unknown {
  return error instanceof DrizzleError && error.cause instanceof SQLiteError ? error.cause : error;
}

function codeOf(error: unknown): string {
  return error instanceof SQLiteError ? (error.code ?? "") : "";
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
 * Of any other error the driver's own is returned.
 */
export function translate(error: unknown, latch: WriteLatch): unknown {
  const cause = bare(error);
  const code = codeOf(cause);
  if (isBusy(cause) || isShort(code)) return new RegistryError("BUSY", { cause });
  if (isFull(code)) return new RegistryError("DISK_FULL", { cause });
  if (!isFailedSync(code)) return cause;
  latch.trip("a sync of the database failed", cause);
  return new RegistryError("READ_ONLY", { cause });
}
