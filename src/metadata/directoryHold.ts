// One server per data directory. The lock is the kernel's: it lives exactly as long as the process and needs no expiry.
import { Database } from "bun:sqlite";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseDamagedError, DirectoryBusyError } from "./openErrors.ts";
import { isBusy, isDamaged } from "./sqlite/failures.ts";

/** A held data directory. */
export interface DirectoryHold {
  /** Gives the directory free. The end of the process does the same, however it ends. */
  release(): void;
}

/** Databases close when they are collected as garbage: a held one must stay reachable. */
const held = new Set<Database>();

/**
 * Takes the data directory for this process, for life. `<data>/lock` is an empty SQLite database under an exclusive lock;
 * nothing else may open it (closing any handle of it would drop the process's lock). `<data>/pid` is for people only.
 * @throws DirectoryBusyError when another process holds it, DatabaseDamagedError when the lock file is something else.
 */
export function holdDirectory(directory: string): DirectoryHold {
  makeDirectory(resolve(directory));
  const lock = takeLock(directory);
  const pidFile = join(directory, "pid");
  held.add(lock);
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      if (!held.delete(lock)) return;
      rmSync(pidFile, { force: true });
      lock.close(true);
    },
  };
}

/** Runs `use` while no server can start. @returns null when one holds the directory. */
export async function ifNoServer<T>(
  directory: string,
  use: () => T | Promise<T>,
): Promise<T | null> {
  let hold: DirectoryHold;
  try {
    hold = holdDirectory(directory);
  } catch (error) {
    if (error instanceof DirectoryBusyError) return null;
    throw error;
  }
  try {
    return await use();
  } finally {
    hold.release();
  }
}

/** Creates the directory where it is missing. Its name, and those of parents that were missing too, outlive a power loss. */
function makeDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(first);
  for (let parent = dirname(directory); ; parent = dirname(parent)) {
    const handle = openSync(parent, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (parent === top) return;
  }
}

function takeLock(directory: string): Database {
  const lock = new Database(join(directory, "lock"), { create: true });
  try {
    lock.run("PRAGMA busy_timeout = 0");
    // No journal file: nothing is ever written.
    lock.run("PRAGMA journal_mode = MEMORY");
    lock.run("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (isDamaged(error)) {
      const remedy = "when no server uses the directory, delete the file; it holds no data";
      throw new DatabaseDamagedError(join(directory, "lock"), remedy);
    }
    if (isBusy(error)) throw new DirectoryBusyError(directory, readPid(directory));
    throw error;
  }
}

function readPid(directory: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(directory, "pid"), "utf8"), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
