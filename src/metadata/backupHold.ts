// A running backup keeps the files that its snapshot names: collections ask here before they delete any. The lock is the kernel's, because
// any clock can be set while a backup is running, and the backup may be frozen for longer than any lease lasts.
import { join } from "node:path";
import { isLocked, type KernelLock, takeKernelLock } from "./kernelLock.ts";

const fileOf = (directory: string): string => join(directory, "backup.lock");
const user = "backup";

/** How long somebody who only looks at the lock may be in the way, and how often it is tried again meanwhile; ms. */
const [patienceMs, everyMs] = [1_000, 20];

/** Takes the store for a backup. @param directory the data directory. @returns null when another backup has it. @throws DatabaseDamagedError */
export async function holdForBackup(directory: string): Promise<KernelLock | null> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const lock = takeKernelLock(fileOf(directory), user);
    if (lock !== null || performance.now() > until) return lock;
    await Bun.sleep(everyMs);
  }
}

/** True while a backup of this data directory is running, or frozen. @throws when that cannot be known. */
export function isBackingUp(directory: string): boolean {
  return isLocked(fileOf(directory), user);
}
