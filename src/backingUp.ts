// Config → a store and a target for its backups, open. Apart from the other commands, which work on one store.

import { join, resolve } from "node:path";
import { becomeUser, clock, isProcessAlive, nameProcess, newId } from "./ambient.ts";
import { type BackupOrder, makeBackup } from "./backup/backup.ts";
import { BucketTarget } from "./backup/bucket.ts";
import { BucketLease } from "./backup/bucketLease.ts";
import { BucketObjects } from "./backup/bucketObjects.ts";
import { DirectoryTarget } from "./backup/directory.ts";
import { isBelow } from "./backup/directoryFiles.ts";
import { type FoundBackups, findBackups } from "./backup/manifest.ts";
import type { BackupProgress, BackupReport, VerifyReport } from "./backup/report.ts";
import { type RestoreOrder, type RestoreReport, restore } from "./backup/restore.ts";
import { BackupError, type BackupTarget } from "./backup/target.ts";
import { verifyBackups } from "./backup/verify.ts";
import { assertStillThere } from "./backup/watch.ts";
import { Client } from "./client/client.ts";
import { readTarget, type TargetAddress } from "./config/backupTarget.ts";
import { processEnvironment, SERVER_VARIABLE } from "./config/environment.ts";
import { type ServerAddress, serverAddress } from "./config/server.ts";
import type { StoreConfig } from "./config/store.ts";
import { ValueError } from "./config/values.ts";
import { errnoOf } from "./durability/errno.ts";
import { WriteLatch } from "./durability/writeLatch.ts";
import { causeText, RegistryError } from "./errors.ts";
import { holdForBackup } from "./metadata/backupHold.ts";
import type { BackupRun } from "./metadata/backups.ts";
import { type DirectoryHold, holdDirectory } from "./metadata/directoryHold.ts";
import { formatVersion, ownerOfStore, writeFormat } from "./metadata/format.ts";
import { DirectoryBusyError } from "./metadata/openErrors.ts";
import { openSqliteSource } from "./metadata/sqlite/copyEnds.ts";
import { finishRestored, snapshotSqlite, upgradeSnapshot } from "./metadata/sqlite/snapshot.ts";
import { laterId } from "./model/laterId.ts";
import { parseBucketName, parseObjectName } from "./model/objectNames.ts";
import { openBytes, openPorts, type Ports, receiving } from "./ports.ts";
import { version } from "./version.ts";

/** A target as it was named. */
export interface NamedTarget {
  /** A directory, or the URL of a bucket of another Breadbox. */
  readonly target: string;
  /** True: contents are copied even where they could be shared. */
  readonly copies: boolean;
  /** How long requests to a bucket's server may fail, ms. Ten minutes unless it is said. */
  readonly retryForMs?: number;
  /** Hears why nothing happens. */
  readonly say?: (text: string) => void;
}

/** The store that is backed up; none for who only reads a target. */
type Own = Pick<Ports, "metadata"> & { readonly data: string };

/** Beside the database, and on its disk: the snapshot is as large. */
const scratchOf = (data: string): string => join(data, "tmp", "backup");
const usualRetryMs = 10 * 60_000;
const never = new AbortController().signal;

/** Reads it as a user wrote it. @throws BackupError */
function addressOf(target: string): TargetAddress {
  try {
    return readTarget(target);
  } catch (error) {
    // The text may hold a password.
    if (error instanceof ValueError) throw new BackupError(`the target ${error.message}`);
    throw error;
  }
}

/** A target's name, for people. @throws BackupError */
function nameOfTarget(target: string): string {
  const address = addressOf(target);
  return address.kind === "bucket" ? address.name : resolve(address.path);
}

