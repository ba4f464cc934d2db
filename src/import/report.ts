// What an import did, counted while it runs.
import type { Digest } from "../model/digest.ts";
import type { IntakeWay } from "../storage/intake.ts";

/** How a blob came. `stored`: this store held its bytes already; `download`: over HTTP. */
export type BlobWay = IntakeWay | "download" | "stored";

/** Blobs and their bytes. */
export interface BlobCount {
  blobs: number;
  bytes: number;
}

/** Something that was not imported. */
export interface ImportProblem {
  readonly repository: string;
  /** A tag or a digest; null: the whole repository. */
  readonly reference: string | null;
  /** A sentence without its first letter in capitals and without a full stop. */
  readonly reason: string;
}

/** How an import is wanted. */
export interface ImportRequest {
  /** Nothing is changed: everything is counted that would be. */
  readonly dryRun: boolean;
  /** False: bytes are copied even where they could be shared. */
  readonly share: boolean;
  /** Tags that name another manifest here are moved. */
  readonly overwriteTags: boolean;
}

/** What is done for a repository: its manifests are read and stored, the bytes of blobs are brought. */
export type ImportPhase = "manifests" | "blobs";

/** How far it is. */
export interface ImportProgress {
  readonly repository: string;
  /** Of `repositories`, from 1. */
  readonly number: number;
  readonly repositories: number;
  readonly phase: ImportPhase;
  /** Manifests, or bytes. */
  readonly done: number;
  readonly total: number;
}

/** What came of it. In a dry run: what would. */
export interface ImportReport {
  readonly source: string;
  /** Repositories that were looked at. */
  repositories: number;
  /** Written now, and what was here before. */
  readonly tags: { imported: number; here: number };
  readonly manifests: { imported: number; here: number };
  readonly blobs: Record<BlobWay, BlobCount>;
  /** Tags that name another manifest here, and stay. */
  readonly kept: ImportProblem[];
  readonly problems: ImportProblem[];
}

export function emptyReport(source: string): ImportReport {
  const none = (): BlobCount => ({ blobs: 0, bytes: 0 });
  return {
    ...{ source, repositories: 0, kept: [], problems: [] },
    tags: { imported: 0, here: 0 },
    manifests: { imported: 0, here: 0 },
    blobs: { link: none(), clone: none(), copy: none(), download: none(), stored: none() },
  };
}

/** `sha256:0123456789ab`: enough to find it. */
export const shortDigest = (digest: Digest): string => digest.slice(0, digest.indexOf(":") + 13);
