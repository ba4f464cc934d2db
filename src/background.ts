// Wires the scheduled work of the maintenance worker: cleanup, collections, scrubs, checkpoints, and their reports. Apart from
// assembly.ts, which opens what requests need.
import { isProcessAlive, nameProcess, newId, readUptime } from "./ambient.ts";
import { AgeClock } from "./clock/ageClock.ts";
import { watchClock } from "./clock/clockWatch.ts";
import { gcSettings } from "./config/gc.ts";
import type { Config } from "./config/settings.ts";
import { storeOf } from "./config/store.ts";
import { type CheckOrder, Checks } from "./fsck/checks.ts";
import { longestAge } from "./gc/gcAges.ts";
import { GcRuns, type GcRunsOptions, ownerOfRun, processOfOwner } from "./gc/runs.ts";
import { Backups } from "./jobs/backups.ts";
import { Leadership } from "./jobs/leadership.ts";
import { Maintenance, type MaintenanceOptions } from "./jobs/maintenance.ts";
import { MissedRun, type MissedRunOptions } from "./jobs/missedRun.ts";
import { latestTimeOf, Schedule } from "./jobs/schedule.ts";
import { Scrubs } from "./jobs/scrubs.ts";
import type { ObjectsDeps } from "./objects/deps.ts";
import type { Ports } from "./ports.ts";
import { type Listeners, takeReport } from "./reports.ts";
import { reportBackup } from "./telemetry/backups.ts";
import { reportCheck } from "./telemetry/checks.ts";
import { reportGc } from "./telemetry/gc.ts";
import type { Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { reportScrub } from "./telemetry/scrub.ts";

/** The dependencies of scheduled work. */
export interface BackgroundParts {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly ports: Omit<Ports, "close" | "upgraded">;
  readonly startWorker: (entry: URL) => Worker;
  readonly gcRuns: GcRuns;
  readonly checks: Checks;
  readonly objects: Pick<ObjectsDeps, "arrivals">;
  readonly forgetParts: Listeners["forgetParts"];
  readonly ages: AgeClock;
  /** Warns when the last complete backup is too old. */
  readonly warnOfBackups: () => Promise<void>;
  readonly leadership: Leadership | null;
}

/** The clock for ages. When its first look fails, the cleanup repeats it: until then nothing is old. */
export async function openAgeClock(
  config: Config,
  { metadata, clock, log }: Pick<Ports, "metadata" | "clock"> & { readonly log: Log },
): Promise<AgeClock> {
  const deps = { metadata: metadata.clock, clock, readUptime };
  const patienceMs = longestAge(gcSettings(config));
  const look = () => watchClock(deps, patienceMs);
  const ages = new AgeClock({ clock, elapsed: () => performance.now(), look, log });
  await ages.look().catch((err) => log.warn({ err }, "the clock could not be checked yet"));
  return ages;
}

/** Runs as requests and the schedule order them. @param order begins one on the worker. */
export async function makeGcRuns(
  config: Config,
  { metadata, clock }: Pick<Ports, "metadata" | "clock">,
  order: GcRunsOptions["order"],
): Promise<GcRuns> {
  const self = await nameProcess();
  return new GcRuns({
    runs: metadata.gcRuns,
    clock,
    newId,
    isAlive: (name) => isProcessAlive(name, self),
    settings: {
      ...{ ...gcSettings(config), dryRun: config["gc.dryRun"] },
      untaggedUsuallyMs: config["gc.untagged.olderThan"],
    },
    order,
  });
}

/** Checks as requests order them. @param order begins one on the worker. */
export async function makeChecks(
  { metadata, clock }: Pick<Ports, "metadata" | "clock">,
  order: (order: CheckOrder) => void,
): Promise<Checks> {
  const owner = await nameProcess();
  const isAlive = (name: string): boolean => isProcessAlive(name, owner);
  return new Checks({ checks: metadata.checks, clock, newId, owner, isAlive, order });
}

/** Whether this server does the scheduled work of all that share its database; null where it is the only one. It begins with `start`. */
export async function makeLeadership(
  { metadata, clock, isShared }: Pick<Ports, "metadata" | "clock" | "isShared">,
  log: Log,
  onTakeOver: () => void,
): Promise<Leadership | null> {
  if (!isShared) return null;
  const self = await nameProcess();
  return new Leadership({
    locks: metadata.locks,
    owner: ownerOfRun(self, newId()),
    isAlive: (owner) => isProcessAlive(processOfOwner(owner), self),
    clock,
    now: () => performance.now(),
    onLead: (wasLed) => {
      log.info({ event: "leads" }, "this server does the scheduled work of all from now on");
      if (wasLed) onTakeOver();
    },
    onLost: () => log.warn({ event: "leads" }, "another server does the scheduled work now"),
  });
}

/** The maintenance worker and what is due on it: cleanup, collections, scrubs, checkpoints. It begins with `start`. */
export function makeMaintenance(parts: BackgroundParts): Maintenance {
  const { config, log, ports, gcRuns, startWorker, ages, objects, leadership } = parts;
  const { clock } = ports;
  const scrubs = makeScrubs(config, clock);
  const listeners = listenersOf(parts, scrubs);
  const collect = () => gcRuns.runScheduled();
  const lastBeginning = (now: number) => gcRuns.lastBeginning(now);
  return new Maintenance({
    spawn: () => startWorker(new URL("./jobs/worker.ts", import.meta.url)),
    store: storeOf(config),
    ...(leadership === null ? {} : { leadership }),
    logState: () => ports.log.state(),
    uploadTimeoutMs: config["storage.uploadTimeout"],
    staleMs: config["storage.staleAfter"],
    cleanupEveryMs: config["storage.cleanupInterval"],
    audit: { keepMs: config["audit.keep"], mostEntries: config["audit.maxEntries"] },
    multipart: multipartSweeps(config),
    ...{ ageNow: ages.now, arriving: () => objects.arrivals.ids() },
    ...scheduled(config, { clock, lastBeginning, lookAtClock: ages.look, collect }),
    clock,
    onDue: collect,
    onCleanup: async () => {
      await ages.look();
      await ports.noteGeneration();
      await gcRuns.tidy();
      await parts.checks.tidy();
      await parts.warnOfBackups();
    },
    ...{ scrubs, backups: makeBackups(config, ports) },
    onReport: (report) => takeReport(report, listeners),
    onLost: (reason) => log.warn({ reason }, "maintenance worker lost, starting another"),
  });
}

/** The receivers of the maintenance worker's reports. */
function listenersOf(
  { log, metrics, ports, gcRuns, checks, forgetParts }: BackgroundParts,
  scrubs: Scrubs | null,
): Listeners {
  return {
    ...{ log, metrics, latch: ports.latch },
    forgetUpload: (id) => ports.storage.staging.forget(id),
    ...{ gcRuns, checks, forgetParts },
    onCollected: (run, end) => reportGc({ log, metrics }, run, end),
    onBackedUp: (run) => reportBackup({ log, metrics }, run),
    onChecked: (run, durationMs) => reportCheck({ log }, run, durationMs),
    onScrub: (report) => {
      const round = scrubs?.take(report) ?? null;
      reportScrub({ log, metrics }, report, round, ports.clock());
    },
  };
}

/** When uploads in parts are looked through, and what is done then; null for never. */
function multipartSweeps(config: Config): MaintenanceOptions["multipart"] {
  if (!config["jobs.cleanup.enabled"]) return null;
  const graceMs = config["jobs.cleanup.gracePeriodSeconds"];
  const limit = config["jobs.cleanup.maxUploadsPerSweep"];
  return { everyMs: config["jobs.cleanup.sweepIntervalSeconds"], limits: { graceMs, limit } };
}

/** When garbage is collected, and what looks for times that were missed; null for on request only. */
function scheduled(config: Config, deps: Omit<MissedRunOptions, "latestTime">) {
  if (!config["gc.enabled"]) return { schedule: null, missed: null };
  const times = { expression: config["gc.schedule"], timeZone: config["gc.timeZone"] };
  const options = { ...deps, latestTime: latestTimeOf(times) };
  return {
    schedule: new Schedule(times, deps.clock()),
    missed: new MissedRun(options, performance.now()),
  };
}

/** Rounds of the scrub; null for none. */
function makeScrubs(config: Config, clock: () => number): Scrubs | null {
  if (!config["scrub.enabled"]) return null;
  const times = { expression: config["scrub.schedule"], timeZone: config["gc.timeZone"] };
  const latestTime = latestTimeOf(times);
  return new Scrubs({ latestTime, bytesPerSecond: config["scrub.rate"], clock }, performance.now());
}

/** Backups by schedule; null for none. */
function makeBackups(config: Config, { metadata, clock }: BackgroundParts["ports"]) {
  const target = config["backup.target"];
  if (target === "") return null;
  const times = { expression: config["backup.schedule"], timeZone: config["gc.timeZone"] };
  const lastBeginning = async () => (await metadata.backups.lastBackup())?.startedAt ?? null;
  const options = { latestTime: latestTimeOf(times), lastBeginning, clock };
  return {
    due: new Backups(options, performance.now()),
    job: { target, keep: config["backup.keep"] },
  };
}
