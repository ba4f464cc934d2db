// One server per data directory. The lock is the kernel's: it lives exactly as long as the process and needs no expiry.
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
import { type KernelLock, takeKernelLock } from "./kernelLock.ts";
import { DirectoryBusyError } from "./openErrors.ts";

/** A held data directory. */
export interface DirectoryHold {
  /** Gives the directory free. The end of the process does the same, however it ends. */
  release(): void;
}

/**
 * Takes the data directory for this process, for life. `<data>/lock` is a kernel's lock; `<data>/pid` is for people only.
 * @throws DirectoryBusyError when another process holds it, DatabaseDamagedError when the lock file is something else.
 */
export function holdDirectory(directory: string): DirectoryHold {
  makeDirectory(resolve(directory));
  const lock = takeLock(directory);
  const pidFile = join(directory, "pid");
  writeFileSync(pidFile, `${process.pid}\n`);
  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      rmSync(pidFile, { force: true });
      lock.release();
    },
  };
}

/** How long a server waits for a command that holds its directory for a moment (`ifNoServer`), and how often it looks; ms. */
const [patienceMs, lookEveryMs] = [10_000, 20];

/**
 * Takes the data directory for a server. A command that has found no server may be holding it: that is waited for.
 * @throws as `holdDirectory`: at once when another server is alive.
 */
export async function holdForServer(directory: string): Promise<DirectoryHold> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return holdDirectory(directory);
    } catch (error) {
      const isCommand = error instanceof DirectoryBusyError && !isAlive(error.pid);
      if (!isCommand || performance.now() > until) throw error;
      await Bun.sleep(lookEveryMs);
    }
  }
}

/** @param pid of the last server; null when it has ended as it should. */
function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Runs `use` while no server can start: one that does waits for its end. @returns null when one holds the directory. */
export async function ifNoServer<T>(
  directory: string,
  use: () => T | Promise<T>,
): Promise<T | null> {
  let lock: KernelLock;
  try {
    makeDirectory(resolve(directory));
    lock = takeLock(directory);
  } catch (error) {
    if (error instanceof DirectoryBusyError) return null;
    throw error;
  }
  try {
    return await use();
  } finally {
    lock.release();
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

function takeLock(directory: string): KernelLock {
  const lock = takeKernelLock(join(directory, "lock"), "server");
  if (lock === null) throw new DirectoryBusyError(directory, readPid(directory));
  return lock;
}

function readPid(directory: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(directory, "pid"), "utf8"), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
