// Config → opened ports and wired rooms, closed in reverse. The one file that knows all rooms.
import { networkInterfaces } from "node:os";
import { clock, newId } from "./ambient.ts";
import { isLoopback } from "./config/listen.ts";
import type { Config } from "./config/settings.ts";
import { Hashing } from "./content/hashing/hashing.ts";
import { WriteLatch } from "./content/writeLatch.ts";
import { countingIds } from "./http/observe.ts";
import { type HttpServer, startHttp } from "./http/server.ts";
import { inspectStore } from "./maintenance/fsck.ts";
import type { FsckProgress, FsckReport, FsckRequest } from "./maintenance/fsckRun.ts";
import { Maintenance } from "./maintenance/maintenance.ts";
import { takeReport } from "./maintenance/reports.ts";
import { assertStore } from "./metadata/format.ts";
import { holdDirectory } from "./metadata/hold.ts";
import { logState } from "./metadata/sqlite/checkpoint.ts";
import { openSqlite } from "./metadata/sqlite/open.ts";
import { makeImmutability } from "./registry/immutableTags.ts";
import { parseManifest } from "./registry/manifest.ts";
import { openFilesystem } from "./storage/filesystem.ts";
import { type Log, openLog } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import {
  type DroppedUploads,
  dropUpload,
  dropUploads,
  listAllUploads,
  listIdleUploads,
  type UploadOverview,
} from "./uploads/operate.ts";
import type { UploadSession } from "./uploads/session.ts";
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

/** What has been opened, closed last in first out. */
class Opened {
  readonly #closers: (() => void | Promise<void>)[] = [];

  add<T>(thing: T, close: (thing: T) => void | Promise<void>): T {
    this.#closers.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
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

/** A data directory that is open for a command, beside a running server or without one. */
export interface Tool {
  /** What `src/uploads/operate.ts` works with. */
  listUploads(): Promise<readonly UploadOverview[]>;
  listIdleUploads(idleMs: number | null): Promise<readonly UploadOverview[]>;
  dropUpload(id: string): Promise<UploadSession | null>;
  dropUploads(idleMs: number | null): Promise<DroppedUploads>;
  /** `src/maintenance/fsck.ts`. */
  fsck(request: FsckRequest, onProgress: (progress: FsckProgress) => void): Promise<FsckReport>;
  close(): Promise<void>;
}

/** Opens what commands work on; creates nothing. @throws NoStoreError, and what else cannot be opened. */
export async function openTool(config: Config): Promise<Tool> {
  const directory = config.data;
  await assertStore(directory);
  process.umask(0o077);
  const opened = new Opened();
  try {
    const latch = new WriteLatch(() => {});
    const sqlite = await openSqlite({ directory, latch, role: "tool", clock, newId });
    const metadata = opened.add(sqlite.metadata, (it) => it.close());
    const options = { directory, latch, clock, newId };
    const storage = opened.add(await openFilesystem(options), (it) => it.close());
    const deps = { metadata: metadata.uploads, storage, clock };
    return {
      listUploads: () => listAllUploads(deps),
      listIdleUploads: (idleMs) => listIdleUploads(deps, idleMs),
      dropUpload: (id) => dropUpload(deps, id),
      dropUploads: (idleMs) => dropUploads(deps, idleMs),
      fsck: (request, onProgress) =>
        inspectStore({ metadata, storage, derive: parseManifest, clock }, request, onProgress),
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
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
  const metrics = new Metrics({
    countUploads: () => metadata.uploads.countUploads(),
    isReadOnly: () => latch.reason !== null,
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
  maintenance = opened.add(
    new Maintenance({
      spawn: () => startWorker(new URL("./maintenance/worker.ts", import.meta.url)),
      store: { directory, database: sqlite.path },
      logState: () => logState(sqlite.path),
      uploadTimeoutMs: config["storage.uploadTimeout"],
      cleanupEveryMs: config["storage.cleanupInterval"],
      onReport: (report) => takeReport(report, { log, metrics, hashing, latch }),
      onLost: (reason) => log.warn({ reason }, "maintenance worker lost, starting another"),
    }),
    (it) => it.close(),
  );
  maintenance.start();
  const server = describeServer(config, http, log);
  return {
    ...server,
    stop: async (reason) => {
      await http.drain(config["http.shutdownGrace"]);
      log.info({ reason }, "stopped");
      await opened.close();
      close();
    },
  };
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
  return {
    url: `http://${isLoopback(config["http.listen"]) || host === "" ? "localhost" : bracketed(host)}:${http.port}`,
    addresses: reachableHosts(host).map((name) => `http://${bracketed(name)}:${http.port}`),
    readyMs: performance.now(),
    log,
    transfers: () => http.running(),
  };
}

/** The names under which clients reach a listener on `host`: every address of the machine when it listens on all. */
function reachableHosts(host: string): string[] {
  if (host !== "" && host !== "0.0.0.0" && host !== "::") return [host];
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80"));
  return ["localhost", ...outside.map(({ address }) => address)];
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
