// When maintenance is due, and the worker that does it. The worker lives for its jobs only; a job that it died on is done by the
// next one.

import type { CheckOrder } from "../fsck/checks.ts";
import type { GcRequest } from "../gc/gcRun.ts";
import type { Hold } from "../metadata/locks.ts";
import type { UploadId } from "../model/uploadId.ts";
import { type Need, Supervisor } from "../workers/supervisor.ts";
import type { AuditLimits } from "./auditPrune.ts";
import type { Backups } from "./backups.ts";
import { isCheckpointDue, type LogSighting } from "./checkpointRule.ts";
import type { Leadership } from "./leadership.ts";
import type { MissedRun } from "./missedRun.ts";
import type { MultipartSweepLimits } from "./multipartSweep.ts";
import type {
  BackupJob,
  FirstSeen,
  MaintenanceReport,
  MaintenanceRequest,
  Store,
} from "./protocol.ts";
import type { Schedule } from "./schedule.ts";
import type { Scrubs } from "./scrubs.ts";

/** The options of maintenance. Times in ms. */
export interface MaintenanceOptions {
  readonly spawn: () => Worker;
  readonly store: Store;
  /** Whether this server does what one of several does. Absent where it is the only one. */
  readonly leadership?: Pick<Leadership, "hold"> | null;
  /** The size of the database's log, and a version that differs after every write. */
  readonly logState: () => { readonly bytes: number; readonly version: string };
  /** How long an upload session may be without a byte. */
  readonly uploadTimeoutMs: number;
  /** How long staged bytes may be there that no session knows of; at most the above. */
  readonly staleMs: number;
  /** How often upload sessions are swept, the first time at start. */
  readonly cleanupEveryMs: number;
  /** What stays of the audit trail, which is looked through as often. */
  readonly audit: AuditLimits;
  /** How often uploads in parts are swept, the first time at start, and the limits of a sweep; null for never. */
  readonly multipart: { readonly everyMs: number; readonly limits: MultipartSweepLimits } | null;
  /** The time that ages are judged by, Unix ms; null while the clock is in doubt. */
  readonly ageNow: () => number | null;
  /** Uploads whose parts are arriving. */
  readonly arriving: () => readonly UploadId[];
  /** When garbage is collected; null for never. */
  readonly schedule: Pick<Schedule, "isDue"> | null;
  /** Looks for a missed run, some time after the start; null for never. */
  readonly missed: Pick<MissedRun, "isDue" | "look" | "takeOver"> | null;
  /** Unix ms; for the schedule. */
  readonly clock: () => number;
  /** A time of the schedule has come: `collect` is expected. */
  readonly onDue: () => Promise<unknown>;
  /** Upload sessions are about to be swept, or another server does that: for other work that is done as often. */
  readonly onCleanup: () => Promise<void>;
  /** When backups are made, and which; null for never. */
  readonly backups?: { readonly due: Pick<Backups, "isDue">; readonly job: BackupJob } | null;
  /** Hands out slices of the scrub, and takes their reports; null for never. */
  readonly scrubs: Pick<Scrubs, "next" | "failed"> | null;
  readonly onReport: (report: MaintenanceReport) => void;
  readonly onLost: (reason: string) => void;
}

type Job = MaintenanceRequest["kind"];

const tickMs = 1_000;
/** A server that has just begun to listen answers first: what looks for work takes a tenth of its start. */
const firstTickMs = 200;
/** A worker without a job is kept for this long: the next one may come at once. */
const idleMs = 3_000;
/** First wait before lost jobs are ordered again, doubled each time up to the longest. */
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
/** A stopping server waits this long for a collection to end. It is safe to cut it off. */
const longestStopMs = 5_000;

/** They end between two of their steps when the server stops, and are not repeated when the worker is lost: it may have died of them. */
const endingJobs = ["collect", "check", "backup"] as const;

