// The history of the garbage collection: a part of port 2. Apart from the collection itself, which works without it.

/** The origin of a run. */
export type GcTrigger = "schedule" | "api" | "command";

/** `refused`: it would have deleted too much. `failed`: it stopped at something it did not understand, or was killed. */
export type GcRunState = "running" | "done" | "refused" | "failed";

/** Counts of a run; a dry run counts as orphaned what it would delete. Sizes in bytes. */
export interface GcCounts {
  readonly totalBlobs: number;
  readonly referencedBlobs: number;
  readonly orphanedBlobs: number;
  readonly orphanedBytes: number;
  readonly deletedBlobs: number;
  readonly deletedBytes: number;
  /** By the rule for untagged manifests; in a dry run: those that it would delete. */
  readonly deletedManifests: number;
  /** Of repositories to content that none of their manifests names. */
  readonly deletedLinks: number;
}

/** Where a run begins. */
export interface GcBeginning {
  /** UUIDv7: runs that began later have greater ids (`laterId`). */
  readonly id: string;
  readonly trigger: GcTrigger;
  readonly dryRun: boolean;
  /** Unix ms. */
  readonly startedAt: number;
}

/** How a run ended. */
export interface GcEnding {
  readonly state: Exclude<GcRunState, "running">;
  readonly counts: GcCounts;
  /** Why it was refused or failed; null when it is done. */
  readonly reason: string | null;
  /** Unix ms. */
  readonly finishedAt: number;
}

/** A run of the garbage collection. */
export interface GcRun extends GcBeginning {
  readonly state: GcRunState;
  readonly counts: GcCounts;
  readonly reason: string | null;
  /** Unix ms; null while it runs, and when it was killed. */
  readonly finishedAt: number | null;
}

/** Runs by schedule that were refused, one after another, up to now. */
export interface GcRefusals {
  /** When the first of them ended, Unix ms. */
  readonly since: number;
  /** Of the latest. */
  readonly reason: string;
}

/** What is said to be going on. */
export interface ActiveRuns {
  /** Ids of runs that are said to run. */
  readonly running: readonly string[];
  /** The owner of the collection's lock; null when it is free. */
  readonly holder: string | null;
}

/** Nothing seen, nothing done. */
export const noCounts: GcCounts = {
  totalBlobs: 0,
  referencedBlobs: 0,
  orphanedBlobs: 0,
  orphanedBytes: 0,
  deletedBlobs: 0,
  deletedBytes: 0,
  deletedManifests: 0,
  deletedLinks: 0,
};

/** The reason recorded for a run that was killed. */
export const brokenOff = "was broken off";

/** How many runs are remembered. */
export const rememberedRuns = 500;

export interface GcRunsMetadata {
  /** Remembers a run that begins, and forgets the oldest beyond `rememberedRuns`. @returns the run. */
  beginRun(beginning: GcBeginning): Promise<GcRun>;
  /** @returns the run as it ended; null when it was forgotten meanwhile. */
  endRun(id: string, ending: GcEnding): Promise<GcRun | null>;
  /** A sign of life of the process that runs it. Not durable on purpose. */
  renewRun(id: string): Promise<void>;
  /** @param now Unix ms. */
  findActive(now: number): Promise<ActiveRuns>;
  /**
   * Of these runs, those that are said to run are said to have failed, but those that another process gave a sign of life of a short
   * while ago. @param over those that are known to be over. @returns how many.
   */
  breakOffRuns(ids: readonly string[], over?: readonly string[]): Promise<number>;
  findRun(id: string): Promise<GcRun | null>;
  /** Runs with an id before `after`, the latest first. */
  listRuns(page: {
    readonly after: string | null;
    readonly limit: number;
  }): Promise<readonly GcRun[]>;
  /** When the latest run that deleted what it found ended, Unix ms by the clock of then; null when none did. */
  lastSuccess(): Promise<number | null>;
  /** @returns the refusals of the schedule since its last success; null when there are none. */
  findRefusals(): Promise<GcRefusals | null>;
  /**
   * When the latest run began, or the store was made, if that is later. Neither counts when a clock that was ahead dated it after
   * `now`. @param options.dry dry runs count as well. @returns Unix ms; null when nothing counts.
   */
  lastBeginning(options: { readonly now: number; readonly dry: boolean }): Promise<number | null>;
}
