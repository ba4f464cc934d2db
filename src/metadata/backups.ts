// The history of backups, and what tells a database that was restored: a part of port 2.

/** `incomplete`: contents of the store were lost, everything else is backed up. */
export type BackupState = "done" | "incomplete" | "failed";

/** A backup that has ended. */
export interface BackupRun {
  /** UUIDv7: those that were recorded later have greater ids (`laterId`). */
  readonly id: string;
  readonly trigger: "schedule" | "command";
  /** For people. */
  readonly target: string;
  readonly state: BackupState;
  /** Unix ms. */
  readonly startedAt: number;
  /** Unix ms. */
  readonly finishedAt: number;
  readonly contents: number;
  /** Of all contents. */
  readonly bytes: number;
  /** Of what it brought. */
  readonly addedBytes: number;
  /** Why it is not complete; null when it is. */
  readonly reason: string | null;
}

/** How many are remembered. */
export const rememberedBackups = 500;

export interface BackupsMetadata {
  /** Remembers a backup, and forgets the oldest beyond `rememberedBackups`. */
  recordBackup(run: BackupRun): Promise<void>;
  /** The one that was recorded last, whatever became of it; null for none. */
  lastBackup(): Promise<BackupRun | null>;
  /** True when a complete one was made to this target, as far as is remembered. */
  hasTarget(target: string): Promise<boolean>;
  /**
   * When the complete one that was recorded last ended, Unix ms; null for none. It is no later than the end of any that was recorded after
   * it: the clock may have been ahead.
   */
  lastComplete(): Promise<number | null>;
  /**
   * Counts the database's generation up. One that is behind what its data directory has noted is an older one: from then on it counts as
   * restored at `now` (Unix ms). @returns its generation.
   */
  advanceGeneration(noted: number, now: number): Promise<number>;
  /** When it was restored, Unix ms; null: never. */
  findRestored(): Promise<number | null>;
}

/** How the backups of a store are. */
export interface BackupStanding {
  /** The latest one, whatever became of it; null for none. */
  readonly last: BackupRun | null;
  /** When the latest complete one ended, Unix ms; null for none. */
  readonly lastCompleteAt: number | null;
  /** True when it ended in the future, as a clock says that was set back since: it may have ended long ago. */
  readonly isAhead: boolean;
  /** True when the latest complete one is too old or of the future, or there is none although they are scheduled. */
  readonly isOverdue: boolean;
}
