// The server's handling of the maintenance worker's reports.

import type { WriteLatch } from "./durability/writeLatch.ts";
import type { Checks } from "./fsck/checks.ts";
import type { Undeleted } from "./gc/attempts.ts";
import type { GcRuns } from "./gc/runs.ts";
import type { ExpiredUpload } from "./jobs/multipartSweep.ts";
import type { MaintenanceReport } from "./jobs/protocol.ts";
import type { ScrubReport } from "./jobs/scrub.ts";
import type { BackupRun } from "./metadata/backups.ts";
import type { CheckRun } from "./metadata/checks.ts";
import type { GcRun } from "./metadata/gcRuns.ts";
import type { UploadId } from "./model/uploadId.ts";
import type { GcEnd } from "./telemetry/gc.ts";
import type { Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { MultipartMetrics } from "./telemetry/multipart.ts";
import type { SpaceMetrics } from "./telemetry/space.ts";

/** The receivers. */
export interface Listeners {
  readonly log: Pick<Log, "debug" | "info" | "warn" | "error">;
  readonly metrics: Pick<Metrics, "uploadEnded"> & {
    readonly multipart: Pick<MultipartMetrics, "expired" | "swept">;
    readonly space: Pick<SpaceMetrics, "counted">;
  };
  /** Called for an upload session that is over. */
  readonly forgetUpload: (id: UploadId) => void;
  /** Called for a multipart upload that is over. */
  readonly forgetParts: (id: UploadId) => void;
  readonly latch: Pick<WriteLatch, "trip">;
  readonly gcRuns: Pick<GcRuns, "ended">;
  /** Called for a collection that has ended. */
  readonly onCollected: (run: GcRun, end: GcEnd) => void;
  readonly checks: Pick<Checks, "ended">;
  /** Called for a check that has ended. */
  readonly onChecked: (run: CheckRun, durationMs: number) => void;
  /** Called for a scheduled backup that has ended. */
  readonly onBackedUp: (run: BackupRun) => void;
  readonly onScrub: (report: ScrubReport) => void;
}

/** Passes a report of the worker on to the log, the counters and the listeners. */
export function takeReport(report: MaintenanceReport, listeners: Listeners): void {
  const { log, metrics, latch } = listeners;
  switch (report.kind) {
    case "checkpointed":
      log.debug(report, "database log moved into the database");
      break;
    case "dropped": {
      const { id, reason, repository, bytes } = report.upload;
      listeners.forgetUpload(id);
      metrics.uploadEnded("expired");
      log.info(
        { event: "uploadExpired", uploadId: id, repository, bytes },
        `upload ${id} ${reason}`,
      );
      break;
    }
    case "swept":
      metrics.space.counted(report.stored);
      logSweep(log, report);
      logUndeleted(log, report.undeleted);
      break;
    case "expired":
      takeExpired(report.upload, listeners);
      break;
    case "multipartSwept":
      metrics.multipart.swept(report.durationMs / 1000);
      logMultipartSweep(log, report);
      logUndeleted(log, report.undeleted);
      break;
    case "collected":
      takeRun(report, listeners);
      break;
    case "backedUp":
      listeners.onBackedUp(report.run);
      break;
    case "checked":
      if (report.run !== null) listeners.onChecked(report.run, report.durationMs);
      endCheck(listeners, unrecorded);
      break;
    case "damaged":
    case "unreadable":
    case "scrubbed":
      listeners.onScrub(report);
      break;
    case "latched":
      latch.trip(report.reason, null);
      break;
    case "failed":
      if (report.isStopped) log.info(`maintenance stopped with the server: ${report.what}`);
      else log.error({ message: report.message }, `maintenance failed: ${report.what}`);
      if (report.what === "collect") endRun(listeners);
      if (report.what === "check") endCheck(listeners, report.message);
      break;
    default:
      report satisfies never;
  }
}

function takeExpired(
  { id, bucket, object, bytes }: ExpiredUpload,
  { log, metrics, forgetParts }: Listeners,
): void {
  forgetParts(id);
  metrics.multipart.expired(1);
  log.info(
    { event: "multipartExpired", uploadId: id, bucket, object, bytes },
    `multipart upload ${id} expired`,
  );
}

function takeRun(
  { run, notes, ...end }: Extract<MaintenanceReport, { kind: "collected" }>,
  { log, gcRuns, onCollected }: Listeners,
): void {
  for (const note of notes) log.warn({ event: "gc" }, note);
  if (run !== null) onCollected(run, end);
  endRun({ log, gcRuns });
}

function endRun({ log, gcRuns }: Pick<Listeners, "log" | "gcRuns">): void {
  gcRuns
    .ended()
    .catch((err) => log.error({ err }, "the end of a garbage collection could not be recorded"));
}

/** Of a check that looked at everything, and could not write that down. */
const unrecorded = "its result could not be recorded";

function endCheck({ log, checks }: Pick<Listeners, "log" | "checks">, reason: string): void {
  checks
    .ended(reason)
    .catch((err) => log.error({ err }, "the end of a check could not be recorded"));
}

/** Nothing found is no news. */
function logSweep(
  log: Listeners["log"],
  { dropped, durationMs }: Extract<MaintenanceReport, { kind: "swept" }>,
) {
  const ms = Math.round(durationMs);
  if (dropped === 0) log.debug({ ms }, "no upload has expired");
  else
    log.info({ event: "uploadsSwept", dropped, ms }, `uploads cleaned up: ${dropped} in ${ms} ms`);
}

/** Once for each sweep, however many there are: the next one tries again. */
function logUndeleted(log: Listeners["log"], undeleted: Undeleted | null): void {
  if (undeleted === null) return;
  const { count, cause } = undeleted;
  const left = count === 1 ? "1 leftover" : `${count} leftovers`;
  const text = `${left} of uploads could not be deleted, the next cleanup tries again`;
  log.warn({ event: "undeleted", count, cause }, text);
}

function logMultipartSweep(
  log: Listeners["log"],
  { expired, leftovers, durationMs }: Extract<MaintenanceReport, { kind: "multipartSwept" }>,
) {
  const ms = Math.round(durationMs);
  if (expired + leftovers === 0) {
    log.debug({ ms }, "no multipart upload has expired");
    return;
  }
  const done = `${expired} expired, ${leftovers} left over`;
  const fields = { event: "multipartSwept", expired, leftovers, ms };
  log.info(fields, `multipart uploads cleaned up: ${done}, in ${ms} ms`);
}
