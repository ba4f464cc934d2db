// The request, dependencies and report of an inspection: types that its parts and its callers share.

import type { CollectionMetadata } from "../metadata/collection.ts";
import type {
  Derived,
  InspectionMetadata,
  InspectionTotals,
  ManifestInspection,
} from "../metadata/inspection.ts";
import type { ObjectInspection } from "../metadata/inspectionObjects.ts";
import type { UploadSweepMetadata, UploadsMetadata } from "../metadata/metadata.ts";
import type { MultipartMetadata } from "../metadata/multipart.ts";
import type { Content } from "../storage/content.ts";
import type { Parts } from "../storage/parts.ts";
import type { Repair } from "../storage/repair.ts";
import type { Staging } from "../storage/staging.ts";
import type { Finding, RepairKind, Severity } from "./findings.ts";

/** The outcome of a finding. */
export type Repaired =
  /** It is as it should be. */
  | { readonly kind: "solved" }
  /** Everything was done that can be done here: it is served again once it is pushed again. */
  | { readonly kind: "waits" }
  | { readonly kind: "failed"; readonly reason: string };

/** The dependencies of fsck. */
export interface FsckDeps {
  readonly metadata: {
    readonly inspection: InspectionMetadata;
    readonly manifestInspection: ManifestInspection;
    readonly objectInspection: ObjectInspection;
    readonly collection: Pick<CollectionMetadata, "findStrays">;
    readonly uploads: Pick<UploadsMetadata, "findUpload" | "removeUpload">;
    readonly uploadSweep: Pick<UploadSweepMetadata, "listUploads">;
    readonly multipart: Pick<MultipartMetadata, "listParts">;
  };
  readonly storage: {
    readonly content: Pick<Content, "list" | "stat">;
    readonly staging: Pick<Staging, "list" | "discard">;
    readonly parts: Pick<Parts, "list">;
    readonly repair: Repair;
  };
  /** Reads a manifest. @throws when it is none. */
  readonly derive: (body: Uint8Array, mediaType: string) => Derived;
  /** Unix ms. */
  readonly clock: () => number;
  /** Ends the inspection between two looks. */
  readonly signal?: AbortSignal;
}

/** The options of an inspection. */
export interface FsckRequest {
  /** Reads every byte, and hashes it; otherwise sizes are compared. */
  readonly full: boolean;
  readonly repair: boolean;
  /** Repairs also what gives up objects whose rows are lost. */
  readonly forgetLost?: boolean;
}

/** How far an inspection is. */
export interface FsckProgress {
  readonly phase: "database" | "contents" | "manifests" | "names" | "sessions" | "repairs";
  /** Bytes for `contents` of a full inspection, things otherwise. `total` is 0 while it is not known. */
  readonly done: number;
  readonly total: number;
}

/** The inspected amounts. */
export interface Checked extends InspectionTotals {
  readonly sessions: number;
  /** Open uploads into buckets. */
  readonly multipart: number;
  /** Stored names. */
  readonly names: number;
  /** Bytes that were read and hashed. */
  readonly hashed: number;
}

/** A finding, how much it matters, what could be done about it, and what was done. */
export interface Judged {
  readonly finding: Finding;
  readonly severity: Severity;
  /** null for a fault that no program should decide, and for one that ends automatically. */
  readonly repair: RepairKind | null;
  /** null when nothing was done. */
  readonly repaired: Repaired | null;
}

/** The findings of an inspection, and their outcomes. */
export interface FsckReport {
  readonly full: boolean;
  readonly checked: Checked;
  /** In the order in which they were found. */
  readonly judged: readonly Judged[];
  /** Findings beyond the most that are kept. */
  readonly more: number;
  /** Why no repair was made though one was asked for; null otherwise. */
  readonly refusal: string | null;
  /** True when nothing is wrong, or nothing is wrong any more. */
  readonly clean: boolean;
  readonly durationMs: number;
}

/** Shared by the parts of an inspection. */
export interface Inspection extends FsckDeps {
  readonly full: boolean;
  readonly forgetLost: boolean;
  readonly found: (finding: Finding) => void;
  readonly progress: (progress: FsckProgress) => void;
  /** Reports the failure as a finding instead of ending the inspection. @returns null then. */
  readonly attempt: <T>(what: string, look: () => Promise<T>) => Promise<T | null>;
  readonly hashed: (bytes: number) => void;
}