/** Looks once a second for what is due. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #owed = new Set<Job>();
  readonly #worker: Supervisor<MaintenanceRequest, MaintenanceReport>;
  /** None once nothing more begins. */
  readonly #ticking: Timer[] = [];
  #sweptAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #multipartSweptAt = Number.NEGATIVE_INFINITY;
  #retryAt = 0;
  #waitMs = firstWaitMs;
  #firstSeen: FirstSeen = new Map();
  #log: LogSighting | null = null;
  #movedLog: string | null = null;
  /** Called when no job is owed any more. */
  #onIdle: () => void = () => {};

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#worker = new Supervisor({
      spawn: options.spawn,
      farewell: { kind: "end" },
      need: () => this.#need(),
      // A job may take hours, and reports nothing until something is found.
      ...{ silenceMs: Number.POSITIVE_INFINITY, idleMs },
      onReport: (report) => this.#take(report),
      onLost: (reason) => this.#orderAgain(reason),
    });
  }

  /** Begins. Uploads are swept first. */
  start(): void {
    const tick = () => this.#tick(performance.now());
    this.#ticking.push(setTimeout(tick, firstTickMs), setInterval(tick, tickMs));
  }

  /** Another server did the scheduled work until now. */
  takeOver(): void {
    this.#options.missed?.takeOver(performance.now());
  }

  /** After a failed sync: nothing may be moved or written any more. */
  halt(): void {
    this.#stopTicking();
    this.#worker.notify({ kind: "halt" });
  }

  /** Collects garbage, after the jobs that were ordered before. */
  collect(request: GcRequest): void {
    this.#owed.add("collect");
    this.#worker.send({ kind: "collect", store: this.#options.store, request });
  }

  /** Checks the store, beside the other jobs. */
  check(order: CheckOrder): void {
    this.#owed.add("check");
    this.#worker.send({ kind: "check", store: this.#options.store, order });
  }

  /** Begins nothing more, and asks a collection and a check to end. */
  stop(): void {
    this.#stopTicking();
    this.#worker.notify({ kind: "stop" });
  }

  /** Ends the worker; a collection and a check end between two of their steps. */
  async close(): Promise<void> {
    this.stop();
    if (endingJobs.some((job) => this.#owed.has(job))) await this.#idle();
    await this.#worker.close();
  }

  /** Once nothing more begins, the worker is left as it is until the end: after a failed sync it must not even close its files. */
  #need(): Need {
    return this.#ticking.length > 0 && this.#owed.size === 0 ? "nothing" : "background";
  }

  #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const patience = setTimeout(resolve, longestStopMs);
    return promise.finally(() => clearTimeout(patience));
  }

  #stopTicking(): void {
    for (const timer of this.#ticking.splice(0)) clearTimeout(timer);
  }

  #tick(now: number): void {
    const { schedule, missed, clock, onDue } = this.#options;
    const leads = this.#leads();
    // A time that comes while another server leads is that one's; who takes over looks for what it missed.
    if (schedule?.isDue(clock()) === true && leads) this.#attempt("collect", onDue);
    if (leads && !this.#owed.has("collect") && missed?.isDue(now) === true) {
      this.#attempt("collect", () => missed.look(now));
    }
    if (now < this.#retryAt) return;
    this.#lookAtLog(now);
    if (now - this.#sweptAt >= this.#options.cleanupEveryMs) this.#orderSweep(now);
    if (!leads) return;
    this.#orderMultipartSweep(now);
    this.#orderBackup(now);
    this.#orderScrub(now);
  }

  #leads(): boolean {
    const { leadership = null } = this.#options;
    return leadership === null || leadership.hold() !== null;
  }

  /** The epoch of this server's orders. */
  #hold(): Hold | null {
    return this.#options.leadership?.hold() ?? null;
  }

  #orderSweep(now: number): void {
    if (this.#owed.has("sweep")) return;
    if (now - this.#lookedAt >= this.#options.cleanupEveryMs) {
      this.#lookedAt = now;
      this.#attempt("sweep", this.#options.onCleanup);
    }
    if (!this.#leads()) return;
    this.#sweptAt = now;
    this.#owed.add("sweep");
    const { store, ageNow, uploadTimeoutMs: timeoutMs, staleMs, audit } = this.#options;
    const hold = this.#hold();
    const order = { now: ageNow(), hold, timeoutMs, staleMs, firstSeen: this.#firstSeen, audit };
    this.#worker.send({ kind: "sweep", store, ...order });
  }

  /** Uploads beyond the limit of a sweep wait for the next one. */
  #orderMultipartSweep(now: number): void {
    const { multipart, store, ageNow, arriving } = this.#options;
    if (multipart === null || now - this.#multipartSweptAt < multipart.everyMs) return;
    if (this.#owed.has("sweepMultipart")) return;
    this.#multipartSweptAt = now;
    this.#owed.add("sweepMultipart");
    // A request that begins to send a part after this looks at a later time: an upload that is open then is not over now.
    const hold = this.#hold();
    const order = { now: ageNow(), hold, arriving: arriving(), limits: multipart.limits };
    this.#worker.send({ kind: "sweepMultipart", store, ...order });
  }

  /** An error is reported as the job's failure; the action is repeated when the job is due again. */
  #attempt(what: Job, action: () => Promise<unknown>): void {
    action().catch((error: unknown) => {
      this.#options.onReport({ kind: "failed", what, isStopped: false, message: String(error) });
    });
  }

  /** One slice at a time, each behind jobs that were ordered meanwhile. */
  #orderScrub(now: number): void {
    if (this.#ticking.length === 0 || this.#owed.has("scrub")) return;
    const order = this.#options.scrubs?.next(now) ?? null;
    if (order === null) return;
    this.#owed.add("scrub");
    this.#worker.send({ kind: "scrub", store: this.#options.store, order });
  }

  #orderBackup(now: number): void {
    const { backups = null, store } = this.#options;
    if (backups === null || this.#owed.has("backup")) return;
    this.#attempt("backup", async () => {
      if (!(await backups.due.isDue(now)) || this.#ticking.length === 0) return;
      this.#owed.add("backup");
      this.#worker.send({ kind: "backup", store, order: backups.job });
    });
  }

  #lookAtLog(now: number): void {
    const { bytes, version } = this.#options.logState();
    if (this.#log?.version !== version) this.#log = { bytes, version, since: now };
    if (this.#owed.has("checkpoint") || !isCheckpointDue(this.#log, this.#movedLog, now)) return;
    this.#movedLog = version;
    this.#owed.add("checkpoint");
    this.#worker.send({ kind: "checkpoint", store: this.#options.store });
  }

  #take(report: MaintenanceReport): void {
    if (report.kind === "swept") {
      this.#firstSeen = report.firstSeen;
      this.#done("sweep");
    }
    if (report.kind === "multipartSwept") this.#done("sweepMultipart");
    if (report.kind === "checkpointed") this.#done("checkpoint");
    if (report.kind === "collected") this.#done("collect");
    if (report.kind === "scrubbed") this.#done("scrub");
    if (report.kind === "checked") this.#done("check");
    if (report.kind === "backedUp") this.#done("backup");
    if (report.kind === "failed") {
      if (report.what === "scrub") this.#options.scrubs?.failed(performance.now());
      this.#done(report.what);
    }
    this.#options.onReport(report);
    if (report.kind === "scrubbed") this.#orderScrub(performance.now());
  }

  #done(job: Job): void {
    this.#owed.delete(job);
    if (this.#owed.size === 0) this.#onIdle();
    this.#waitMs = firstWaitMs;
  }

  /** The worker is lost: its jobs are due again after a wait. A collection is not: the worker may have died of it. */
  #orderAgain(reason: string): void {
    if (this.#owed.has("sweep")) this.#sweptAt = Number.NEGATIVE_INFINITY;
    if (this.#owed.has("sweepMultipart")) this.#multipartSweptAt = Number.NEGATIVE_INFINITY;
    if (this.#owed.has("checkpoint")) this.#movedLog = null;
    if (this.#owed.has("scrub")) this.#options.scrubs?.failed(performance.now());
    const lost = endingJobs.filter((job) => this.#owed.delete(job));
    this.#owed.clear();
    this.#onIdle();
    this.#retryAt = performance.now() + this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
    this.#options.onLost(reason);
    const failure = { kind: "failed", isStopped: false, message: reason } as const;
    for (const what of lost) this.#options.onReport({ ...failure, what });
  }
}