/** Opens a target. Nothing of it is touched before it is held. @throws BackupError */
export function openTarget(
  { target, copies, retryForMs = usualRetryMs, say = () => {} }: NamedTarget,
  stop: AbortSignal = never,
  own: Own | null = null,
): BackupTarget {
  const address = addressOf(target);
  if (address.kind === "directory") {
    return new DirectoryTarget({ directory: address.path, copies, holdDirectory: holdTarget });
  }
  const { bucket, prefix, name } = address;
  const client = new Client(withLogin(address.server));
  const patience = { stop, say, forMs: retryForMs, url: client.url, outage: { isTold: false } };
  const objects = new BucketObjects({ client, bucket, prefix, name, patience });
  const now = (): number => performance.now();
  return new BucketTarget({
    ...{ objects, name, scratch: own === null ? null : scratchOf(own.data) },
    isOwn: async (object, digest) => {
      const found = await own?.metadata.objects.findObject(
        parseBucketName(bucket),
        parseObjectName(prefix + object),
      );
      return found?.kind === "found" && found.object.digest === digest;
    },
    lease: async () => {
      const self = await nameProcess();
      const isAlive = (process: string) => isProcessAlive(process, self);
      const deps = { objects, name, self, isAlive, newId, clock, now, stop, say };
      return BucketLease.take({ ...deps, rest: Bun.sleep });
    },
  });
}

/** The login of `BREADBOX_SERVER`, where that is the same server and the target's URL has none. */
function withLogin(server: ServerAddress): ServerAddress {
  const named = processEnvironment()[SERVER_VARIABLE];
  if (server.authorization !== null || !named) return server;
  try {
    const { url, authorization } = serverAddress.parse(named);
    return url === server.url ? { url, authorization } : server;
  } catch {
    return server;
  }
}

function holdTarget(directory: string): DirectoryHold {
  try {
    return holdDirectory(directory);
  } catch (error) {
    if (!(error instanceof DirectoryBusyError)) throw error;
    const who = error.pid === null ? "" : ` (pid ${error.pid})`;
    throw new BackupError(`another backup is using ${directory}${who}: wait for its end`);
  }
}

/** Rows or bytes of a store that are not in its data directory: no backup of ours would be of one moment. */
export function assertLocal({ database, bucket }: StoreConfig): void {
  if (database === null && bucket === null) return;
  const [rows, bytes] = [database !== null, bucket !== null];
  const first = rows ? "the database with pg_dump" : "breadbox.db of the data directory";
  const then = bytes ? "the bucket" : "the folder blobs of the data directory";
  throw new BackupError(
    `this store has its ${rows ? "rows in PostgreSQL" : "bytes in a bucket"}: breadbox backup is for a data directory. Back up ${first} first, then ${then} (docs/BACKUP.md); breadbox migrate --to-data DIR also makes a copy of everything, and brings only what is new when it is run again`,
  );
}

/** Of the disk that a restore writes to. */
function isDiskFull(error: unknown): boolean {
  if (error instanceof RegistryError) return error.situation === "DISK_FULL";
  return /^(?:ENOSPC|EDQUOT|SQLITE_FULL)/.test(errnoOf(error) ?? "");
}

/** Makes a backup of a store that is open already. @throws BackupError */
export async function backUp(
  ports: Pick<Ports, "storeId" | "metadata" | "storage" | "clock">,
  store: StoreConfig,
  named: BackupOrder & NamedTarget,
): Promise<BackupReport> {
  assertLocal(store);
  const { data } = store;
  if (addressOf(named.target).kind === "directory" && (await isBelow(named.target, data))) {
    throw new BackupError(`${named.target} is in the data directory: name a directory elsewhere`);
  }
  const { storeId, metadata, storage } = ports;
  const target = openTarget(named, named.signal, { metadata, data });
  const deps = {
    ...{ target, data, storeId, storage, version, clock: ports.clock },
    hold: () => holdForBackup(data),
    snapshot: (folder: string) => snapshotSqlite(data, folder),
    openSnapshot: openSqliteSource,
  };
  const { keep, onProgress, signal } = named;
  return makeBackup(deps, { keep, onProgress, signal });
}

/** A backup that the server makes by its schedule, and that is remembered. @throws only when it is stopped, or cannot be remembered. */
export async function backUpBySchedule(
  ports: Ports,
  store: StoreConfig,
  order: Pick<BackupOrder, "keep" | "signal"> & Pick<NamedTarget, "target">,
): Promise<BackupRun> {
  const wanted = { ...order, copies: false, onProgress: () => {} };
  const make = async () => {
    const address = addressOf(order.target);
    const { backups } = ports.metadata;
    if (address.kind === "directory") await assertStillThere(backups, resolve(address.path));
    return backUp(ports, store, wanted);
  };
  const { run } = await remembered(ports, { ...order, trigger: "schedule" }, make);
  return run;
}

