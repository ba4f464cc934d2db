// Config → opened ports and wired rooms of a server, closed in reverse. With background.ts, which wires scheduled work, it knows
// all rooms but those that backend.ts wires for requests.

import { clock as localClock, nameProcess, startWorker } from "./ambient.ts";
import { showTime } from "./amounts.ts";
import {
  countUnfinished,
  makeBackend,
  makeMetrics,
  makeObjects,
  makePulls,
  makeUploads,
} from "./backend.ts";
import {
  makeChecks,
  makeGcRuns,
  makeLeadership,
  makeMaintenance,
  openAgeClock,
} from "./background.ts";
import { readBackups } from "./backup/watch.ts";
import { openCertificate } from "./certificate.ts";
import { removeServed, writeServed } from "./config/served.ts";
import type { Config } from "./config/settings.ts";
import { storeOf } from "./config/store.ts";
import { withSecrets } from "./config/webhooks.ts";
import { WriteLatch } from "./durability/writeLatch.ts";
import { describeServer, httpSettings, linkBase, ownNames } from "./front.ts";
import { makeDeliveries } from "./hooks.ts";
import { assertFree } from "./http/listener.ts";
import { startHttp } from "./http/server.ts";
import type { Leadership } from "./jobs/leadership.ts";
import type { Maintenance } from "./jobs/maintenance.ts";
import { openAccess, openSetup } from "./login.ts";
import type { UploadId } from "./model/uploadId.ts";
import { forgetParts } from "./objects/dropping.ts";
import { Opened } from "./opened.ts";
import { findStore, holdStore, type OtherOwner, openPorts, type Ports } from "./ports.ts";
import { ConnectionGate } from "./process/connectionGate.ts";
import { Descriptors } from "./process/descriptors.ts";
import { backupAlarm } from "./telemetry/backups.ts";
import { type Log, openLog } from "./telemetry/log.ts";
import { surviveUncaught } from "./telemetry/uncaught.ts";
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
  /** `open`: nobody logs in. `empty`: everybody has to, and there is nobody who could. */
  readonly door: "open" | "empty" | "closed";
  /** Creates the first administrator, in a browser: a secret. null for none. */
  readonly setupLink: string | null;
  /** Pushes and pulls that are running now. */
  transfers(): number;
  /** Takes no new requests, waits for running transfers (`http.shutdownGrace` at most), closes everything. */
  stop(reason: string): Promise<void>;
}

/** The server's own thread needs a core as well. */
const hashingWorkers = Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1));

