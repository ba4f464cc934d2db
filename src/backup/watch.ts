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

/** Reads it. */
export async function readBackups({
  backups,
  clock,
  maxAgeMs,
  isScheduled,
}: BackupWatch): Promise<BackupStanding> {
  const [last, lastCompleteAt] = [await backups.lastBackup(), await backups.lastComplete()];
  const isOld = lastCompleteAt === null ? isScheduled : clock() - lastCompleteAt > maxAgeMs;
  return { last, lastCompleteAt, isOverdue: maxAgeMs > 0 && isOld };
}
