// What a garbage collection is asked, what it works with, and what it tells: the types that its parts and its callers share.

import type { Uptime } from "../clock/uptime.ts";
import type { AgeLimits, CollectionMetadata } from "../metadata/collection.ts";
import type { GcCounts, GcTrigger } from "../metadata/gcRuns.ts";
import type { Digest } from "../model/digest.ts";
import type { Content } from "../storage/content.ts";
import type { KeptUploads } from "./gcAges.ts";

/** What a collection works with. */
export interface GcDeps extends KeptUploads {
  readonly metadata: CollectionMetadata;
  readonly storage: { readonly content: Pick<Content, "list" | "nameOf" | "stat" | "delete"> };
  /** Unix ms. */
  readonly clock: () => number;
  readonly readUptime: () => Promise<Uptime>;
  /** Unique to this run, and by it `isAlive` knows whether its process is still there. */
  readonly owner: string;
  /** False only when the process that had this name is certainly gone. */
  readonly isAlive: (owner: string) => boolean;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
  /** The longest lease that a push may have been given, in ms. */
  readonly leaseMs: number;
  /**
   * What is deleted before anything is marked: manifests by a rule of their age. In a dry run it only counts. Absent: nothing is.
   * @returns how many.
   */
  readonly deleteManifests?: (limits: {
    readonly now: number;
    readonly dryRun: boolean;
  }) => Promise<number>;
  /** Asked before more than `brakeShare` is deleted. A run with nobody to ask is refused then. */
  readonly confirm?: (plan: GcPlan) => Promise<boolean>;
}

/** What is asked for. */
export interface GcRequest {
  readonly trigger: GcTrigger;
  readonly dryRun: boolean;
  /** Younger content stays, in ms. */
  readonly minAgeMs: number;
  /** A run that nobody watches deletes at most this share of the blobs, and of the bytes, that nothing explains; 0 to 1, where 0 is no limit. */
  readonly brakeShare: number;
}

/** A blob that may go. */
export interface OrphanedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Blobs and their bytes. */
export interface BlobSum {
  readonly blobs: number;
  readonly bytes: number;
}

/** What keeps content that no manifest names. */
export interface Protection {
  /** It was pushed, mounted or asked for a short while ago, or is awaited by a push that goes on. */
  readonly leased: BlobSum;
  /** When the last of their leases ends, Unix ms; before `now` if only pushes that go on keep them, 0 if nothing is kept so. */
  readonly leasedUntil: number;
  /** It is younger than the limit. */
  readonly young: BlobSum;
  /** Files that a request may be about to name: it holds the claim that they were published under. */
  readonly awaited: BlobSum;
}

/** What a run found. Files that no row names count as blobs. */
export interface GcPlan {
  readonly limits: AgeLimits;
  readonly total: number;
  readonly totalBytes: number;
  readonly referenced: number;
  readonly orphaned: BlobSum;
  /** Those of them that no row names: what a crash between a file and its row left. */
  readonly strays: BlobSum;
  /** Those of them that no answered upload, deletion or replacement explains: rows that named them may be lost. Strays count. */
  readonly unexplained: BlobSum;
  readonly protected: Protection;
  readonly links: number;
}

/** How a run ended. */
export interface GcOutcome {
  readonly state: "done" | "refused" | "failed";
  /** Why it was refused or failed; of a dry run that is done: why the run itself would be refused. null otherwise. */
  readonly reason: string | null;
  readonly counts: GcCounts;
  /** null when nothing could be planned. */
  readonly plan: GcPlan | null;
  /** What an earlier run had left behind, and this one has finished. */
  readonly finished: BlobSum;
  /** What the operator should know: a clock that was set back. */
  readonly notes: readonly string[];
  readonly startedAt: number;
  readonly durationMs: number;
}

/** How far a run is. `total` is 0 while it is not known. */
export interface GcProgress {
  readonly phase: "marking" | "deleting";
  readonly done: number;
  readonly total: number;
}

/** Who is told while a run goes on. */
export interface GcListener {
  readonly onProgress?: (progress: GcProgress) => void;
  /** Is told the plan before anything is deleted. */
  readonly onPlan?: (plan: GcPlan) => void;
  /** Is told of each blob of the plan, before anything is deleted. */
  readonly onOrphan?: (blob: OrphanedBlob) => void;
}
