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

/** Clocks that are steered move by less; ms. */
const steeredMs = 60_000;

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
  const age = lastCompleteAt === null ? null : now - lastCompleteAt;
  const isAhead = age !== null && age < -steeredMs;
  const isOld = age === null ? isScheduled : isAhead || age > maxAgeMs;
  return { last, lastCompleteAt, isAhead, isOverdue: maxAgeMs > 0 && isOld };
}
