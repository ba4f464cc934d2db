// Config → opened ports and wired rooms of a server, closed in reverse. The one file that knows all rooms.
import { networkInterfaces } from "node:os";
import { clock, isProcessAlive, nameProcess, newId, readUptime } from "./ambient.ts";
import { gcSettings } from "./config/collection.ts";
import { isLoopback } from "./config/listen.ts";
import type { Config } from "./config/settings.ts";
import { Hashing } from "./content/hashing/hashing.ts";
import { longestLease } from "./content/lease.ts";
import { WriteLatch } from "./content/writeLatch.ts";
import type { Rooms } from "./http/app.ts";
import { countingIds } from "./http/observe.ts";
import { urlsOf } from "./http/reachable.ts";
import { type HttpOptions, type HttpServer, startHttp } from "./http/server.ts";
import { watchClock } from "./maintenance/clockWatch.ts";
import { Collections, type CollectionsOptions } from "./maintenance/collections.ts";
import { Maintenance } from "./maintenance/maintenance.ts";
import { MissedRun, type MissedRunOptions } from "./maintenance/missedRun.ts";
import { type Listeners, takeReport } from "./maintenance/reports.ts";
import { latestTimeOf, Schedule } from "./maintenance/schedule.ts";
import { Scrubs } from "./maintenance/scrubs.ts";
import { holdDirectory } from "./metadata/hold.ts";
import { logState } from "./metadata/sqlite/checkpoint.ts";
import { openSqlite } from "./metadata/sqlite/open.ts";
import { Opened } from "./opened.ts";
import { makeImmutability } from "./registry/immutableTags.ts";
import { openFilesystem } from "./storage/filesystem.ts";
import { surviveAccidents } from "./telemetry/accidents.ts";
import { reportCollection } from "./telemetry/collections.ts";
import { type Log, openLog } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { reportScrub } from "./telemetry/scrub.ts";
import { dropDamaged, type UploadsDeps } from "./uploads/uploads.ts";

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

