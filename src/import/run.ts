// One import: what it works with, and what it has found out so far.
import type { Metadata } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { Immutability } from "../model/names.ts";
import type { Sparse } from "../registry/sparse.ts";
import type { Storage } from "../storage/storage.ts";
import type { ImportPhase, ImportReport, ImportRequest } from "./report.ts";
import type { Target } from "./target.ts";

/** The store that is imported into. */
export interface ImportStore {
  readonly metadata: Pick<Metadata, "registry" | "contents" | "uploads">;
  readonly storage: Storage;
  /** Unix ms. */
  readonly clock: () => number;
  /** UUIDv7 source. */
  readonly newId: () => string;
  /** How long a pushed blob is kept without a manifest, in ms. */
  readonly leaseMs: number;
}

/** The rules that a push would be held to. */
export interface ImportRules {
  readonly manifestMaxBytes: number;
  readonly immutable: Immutability;
  readonly sparse: Sparse;
}

/** What all steps of an import share. */
export interface ImportRun {
  /** null in a dry run. */
  readonly store: ImportStore | null;
  readonly target: Target;
  readonly rules: ImportRules;
  readonly request: ImportRequest;
  readonly report: ImportReport;
  /** Content that a dry run has counted: it would be stored once. */
  readonly counted: Set<Digest>;
  /** Called as the repository's work proceeds: manifests as a number, blobs in bytes. */
  readonly onProgress: (phase: ImportPhase, done: number, total: number) => void;
  /** Waits between two tries; ms. */
  readonly rest: (ms: number) => Promise<void>;
}
