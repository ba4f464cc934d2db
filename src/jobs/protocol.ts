// Messages between the server and the maintenance worker. Each end switches on `kind`.

import type { StoreConfig } from "../config/store.ts";
import type { CheckOrder } from "../fsck/checks.ts";
import type { Undeleted } from "../gc/attempts.ts";
import type { GcReport, GcRequest } from "../gc/gcRun.ts";
import type { BackupRun } from "../metadata/backups.ts";
import type { CheckRun } from "../metadata/checks.ts";
import type { InspectionTotals } from "../metadata/inspection.ts";
import type { Hold } from "../metadata/locks.ts";
import type { KeepRule } from "../model/keepRule.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { AuditLimits } from "./auditPrune.ts";
import type { ExpiredUpload, MultipartSweepLimits, MultipartSwept } from "./multipartSweep.ts";
import type { ScrubOrder, ScrubReport } from "./scrub.ts";
import type { Dropped } from "./sweep.ts";

/** The store that the worker works on: what opening it takes. */
export type Store = StoreConfig;

/** When staged bytes without a usable start time were first seen, Unix ms. It outlives the worker. */
export type FirstSeen = ReadonlyMap<UploadId, number>;

/** A scheduled backup. */
export interface BackupJob {
  /** A directory. */
  readonly target: string;
  readonly keep: KeepRule;
}

/** Server → worker. Jobs are done in turn, but for checks and backups, and each is answered. */
export type MaintenanceRequest =
  /** Move the database's log into the database. */
  | { readonly kind: "checkpoint"; readonly store: Store }
  /** Drop upload sessions that were without a byte for `timeoutMs` at `now` (Unix ms; null: ages cannot be judged), leftovers of crashes, and old entries of the audit trail. */
  | {
      readonly kind: "sweep";
      readonly store: Store;
      readonly now: number | null;
      /** The leader's. Absent where there is one server. */
      readonly hold?: Hold | null;
      readonly timeoutMs: number;
      /** Leftovers go after this long, if that is less. */
      readonly staleMs: number;
      readonly firstSeen: FirstSeen;
      /** Of the audit trail, what stays. */
      readonly audit: AuditLimits;
    }
  /** Remove uploads in parts that had expired at `now` (as above), except those in `arriving`, and leftovers of crashes. */
  | {
      readonly kind: "sweepMultipart";
      readonly store: Store;
      readonly now: number | null;
      readonly hold?: Hold | null;
      readonly arriving: readonly UploadId[];
      readonly limits: MultipartSweepLimits;
    }
  /** Collect garbage. */
  | { readonly kind: "collect"; readonly store: Store; readonly request: GcRequest }
  /** Check the store, beside the other jobs: it may take hours. Nothing is repaired. */
  | { readonly kind: "check"; readonly store: Store; readonly order: CheckOrder }
  /** Make a backup, beside the other jobs: it may take hours. */
  | { readonly kind: "backup"; readonly store: Store; readonly order: BackupJob }
  /** Read some of the stored content back. */
  | { readonly kind: "scrub"; readonly store: Store; readonly order: ScrubOrder }
  /** The server is about to stop: end a collection and a check between two steps. */
  | { readonly kind: "stop" }
  /** A sync failed: from now on nothing may be moved or written. */
  | { readonly kind: "halt" }
  /** The worker is not needed any more: it closes everything and ends. */
  | { readonly kind: "end" };

/** Worker → server. */
export type MaintenanceReport =
  /** One upload session, or a leftover of one, was deleted. */
  | { readonly kind: "dropped"; readonly upload: Dropped }
  /** One multipart upload was deleted. */
  | { readonly kind: "expired"; readonly upload: ExpiredUpload }
  /** A sync failed in the worker: the store must turn read-only. */
  | { readonly kind: "latched"; readonly reason: string }
  | ScrubReport
  | MaintenanceAnswer;

/** The end of a job. */
export type MaintenanceAnswer =
  | {
      readonly kind: "checkpointed";
      /** Pages the log held, and how many of them are in the database now. */
      readonly logPages: number;
      readonly checkpointedPages: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: "swept";
      readonly dropped: number;
      /** null when everything could be deleted. */
      readonly undeleted: Undeleted | null;
      readonly durationMs: number;
      readonly firstSeen: FirstSeen;
      /** What is stored, for metrics. */
      readonly stored: InspectionTotals;
    }
  | ({ readonly kind: "multipartSwept"; readonly durationMs: number } & MultipartSwept)
  | ({
      readonly kind: "collected";
      /** True when the server asked for its end. */
      readonly isStopped: boolean;
    } & Pick<GcReport, "run" | "notes" | "untagged" | "durationMs">)
  | { readonly kind: "backedUp"; readonly run: BackupRun }
  | {
      readonly kind: "checked";
      /** null when it could not be remembered. */
      readonly run: CheckRun | null;
      readonly durationMs: number;
    }
  | {
      readonly kind: "failed";
      readonly what: MaintenanceRequest["kind"];
      /** True when the server asked for its end. */
      readonly isStopped: boolean;
      readonly message: string;
    };