/** Top to bottom is the order of opening; each `open…` leaves in `opened` what closes it, so closing goes bottom to top. */
async function assemble(config: Config, opened: Opened): Promise<RunningServer> {
  // Everything below the data directory is its owner's only.
  process.umask(0o077);
  const { log, close } = opened.add(await openServerLog(config), (it) => it.close());
  opened.add(surviveAccidents(log), (stop) => stop());
  const base: Base = { config, opened, log };
  // Last to be opened, yet the latch and the collections give it orders.
  let maintenance: Maintenance | null = null;
  const ports = await openPorts(base, () => maintenance?.halt());
  const uploads = openUploads(base, ports);
  const collections = await makeCollections(config, ports, (order) => maintenance?.collect(order));
  const metrics = makeMetrics(ports, collections);
  const parts: Parts = { ...base, ports, uploads, collections, metrics };
  const http = startHttp({ rooms: makeRooms(parts), ...httpSettings(config) });
  maintenance = openMaintenance(parts);
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

/** What parts are opened with. */
interface Base {
  readonly config: Config;
  readonly opened: Opened;
  readonly log: Log;
}

/** What requests and maintenance work with, all of it open. */
interface Parts extends Base {
  readonly ports: Ports;
  readonly uploads: UploadsDeps;
  readonly collections: Collections;
  readonly metrics: Metrics;
}

type Ports = Awaited<ReturnType<typeof openPorts>>;

/** The hold on the data directory, then its rows, then its bytes. @param halt is called once nothing may be written any more. */
async function openPorts({ config, opened, log }: Base, halt: () => void) {
  const directory = config.data;
  opened.add(holdDirectory(directory), (hold) => hold.release());
  const latch = new WriteLatch((reason, cause) => {
    halt();
    log.error({ err: cause }, `read-only until restart: ${reason}`);
  });
  const options = { directory, latch, clock, newId };
  const sqlite = await openSqlite({ ...options, role: "server" });
  const metadata = opened.add(sqlite.metadata, (it) => it.close());
  const storage = opened.add(await openFilesystem(options), (it) => it.close());
  return { latch, metadata, storage, database: sqlite.path };
}

/** The hashing workers, and the uploads that they follow. */
function openUploads({ config, opened, log }: Base, { metadata, storage }: Ports): UploadsDeps {
  const hashing = opened.add(
    new Hashing({
      spawn: () => startWorker(new URL("./content/hashing/worker.ts", import.meta.url)),
      workers: hashingWorkers,
      directory: config.data,
      storage,
      onWorkerLost: (reason) => log.warn({ reason }, "hashing worker lost, starting another"),
      onDamaged: (id) => {
        log.error({ uploadId: id }, "staged bytes differ from what was received, upload ended");
        dropDamaged(uploads, id).catch((err) => log.error({ err }, "a damaged upload stays"));
      },
    }),
    (it) => it.close(),
  );
  const leaseMs = config["gc.minAge"];
  const uploads = { metadata: metadata.uploads, storage, hashing, clock, newId, leaseMs };
  return uploads;
}

async function makeCollections(
  config: Config,
  { metadata }: Ports,
  order: CollectionsOptions["order"],
): Promise<Collections> {
  const self = await nameProcess();
  return new Collections({
    runs: metadata.gcRuns,
    clock,
    newId,
    isAlive: (name) => isProcessAlive(name, self),
    settings: { ...gcSettings(config), dryRun: config["gc.dryRun"] },
    order,
  });
}

function makeMetrics({ metadata, latch }: Ports, collections: Collections): Metrics {
  return new Metrics({
    countUploads: () => metadata.uploads.countUploads(),
    isReadOnly: () => latch.reason !== null,
    collections,
  });
}

/** The rooms as requests see them. */
function makeRooms({ config, log, ports, uploads, collections, metrics }: Parts): Rooms {
  const { latch, metadata, storage } = ports;
  return {
    registry: {
      metadata: metadata.registry,
      storage,
      clock,
      leaseMs: config["gc.minAge"],
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
  };
}

function httpSettings(config: Config): Omit<HttpOptions, "rooms"> {
  return {
    listen: { hostname: config["http.listen"].host, port: config["http.listen"].port },
    maxBodyBytes: config["http.maxBody"],
    chunkMinBytes: config["registry.chunkMinSize"],
    pace: { now: () => performance.now(), minBytesPerSecond: config["http.minUploadRate"] },
    switches: {
      delete: config["registry.delete"],
      readOnly: config["registry.readOnly"],
      multipart: config["storage.multipart.enabled"],
    },
    metrics: config["metrics.enabled"],
    explorer: config["swagger.enabled"],
    newRequestId: countingIds(newId().slice(-12)),
  };
}

/** The maintenance worker and what is due on it: cleanup, collections, scrubs, checkpoints. It begins with `start`. */
function openMaintenance(parts: Parts): Maintenance {
  const { config, opened, log, ports, collections } = parts;
  const leaseMs = config["gc.minAge"];
  const scrubs = makeScrubs(config);
  const listeners = listenersOf(parts, scrubs);
  const lookAtClock = () =>
    watchClock({ metadata: ports.metadata.collection, clock, readUptime }, longestLease(leaseMs));
  const collect = () => collections.runScheduled();
  const lastBeginning = (now: number) => collections.lastBeginning(now);
  const maintenance = new Maintenance({
    spawn: () => startWorker(new URL("./maintenance/worker.ts", import.meta.url)),
    store: { directory: config.data, database: ports.database },
    logState: () => logState(ports.database),
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
    onReport: (report) => takeReport(report, listeners),
    onLost: (reason) => log.warn({ reason }, "maintenance worker lost, starting another"),
  });
  return opened.add(maintenance, (it) => it.close());
}

/** Who is told what the maintenance worker reports. */
function listenersOf(
  { log, metrics, uploads, ports, collections }: Parts,
  scrubs: Scrubs | null,
): Listeners {
  return {
    ...{ log, metrics, hashing: uploads.hashing, latch: ports.latch, collections },
    onCollected: (run, end) => reportCollection({ log, metrics }, run, end),
    onScrub: (report) => {
      const round = scrubs?.take(report) ?? null;
      reportScrub({ log, metrics }, report, round, clock());
    },
  };
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

/** Rounds of the scrub; null for none. */
function makeScrubs(config: Config): Scrubs | null {
  if (!config["scrub.enabled"]) return null;
  const times = { expression: config["scrub.schedule"], timeZone: config["gc.timeZone"] };
  const latestTime = latestTimeOf(times);
  return new Scrubs({ latestTime, bytesPerSecond: config["scrub.rate"], clock }, performance.now());
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
