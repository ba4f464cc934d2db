// Locks of the kernel: each lives exactly as long as who holds it, whatever any clock says. Also across containers, whose processes cannot
// see each other.
import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { DatabaseDamagedError } from "./openErrors.ts";
import { isBusy, isDamaged } from "./sqlite/failures.ts";

/** A lock that is held. */
export interface KernelLock {
  /** Gives it up. The end of the process, or of its worker, does the same, however it comes. */
  release(): void;
}

/** Databases close when they are collected as garbage: a held one must stay reachable. */
const held = new Set<Database>();

/**
 * Takes a lock: an empty SQLite database at `path`, under an exclusive lock. Nothing but these functions may open it: closing any other
 * handle of it would drop the process's lock.
 * @param path created if absent, in a folder that is there. @param user who would be using it, for people.
 * @returns null when it is held. @throws DatabaseDamagedError when the file is something else.
 */
export function takeKernelLock(path: string, user: string): KernelLock | null {
  const lock = attempt(path, user, { create: true }, [
    // No journal file: nothing is ever written.
    "PRAGMA journal_mode = MEMORY",
    "BEGIN EXCLUSIVE",
  ]);
  if (lock === null) return null;
  held.add(lock);
  return {
    release() {
      if (held.delete(lock)) lock.close(true);
    },
  };
}

/** True while anybody holds it, this process included. Whoever takes it in that moment may find it held. @throws as `takeKernelLock` */
export function isLocked(path: string, user: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  const looked = attempt(path, user, { readonly: true }, ["SELECT count(*) FROM sqlite_master"]);
  looked?.close(true);
  return looked === null;
}

/** @returns the database; null when somebody has locked it. */
function attempt(
  path: string,
  user: string,
  how: { readonly create: true } | { readonly readonly: true },
  statements: readonly string[],
): Database | null {
  const lock = new Database(path, how);
  try {
    for (const statement of ["PRAGMA busy_timeout = 0", ...statements]) lock.run(statement);
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return null;
    if (!isDamaged(error)) throw error;
    const remedy = `when no ${user} uses the directory, delete the file; it holds no data`;
    throw new DatabaseDamagedError(path, remedy);
  }
}
