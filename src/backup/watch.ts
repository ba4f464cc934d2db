// Whether the last complete backup is too old, and whether the place of those before is still there.
import { join } from "node:path";
import type { BackupStanding, BackupsMetadata } from "../metadata/backups.ts";
import { isAhead } from "../model/steering.ts";
import { markName } from "./mark.ts";
import { BackupError } from "./target.ts";

/** What is asked, and the rule. */
export interface BackupWatch {
  readonly backups: Pick<BackupsMetadata, "lastBackup" | "lastComplete">;
  /** Unix ms. */
  readonly clock: () => number;
  /** `backup.maxAge`, ms; 0: never. */
  readonly maxAgeMs: number;
  /** True when a target is set. */
  readonly isScheduled: boolean;
}

/** Reads it. */
export async function readBackups({
  backups,
  clock,
  maxAgeMs,
  isScheduled,
}: BackupWatch): Promise<BackupStanding> {
  const now = clock();
  const last = await backups.lastBackup();
  const lastCompleteAt = await backups.lastComplete();
  const isFuture = lastCompleteAt !== null && isAhead(lastCompleteAt, now);
  const isOld = lastCompleteAt === null ? isScheduled : isFuture || now - lastCompleteAt > maxAgeMs;
  return { last, lastCompleteAt, isAhead: isFuture, isOverdue: maxAgeMs > 0 && isOld };
}

/**
 * Where a disk is not mounted, an empty directory is in its place: a server that began anew there would fill the system's.
 * @throws BackupError when a complete backup was made to a directory that holds none any more.
 */
export async function assertStillThere(
  backups: Pick<BackupsMetadata, "hasTarget">,
  directory: string,
): Promise<void> {
  if (await Bun.file(join(directory, markName)).exists()) return;
  if (!(await backups.hasTarget(directory))) return;
  throw new BackupError(
    `${directory} has no backups any more: its disk may not be mounted. To begin anew: breadbox backup ${directory}`,
  );
}