/** Why a report is not complete; null when it is. */
function reasonOf({ lost, pruned }: BackupReport): string | null {
  const [first] = lost;
  if (first !== undefined) {
    return `${lost.length} contents are lost in the store, the first one is ${first.digest}: ${first.reason}`;
  }
  const refused = pruned?.refused ?? null;
  return refused && `no older backup was removed: ${refused}`;
}

interface Asked extends Pick<BackupRun, "trigger" | "target"> {
  readonly signal: AbortSignal;
}

type End = Pick<BackupRun, "state" | "contents" | "bytes" | "addedBytes" | "reason">;

async function remembered(
  { metadata, clock }: Pick<Ports, "metadata" | "clock">,
  { trigger, target, signal }: Asked,
  make: () => Promise<BackupReport>,
) {
  const beginning = { trigger, target: nameOfTarget(target), startedAt: clock() };
  const record = async (end: End): Promise<BackupRun> => {
    const latest = await metadata.backups.lastBackup();
    const id = laterId(latest?.id ?? null, newId());
    const run = { id, ...beginning, ...end, finishedAt: clock() };
    await metadata.backups.recordBackup(run);
    return run;
  };
  try {
    const report = await make();
    const { contents, bytes, added, lost } = report;
    const state = lost.length === 0 ? "done" : "incomplete";
    const reason = reasonOf(report);
    const run = await record({ state, contents, bytes, addedBytes: added.bytes, reason });
    return { run, report, error: null };
  } catch (error) {
    // Who stopped it knows.
    if (signal.aborted) throw error;
    const reason = causeText(error);
    const nothing = { contents: 0, bytes: 0, addedBytes: 0 };
    return { run: await record({ state: "failed", ...nothing, reason }), report: null, error };
  }
}

/** Makes a backup, beside a running server or without one. @throws BackupError, NoStoreError, and what else cannot be opened. */
export async function runBackup(
  store: StoreConfig,
  order: BackupOrder & NamedTarget,
): Promise<BackupReport> {
  process.umask(0o077);
  assertLocal(store);
  const ports = await openPorts(store, { latch: new WriteLatch(() => {}), role: "tool" });
  try {
    const make = () => backUp(ports, store, order);
    const { report, error } = await remembered(ports, { ...order, trigger: "command" }, make);
    if (report === null) throw error;
    return report;
  } finally {
    await ports.close();
  }
}

/** The backups of a target, the latest first. @throws BackupError */
export const listBackups = (target: NamedTarget): Promise<FoundBackups> =>
  findBackups(openTarget(target));

/** Reads everything in a target. @throws BackupError */
export const checkBackups = (
  target: NamedTarget,
  onProgress: (progress: BackupProgress) => void,
): Promise<VerifyReport> => verifyBackups(openTarget(target), onProgress);

/** Restores a backup into an empty data directory. @throws BackupError, DirectoryBusyError */
export async function runRestore(
  store: StoreConfig,
  order: RestoreOrder & NamedTarget,
): Promise<RestoreReport> {
  process.umask(0o077);
  const { data } = store;
  assertLocal(store);
  const owner = await ownerOfStore(data).catch(() => null);
  if (owner !== null) becomeUser(owner);
  const hold = holdDirectory(data);
  try {
    const target = openTarget(order);
    const latch = new WriteLatch(() => {});
    const deps = {
      ...{ target, data, clock, newId, rest: Bun.sleep, openSnapshot: openSqliteSource },
      openStorage: (storeId: string) =>
        openBytes(store, { storeId, clock }, { latch, serving: receiving }),
      upgradeRows: (folder: string) => upgradeSnapshot(folder, clock()),
      finishRows: (folder: string, lost: Parameters<typeof finishRestored>[1]) =>
        finishRestored(folder, lost, clock()),
      writeFormat: (database: string) =>
        writeFormat(data, { version: formatVersion, database, rows: "file", bytes: "files" }),
    };
    return await restore(deps, order);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new BackupError(
      `there is no space left in ${data}: free some, and run the restore again; it goes on where it ended`,
    );
  } finally {
    hold.release();
  }
}
