// Config → opened ports and wired rooms of a server, closed in reverse. The one file that knows all rooms.
import { networkInterfaces } from "node:os";
import { clock, isProcessAlive, nameProcess, newId, readUptime } from "./ambient.ts";
import { gcSettings } from "./config/collection.ts";
import { isLoopback } from "./config/listen.ts";
import type { Config } from "./config/settings.ts";
import { Hashing } from "./content/hashing/hashing.ts";
import { longestLease } from "./content/lease.ts";
import { WriteLatch } from "./content/writeLatch.ts";
import { countingIds } from "./http/observe.ts";
import { urlsOf } from "./http/reachable.ts";
import { type HttpServer, startHttp } from "./http/server.ts";
import { watchClock } from "./maintenance/clockWatch.ts";
import { Collections } from "./maintenance/collections.ts";
import { Maintenance } from "./maintenance/maintenance.ts";
import { MissedRun, type MissedRunOptions } from "./maintenance/missedRun.ts";
import { takeReport } from "./maintenance/reports.ts";
import { latestTimeOf, Schedule } from "./maintenance/schedule.ts";
import { Scrubs } from "./maintenance/scrubs.ts";
import { holdDirectory } from "./metadata/hold.ts";
import { logState } from "./metadata/sqlite/checkpoint.ts";
import { openSqlite } from "./metadata/sqlite/open.ts";
import { Opened } from "./opened.ts";
import { makeImmutability } from "./registry/immutableTags.ts";
import { openFilesystem } from "./storage/filesystem.ts";
import { reportCollection } from "./telemetry/collections.ts";
import { type Log, openLog } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { reportScrub } from "./telemetry/scrub.ts";
import { dropDamaged } from "./uploads/uploads.ts";

/** A server that answers. */
export interface RunningServer {
  /** Where clients on this machine reach it, such as `http://localhost:5000`. */
  readonly url: string;
  /** Every URL at which it can be reached. */
  readonly addresses: readonly string[];
  /** From the start of the process until it answered, in ms. */
  readonly readyMs: number;
  readonly log: Pick<Log, "info" | "warn">;
  /** Pushes and pulls that are running now. */
  transfers(): number;
  /** Takes no new requests, waits for running transfers (`http.shutdownGrace` at most), closes everything. */
  stop(reason: string): Promise<void>;
}

/** The server's own thread needs a core as well. */
const hashingWorkers = Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1));

