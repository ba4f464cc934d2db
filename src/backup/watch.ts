// Whether the last complete backup is too old.
import type { BackupStanding, BackupsMetadata } from "../metadata/backups.ts";

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

/** Reads it. What ended in the future, as a clock says that was set back, proves nothing when it is further away than `maxAgeMs`. */
export async function readBackups({
  backups,
  clock,
  maxAgeMs,
  isScheduled,
}: BackupWatch): Promise<BackupStanding> {
  const now = clock();
  const last = await backups.lastBackup();
  const lastCompleteAt = await backups.lastComplete(now + maxAgeMs);
  const isOld = lastCompleteAt === null ? isScheduled : now - lastCompleteAt > maxAgeMs;
  return { last, lastCompleteAt, isOverdue: maxAgeMs > 0 && isOld };
}
