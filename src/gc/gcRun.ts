// Request, plan and report of a garbage collection: the types that its parts and its callers share.

import type { Uptime } from "../clock/uptime.ts";
import type { BackupsMetadata } from "../metadata/backups.ts";
import type { ClockMetadata } from "../metadata/clockAnchor.ts";
import type { AgeLimits, CollectionMetadata } from "../metadata/collection.ts";
import type { GcCounts, GcRun, GcRunsMetadata, GcTrigger } from "../metadata/gcRuns.ts";
import type { LocksMetadata } from "../metadata/locks.ts";
import type { ManifestKey, Metadata } from "../metadata/metadata.ts";
import type { UntaggedMetadata, UntaggedRule, UntaggedSpace } from "../metadata/untagged.ts";
import type { Digest } from "../model/digest.ts";
import type { Content } from "../storage/content.ts";

/** The settings of runs, which a request may override. Times in ms. */
export interface GcSettings {
  /** Younger content stays: `gc.minAge`, unless the run was asked for another age. */
  readonly minAgeMs: number;
  /** The lease of pushed content: `gc.minAge`, for any requested age. */
  readonly leaseMs: number;
  /** The longest that an open upload is kept without a byte: it is not collected, but judged by the same clock. */
  readonly uploadsMs: number;
  /** At most this share of the blobs, and of the bytes, that nothing explains is deleted without confirmation; 0 to 1, where 0 is no limit. */
  readonly brakeShare: number;
  /** For so long after the database was restored nothing is deleted. */
  readonly restoreGraceMs: number;
  /** Untagged manifests that were pushed longer ago are deleted first; null: they stay. */
  readonly untaggedOlderThanMs: number | null;
}

/** One run. */
export interface GcRequest extends GcSettings {
  /** UUIDv7. */
  readonly id: string;
  readonly trigger: GcTrigger;
  readonly dryRun: boolean;
}

/** The rows port of a run. */
export type GcMetadata = CollectionMetadata &
  LocksMetadata &
  ClockMetadata &
  Pick<BackupsMetadata, "findRestored">;

/** Its parts of the port. */
export const gcMetadata = ({
  collection,
  locks,
  clock,
  backups,
}: Pick<Metadata, "collection" | "locks" | "clock" | "backups">): GcMetadata => ({
  ...{ ...collection, ...locks, ...clock },
  findRestored: () => backups.findRestored(),
});

/** The ports and functions that a run works with. */
export interface GcDeps {
  readonly metadata: GcMetadata;
  readonly untagged: UntaggedMetadata;
  /** null: the run is not remembered. */
  readonly runs: Pick<GcRunsMetadata, "endRun"> | null;
  readonly storage: { readonly content: Pick<Content, "list" | "nameOf" | "stat" | "delete"> };
  /** Unix ms. */
  readonly clock: () => number;
  /** How far the clock of a server that gave a lease may be behind this one; ms, 0 by default. */
  readonly clockErrorMs?: number;
  readonly readUptime: () => Promise<Uptime>;
  /** This process's name among those that share the store. */
  readonly self: string;
  /** False only when the process of this name has certainly ended. */
  readonly isAlive: (process: string) => boolean;
  /** True while a backup is running, or frozen: it may need any file. @throws when that cannot be known. */
  readonly isBackingUp: () => boolean;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/** A blob that may be deleted. */
export interface OrphanedBlob {
  /** Null for bytes without a row whose stored name does not tell it. */
  readonly digest: Digest | null;
  /** Bytes. */
  readonly size: number;
}

/** Blobs and their bytes. */
export interface BlobSum {
  readonly blobs: number;
  readonly bytes: number;
}

/** Content that no manifest names and that is kept all the same, by the reason. */
export interface Protection {
  /** It was pushed, mounted or asked for a short while ago, or is awaited by a push that is running. */
  readonly leased: BlobSum;
  /** When the last of its leases ends, Unix ms; before `now` if only running pushes keep it, 0 if nothing is leased. */
  readonly leasedUntil: number;
  /** It is younger than the limit. */
  readonly young: BlobSum;
  /** Files that a request may be about to name: it holds the claim that they were published under. */
  readonly awaited: BlobSum;
}

/** Manifests of a plan. */
export interface PlannedManifests {
  /** In the order of their deletion: indexes before what they name, subjects before their referrers. */
  readonly keys: readonly ManifestKey[];
  /** It is checked again in the transaction that deletes them. */
  readonly rule: UntaggedRule;
}

/**
 * A plan lists what a run would delete: manifests, then content and links that nothing names any more. It is data, and the execution
 * gets nothing else: a dry run prints it, the brake judges it, the run executes it. Blobs and links are sums here; their rows come with it
 * where they are few, or are read again, page by page. Each is checked again in the transaction that deletes it. Files without a row count
 * as blobs.
 *
 * Other deletions (retention of tags, deletion of a repository, eviction from a cache) should make plans of this kind. Such a plan
 * differs in the manifests that it chooses and in the rule that is checked again; sums, brake and execution stay as they are.
 */
export interface GcPlan {
  readonly limits: AgeLimits;
  /** Untagged manifests; null: they are not deleted. */
  readonly manifests: PlannedManifests | null;
  readonly total: number;
  readonly totalBytes: number;
  /** By manifests that stay, and by objects. */
  readonly referenced: number;
  /** Content that only those manifests name is part of it. */
  readonly orphaned: BlobSum;
  /** Those of them that are files without a row, which a crash left. */
  readonly strays: BlobSum;
  /** Those of them that no answered upload, deletion or replacement explains: rows that named them may be lost. Strays are part of it. */
  readonly unexplained: BlobSum;
  readonly protected: Protection;
  readonly links: number;
}

/** How a run ended. */
export interface GcReport {
  readonly state: "done" | "refused" | "failed";
  /** Why it was refused or failed. For a dry run that is done: why the run itself would be refused. Otherwise null. */
  readonly reason: string | null;
  readonly counts: GcCounts;
  /** null when nothing could be planned. */
  readonly plan: GcPlan | null;
  /** Files that an earlier run had left, and that this one deleted. */
  readonly finished: BlobSum;
  /** Notes for the operator, such as a clock that was set back. */
  readonly notes: readonly string[];
  /** Content that only untagged manifests keep; null without a plan, or when it cannot be summed up. */
  readonly untagged: UntaggedSpace | null;
  /** The remembered run; null when it is not remembered, or was forgotten meanwhile. */
  readonly run: GcRun | null;
  readonly startedAt: number;
  readonly durationMs: number;
}

/** How far a run is. `total` is 0 while it is not known. */
export interface GcProgress {
  readonly phase: "marking" | "deleting";
  readonly done: number;
  readonly total: number;
}

/** Callbacks of a run. */
export interface GcListener {
  readonly onProgress?: (progress: GcProgress) => void;
  /** Gets the plan before anything is deleted. */
  readonly onPlan?: (plan: GcPlan) => void;
  /** Gets each blob of the plan, before anything is deleted. */
  readonly onOrphan?: (blob: OrphanedBlob) => void;
  /** Called before more is deleted than the brake allows. Without it such a run is refused. */
  readonly confirm?: (plan: GcPlan) => Promise<boolean>;
}