/** Opens everything and answers requests when it resolves. @param onTerminal whether people see what it prints. @throws what cannot be opened, with nothing left open. */
export async function startServer(config: Config, onTerminal: boolean): Promise<RunningServer> {
  const opened = new Opened();
  try {
    return await assemble(config, opened, onTerminal);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Top to bottom is the order of opening; each `open…` adds its closing function to `opened`, so closing goes bottom to top. */
async function assemble(
  config: Config,
  opened: Opened,
  onTerminal: boolean,
): Promise<RunningServer> {
  // Everything below the data directory is its owner's only.
  process.umask(0o077);
  const hooks = withSecrets(config.webhooks);
  // A mistyped port must not leave a new directory behind; of an existing one its other server is the better message.
  if (!(await findStore(config, false))) assertFree(httpSettings(config).listen);
  const { log, close } = opened.add(await openServerLog(config), (it) => it.close());
  opened.add(surviveUncaught(log), (stop) => stop());
  const descriptors = opened.add(new Descriptors(), (it) => it.close());
  const startLent = (entry: URL) => descriptors.lend(() => startWorker(entry));
  const base: Base = { config, opened, log, descriptors, startWorker: startLent };
  // Last to be opened, yet the latch and the collections give it orders.
  let maintenance: Maintenance | null = null;
  let leadership: Leadership | null = null;
  const ports = await openStore(base, () => {
    maintenance?.halt();
    void leadership?.close();
  });
  const { metadata, clock } = ports;
  const entry = opened.add(await openAccess(config, { ...base, metadata, clock }), (it) =>
    it.close(),
  );
  const { access } = entry;
  const ages = await openAgeClock(config, { metadata, clock, log });
  const uploads = makeUploads(base, ports, ages.now);
  const gcRuns = await makeGcRuns(config, ports, (order) => maintenance?.collect(order));
  const checks = await makeChecks(ports, (order) => maintenance?.check(order));
  const backups = () => readBackups(watchOf(config, ports));
  const unfinished = countUnfinished(ports);
  const metrics = makeMetrics({ config, ports, entry, gcRuns, checks, backups, unfinished });
  const objects = makeObjects(base, ports, { overdue: uploads.overdue, ageNow: ages.now });
  const pulls = opened.add(makePulls(base, ports, ages.now), (it) => it.write());
  const parts = {
    ...base,
    ports,
    entry,
    uploads,
    objects,
    pulls,
    gcRuns,
    checks,
    backups,
    unfinished,
    metrics,
  };
  const certificate = await openCertificate(config, { clock: localClock, log });
  const { accounts } = metadata;
  const first = await openSetup(config, { access, accounts, clock }, onTerminal);
  const http = startHttp({
    ...{ backend: makeBackend(parts), ...httpSettings(config) },
    tls: certificate?.keeper.used.material ?? null,
    authority: certificate?.authority ?? null,
    ownNames: ownNames(() => certificate?.keeper.used.names ?? []),
    setup: first?.setup ?? null,
    openGate: (closeIdle) => openGate(base, closeIdle),
  });
  leadership = await makeLeadership(ports, log, () => maintenance?.takeOver());
  opened.add(leadership, (it) => it?.close());
  const warnOfBackups = backupAlarm(log, backups);
  const tending = {
    ages,
    leadership,
    warnOfBackups,
    forgetParts: (id: UploadId) => forgetParts(objects, id),
  };
  const background = makeMaintenance({ ...parts, ...tending });
  maintenance = opened.add(background, (it) => it.close());
  const deliveries = makeDeliveries({ ...parts, hooks, ages, leadership, http });
  opened.add(deliveries, (it) => it.close());
  await leadership?.start();
  maintenance.start();
  deliveries.start();
  certificate?.keeper.start((tls) => http.replaceTls(tls));
  const names = certificate?.authority === null ? certificate.keeper.used.names : null;
  const server = describeServer(config, http, { log, names });
  return {
    ...server,
    door: await access.state(),
    setupLink: first === null ? null : linkBase(config, server) + first.link,
    stop: async (reason) => {
      maintenance?.stop();
      certificate?.keeper.stop();
      await http.drain(config["http.shutdownGrace"]);
      log.info({ reason }, "stopped");
      await opened.close();
      close();
    },
  };
}

/** Whether the last backup is too old. */
const watchOf = (config: Config, { metadata, clock }: Pick<Ports, "metadata" | "clock">) => ({
  ...{ backups: metadata.backups, clock, maxAgeMs: config["backup.maxAge"] },
  isScheduled: config["backup.target"] !== "",
});

/** The dependencies of opened parts. */
interface Base {
  readonly config: Config;
  readonly opened: Opened;
  readonly log: Log;
  readonly descriptors: Descriptors;
  /** Counts its descriptors. */
  readonly startWorker: (entry: URL) => Worker;
}

/** Commands work with what this server uses, while it runs. A full disk does not keep it from starting. */
async function shareSettings({
  config,
  opened,
  log,
}: Pick<Base, "config" | "opened" | "log">): Promise<void> {
  opened.add(config.data, removeServed);
  try {
    writeServed(config, await nameProcess());
  } catch (err) {
    log.warn({ err }, "settings.json was not written: commands cannot read this server's settings");
  }
}

/** The hold on the data directory, then its ports. @param halt is called once nothing may be written any more. */
async function openStore(base: Base, halt: () => void): Promise<Ports> {
  const { config, opened, log } = base;
  opened.add(await holdStore(config, warnOfRoot(log)), (hold) => hold.release());
  await shareSettings({ config, opened, log });
  const latch = new WriteLatch((reason, cause) => {
    halt();
    log.error({ err: cause }, `read-only until restart: ${reason}`);
  });
  const serving = {
    startWorker: base.startWorker,
    hashers: hashingWorkers,
    onWorkerLost: (worker: string, reason: string) =>
      log.warn({ reason }, `${worker} worker lost, starting another`),
    onNotice: (sentence: string) => log.warn(sentence),
    onDamaged: (id: UploadId) => endDamaged(ports, log, id),
  };
  const ports: Ports = await openPorts(storeOf(config), { latch, role: "server", serving });
  opened.add(ports, (it) => it.close());
  await tellRestored(config, ports, log);
  return ports;
}

/** A full disk does not keep it from starting. */
async function tellRestored(config: Config, ports: Ports, log: Log): Promise<void> {
  try {
    const restoredAt = await ports.noteGeneration();
    const until = (restoredAt ?? 0) + config["gc.restoreGrace"];
    if (restoredAt === null || until <= ports.clock()) return;
    log.warn(
      { event: "restored", restoredAt, until },
      `the database was restored, or is older than its data directory: no collection deletes anything until ${showTime(until)} (gc.restoreGrace). Run breadbox fsck, and push again what is missing`,
    );
  } catch (err) {
    log.warn({ err }, "the database's generation could not be noted");
  }
}

function endDamaged({ metadata, storage }: Ports, log: Log, id: UploadId): void {
  log.error({ uploadId: id }, "staged bytes differ from what was received, upload ended");
  dropDamaged({ metadata: metadata.uploads, storage }, id).catch((err) =>
    log.error({ err }, "a damaged upload could not be removed"),
  );
}

/** Starting a server as root may be intended; a server of the store's own user could not read what this one stores. */
const warnOfRoot = (log: Log) => (found: OtherOwner) =>
  log.warn(
    found,
    "the data directory belongs to another user, and new files will belong to root: start the server as that user",
  );

/** Connections must not take the descriptors that the store needs for its own files. */
function openGate({ log, descriptors }: Base, closeIdle: () => void): ConnectionGate {
  const { limit } = descriptors;
  return new ConnectionGate({
    ...{ descriptors, closeIdle },
    // Loaded only when it is needed.
    findValve: async () => (await import("./process/listener.ts")).findListener(),
    onChange: (isShort) => {
      if (isShort)
        log.warn({ limit }, "file descriptors are running out: new connections have to wait");
      else log.info({ limit }, "enough file descriptors again: new connections are accepted");
    },
  });
}

function openServerLog(config: Config) {
  const terminal = process.stdout.isTTY === true;
  return openLog({ level: config["log.level"], format: config["log.format"], terminal });
}
