// One moment of a database as a file of its own, for backups: whole, compact, and checked.
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../../model/digest.ts";
import { DatabaseDamagedError } from "../openErrors.ts";
import { findFaults } from "./databaseCheck.ts";
import { migrate } from "./migrate.ts";

/** Rows about staged bytes, and about bytes to be deleted: a snapshot has neither. Children before parents. */
const leftOut = [
  "upload_chunks",
  "upload_sessions",
  "multipart_parts",
  "multipart_uploads",
  "trash",
];

/**
 * Writes what is committed to a new file, `breadbox.db` in `into`, durably but for its name, while others write. Blocks. What it holds
 * needs no other file: open uploads, and names of bytes to be deleted, are left out, and nobody holds a lock in it.
 * @throws DatabaseDamagedError, errors of SQLite
 */
export function snapshotSqlite(directory: string, into: string): void {
  const path = join(into, "breadbox.db");
  copyDatabase(join(directory, "breadbox.db"), path);
  const copy = new Database(path, { readwrite: true });
  try {
    // It is nobody's yet: a crash costs a new one.
    copy.run("PRAGMA journal_mode = OFF");
    for (const table of leftOut) copy.run(`DELETE FROM ${table}`);
    copy.run("UPDATE locks SET expires_at = 0");
    const [fault] = findFaults(copy, false);
    if (fault !== undefined) throw damaged(directory, fault);
  } finally {
    copy.close(true);
  }
  syncFile(path);
}

/** Brings the database of a backup up to this version's schema. @throws SchemaTooNewError */
export function upgradeSnapshot(folder: string, now: number): void {
  const database = new Database(join(folder, "breadbox.db"), { readwrite: true });
  try {
    migrate(database, now);
  } finally {
    database.close(true);
  }
}

/**
 * The last change of a database that is restored, before anyone opens it: it counts as restored, and of its contents these are damaged,
 * and no others. Blocks; it is durable but for its name.
 */
export function finishRestored(folder: string, lost: readonly Digest[], now: number): void {
  const path = join(folder, "breadbox.db");
  const database = new Database(path, { readwrite: true });
  try {
    database.run("PRAGMA journal_mode = OFF");
    database.transaction(() => {
      database.run("UPDATE store SET restored_at = ?", [now]);
      database.run("UPDATE contents SET damaged_at = NULL WHERE damaged_at IS NOT NULL");
      const mark = database.query("UPDATE contents SET damaged_at = ? WHERE digest = ?");
      for (const digest of lost) mark.run(now, digest);
    })();
  } finally {
    database.close(true);
  }
  syncFile(path);
}

/** Copies a database to a file that is not there yet. Blocks; it is not durable yet. */
export function copyDatabase(from: string, to: string): void {
  const source = new Database(from, { readonly: true });
  try {
    source.run("PRAGMA busy_timeout = 5000");
    source.run("VACUUM INTO ?", [to]);
  } finally {
    source.close(true);
  }
  chmodSync(to, 0o600);
}

/** Makes a file's bytes durable. */
export function syncFile(path: string): void {
  const handle = openSync(path, "r+");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const damaged = (directory: string, fault: string): DatabaseDamagedError =>
  new DatabaseDamagedError(
    join(directory, "breadbox.db"),
    `it was not backed up (${fault}). Run breadbox fsck to see what is wrong, and restore an earlier backup`,
  );