/** Opens everything and answers requests when it resolves. @throws what cannot be opened, with nothing left open. */
export async function startServer(config: Config): Promise<RunningServer> {
  const opened = new Opened();
  try {
    return await assemble(config, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** When garbage is collected, and what looks for times that were missed; null for on request only. */
function scheduled(config: Config, deps: Omit<MissedRunOptions, "latestTime" | "clock">) {
  if (!config["gc.enabled"]) return { schedule: null, missed: null };
  const times = { expression: config["gc.schedule"], timeZone: config["gc.timeZone"] };
  const options = { ...deps, latestTime: latestTimeOf(times), clock };
  return {
    schedule: new Schedule(times, clock()),
    missed: new MissedRun(options, performance.now()),
  };
}

async function assemble(config: Config, opened: Opened): Promise<RunningServer> {
  // Everything below the data directory is its owner's only.
  process.umask(0o077);
  const { log, close } = opened.add(await openServerLog(config), (it) => it.close());
  const directory = config.data;
  opened.add(surviveAccidents(log), (stop) => stop());
  opened.add(holdDirectory(directory), (hold) => hold.release());
  let maintenance: Maintenance | null = null;
  const latch = new WriteLatch((reason, cause) => {
    maintenance?.halt();
    log.error({ err: cause }, `read-only until restart: ${reason}`);
  });
  const sqlite = await openSqlite({ directory, latch, role: "server", clock, newId });
  const metadata = opened.add(sqlite.metadata, (it) => it.close());
  const storage = opened.add(await openFilesystem({ directory, latch, clock, newId }), (it) =>
    it.close(),
  );
  const hashing = opened.add(
    new Hashing({
      spawn: () => startWorker(new URL("./content/hashing/worker.ts", import.meta.url)),
      workers: hashingWorkers,
      directory,
      storage,
      onWorkerLost: (reason) => log.warn({ reason }, "hashing worker lost, starting another"),
      onDamaged: (id) => {
        log.error({ uploadId: id }, "staged bytes differ from what was received, upload ended");
        dropDamaged(uploads, id).catch((err) => log.error({ err }, "a damaged upload stays"));
      },
    }),
    (it) => it.close(),
  );
  const self = await nameProcess();
  const collections = new Collections({
    runs: metadata.gcRuns,
    clock,
    newId,
    isAlive: (name) => isProcessAlive(name, self),
    settings: { ...gcSettings(config), dryRun: config["gc.dryRun"] },
    order: (order) => maintenance?.collect(order),
  });
  const metrics = new Metrics({
    countUploads: () => metadata.uploads.countUploads(),
    isReadOnly: () => latch.reason !== null,
    collections,
  });
  const leaseMs = config["gc.minAge"];
  const uploads = { metadata: metadata.uploads, storage, hashing, clock, newId, leaseMs };
  const http = startHttp({
    rooms: {
      registry: {
        metadata: metadata.registry,
        storage,
        clock,
        leaseMs,
        manifestMaxBytes: config["registry.manifestMaxSize"],
        immutable: makeImmutability(config["registry.immutableTags"]),
        sparse: config["registry.sparse"],
        onDamage: (digest) => log.error({ digest }, "stored content is damaged or missing"),
      },
      uploads,
      collections,
      telemetry: { log, metrics },
      latch,
      ready: async () => {
        latch.assertWritable();
        await Promise.all([metadata.check(), storage.check()]);
      },
    },
    listen: { hostname: config["http.listen"].host, port: config["http.listen"].port },
    maxBodyBytes: config["http.maxBody"],
    chunkMinBytes: config["registry.chunkMinSize"],
    pace: { now: () => performance.now(), minBytesPerSecond: config["http.minUploadRate"] },
    switches: { delete: config["registry.delete"], readOnly: config["registry.readOnly"] },
    metrics: config["metrics.enabled"],
    explorer: config["swagger.enabled"],
    newRequestId: countingIds(newId().slice(-12)),
  });
  const scrubs = makeScrubs(config);
  const lookAtClock = () =>
    watchClock({ metadata: metadata.collection, clock, readUptime }, longestLease(leaseMs));
  const collect = () => collections.runScheduled();
  const lastBeginning = (now: number) => collections.lastBeginning(now);
  maintenance = opened.add(
    new Maintenance({
      spawn: () => startWorker(new URL("./maintenance/worker.ts", import.meta.url)),
      store: { directory, database: sqlite.path },
      logState: () => logState(sqlite.path),
      uploadTimeoutMs: config["storage.uploadTimeout"],
      cleanupEveryMs: config["storage.cleanupInterval"],
      ...scheduled(config, { lastBeginning, lookAtClock, collect }),
      clock,
      leaseMs,
      onDue: collect,
      onCleanup: async () => {
        await lookAtClock();
        await collections.tidy();
      },
      scrubs,
      onReport: (report) =>
        takeReport(report, {
          ...{ log, metrics, hashing, latch, collections },
          onCollected: (run, end) => reportCollection({ log, metrics }, run, end),
          onScrub: (report) => {
            const round = scrubs?.take(report) ?? null;
            reportScrub({ log, metrics }, report, round, clock());
          },
        }),
      onLost: (reason) => log.warn({ reason }, "maintenance worker lost, starting another"),
    }),
    (it) => it.close(),
  );
  maintenance.start();
  const server = describeServer(config, http, log);
  return {
    ...server,
    stop: async (reason) => {
      maintenance?.stop();
      await http.drain(config["http.shutdownGrace"]);
      log.info({ reason }, "stopped");
      await opened.close();
      close();
    },
  };
}

/** Rounds of the scrub; null for none. */
function makeScrubs(config: Config): Scrubs | null {
  if (!config["scrub.enabled"]) return null;
  const times = { expression: config["scrub.schedule"], timeZone: config["gc.timeZone"] };
  const latestTime = latestTimeOf(times);
  return new Scrubs({ latestTime, bytesPerSecond: config["scrub.rate"], clock }, performance.now());
}

/** What nobody caught is a bug of one request, never a reason to drop all the others. @returns what ends the watch. */
function surviveAccidents(log: Log): () => void {
  const report = (err: unknown): void => log.error({ err }, "an error that nobody caught");
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
  return () => {
    process.off("uncaughtException", report);
    process.off("unhandledRejection", report);
  };
}

/** Workers keep little: a small heap is enough for them. */
function startWorker(entry: URL): Worker {
  return new Worker(entry.href, { smol: true });
}

function openServerLog(config: Config) {
  const terminal = process.stdout.isTTY === true;
  return openLog({ level: config["log.level"], format: config["log.format"], terminal });
}

function describeServer(config: Config, http: HttpServer, log: Log) {
  const { host } = config["http.listen"];
  const listener = { host, port: http.port, isLoopback: isLoopback(config["http.listen"]) };
  const machine = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return {
    ...urlsOf(listener, machine),
    readyMs: performance.now(),
    log,
    transfers: () => http.running(),
  };
}
