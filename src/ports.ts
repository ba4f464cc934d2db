// Settings → the two ports, open: one way for the server, its maintenance worker and the commands.
import { becomeUser, clock, isRootAbove, newId, random, startWorker } from "./ambient.ts";
import type { StoreConfig } from "./config/store.ts";
import type { WriteLatch } from "./durability/writeLatch.ts";
import { isBackingUp } from "./metadata/backupHold.ts";
import { type DirectoryHold, holdForServer } from "./metadata/directoryHold.ts";
import { assertNotForeign } from "./metadata/foreign.ts";
import { assertStore, holdsStore, ownerOfStore } from "./metadata/format.ts";
import { noteGeneration } from "./metadata/generation.ts";
import type { Metadata } from "./metadata/metadata.ts";
import { type CheckpointReport, checkpoint, logState } from "./metadata/sqlite/checkpoint.ts";
import { openSqlite } from "./metadata/sqlite/open.ts";
import {
  type FilesystemWorker,
  openFilesystem,
  type Serving,
} from "./storage/filesystem/filesystem.ts";
import type { Storage } from "./storage/storage.ts";

/** What opening needs, besides the settings. */
export interface PortsOptions {
  readonly latch: WriteLatch;
  /**
   * A server has called `holdStore`; its worker works under that hold. A tool works while a server is running, or without one: it
   * creates no store, and runs as the store's owner from then on. An importer may create one.
   */
  readonly role: "server" | "tool" | "importer" | "worker";
  /** Of a server and an importer; nobody else receives or sends bytes. */
  readonly serving?: ServingPorts;
}

/** Options of a server only. */
export interface ServingPorts extends Omit<Serving, "spawn"> {
  readonly startWorker: (entry: URL) => Worker;
}

/** The write-ahead log: committed rows that are not in the database file yet. That of Postgres is its own business: nothing is in it. */
export interface DatabaseLog {
  /** Its size in bytes, and a version that differs after every write. */
  state(): { readonly bytes: number; readonly version: string };
  /** Moves it into the database. It syncs files: for the maintenance worker only. */
  move(): CheckpointReport;
}

/** The rows, open. */
interface OpenedRows {
  /** The database's id. */
  readonly storeId: string;
  readonly metadata: Metadata;
  /** True when an older version had written the database, and this opening brought its schema up to date. */
  readonly upgraded: boolean;
  /** The database's log. */
  readonly log: DatabaseLog;
  /** Times that are stored and judged, Unix ms: where several servers write, they share the database's clock. */
  readonly clock: () => number;
  /** How far two servers may be apart in it; ms. */
  readonly clockErrorMs: number;
  /** True where several servers may write at the same time. */
  readonly isShared: boolean;
  /** Of a database in the data directory: counts its generation up. @returns when it was restored, Unix ms; null: never. */
  noteGeneration(): Promise<number | null>;
  /** Where one server writes: voids the claims of one that is gone; does nothing while it runs. */
  voidDeadClaims(): Promise<void>;
}

/** Both ports, open. */
export interface Ports
  extends Pick<OpenedRows, "upgraded" | "clock" | "clockErrorMs" | "isShared" | "noteGeneration"> {
  readonly latch: WriteLatch;
  /** The database's id. */
  readonly storeId: string;
  readonly metadata: Metadata;
  readonly storage: Storage;
  /** The database's log. */
  readonly log: DatabaseLog;
  /** True while a backup of the data directory is running, or frozen. @throws when that cannot be known. */
  readonly isBackingUp: () => boolean;
  /** Closes the bytes, then the rows. */
  close(): Promise<void>;
}

/** A server that root starts in another user's data directory: new files would be root's. */
export interface OtherOwner {
  readonly directory: string;
  readonly uid: number;
}

/** Takes the data directory for a server, until it ends. @throws as `assertNotForeign` and `holdForServer`. */
export async function holdStore(
  { data: directory }: Pick<StoreConfig, "data">,
  onOtherOwner: (found: OtherOwner) => void,
): Promise<DirectoryHold> {
  await assertNotForeign(directory);
  const owner = await ownerOfStore(directory).catch(() => null);
  if (owner !== null && isRootAbove(owner)) onOtherOwner({ directory, uid: owner.uid });
  return holdForServer(directory);
}

/**
 * Looks for a store before an import. @param mayBeForeign true when another registry's images may be in the same directory.
 * @returns false when there is none. @throws ForeignStoreError
 */
export async function findStore(
  { data: directory }: Pick<StoreConfig, "data">,
  mayBeForeign: boolean,
): Promise<boolean> {
  if (!mayBeForeign) await assertNotForeign(directory);
  return holdsStore(directory);
}

/** Files that a command creates must be the server's to use: the log of the database, damaged/, folders of blobs. */
async function becomeOwner(directory: string): Promise<void> {
  const owner = await ownerOfStore(directory).catch(() => null);
  // An importer makes the directory as well.
  if (owner !== null) becomeUser(owner);
}

/** What is not a server waits longer for each statement, and needs few connections. */
export const patient = { connections: 4, statementTimeoutMs: 60 * 60 * 1000 };
/** How long what another transaction got in the way of, or a broken connection, is tried again, in ms. */
const patienceMs = 10_000;
/** Its claims end by the database's clock. */
const neverDead = async () => {};
const noLog: DatabaseLog = {
  state: () => ({ bytes: 0, version: "" }),
  move: () => ({ logPages: 0, checkpointedPages: 0, busy: false }),
};

async function openRows(
  { data: directory, database, bucket }: StoreConfig,
  { latch, role }: PortsOptions,
): Promise<OpenedRows> {
  const rowsRole = role === "server" ? "server" : "tool";
  const bytes = bucket === null ? "files" : "bucket";
  const options = { directory, latch, role: rowsRole, clock, newId, bytes } as const;
  const creates = role !== "tool";
  if (database === null) {
    const opened = await openSqlite(options);
    const log = { state: () => logState(opened.path), move: () => checkpoint(opened.path) };
    const own = () => noteGeneration(directory, opened.metadata.backups, clock());
    return { ...opened, log, clock, clockErrorMs: 0, isShared: false, noteGeneration: own };
  }
  // Loaded only where it is used.
  const { openPostgres } = await import("./metadata/postgres/open.ts");
  const limits = role === "server" ? {} : patient;
  const opened = await openPostgres({
    ...options,
    creates,
    ...{ database: { ...database, ...limits }, patienceMs, random },
  });
  const { backups } = opened.metadata;
  return {
    ...{ ...opened, log: noLog, isShared: true, voidDeadClaims: neverDead },
    // No file of one machine says how far it should be.
    noteGeneration: () => backups.findRestored(),
  };
}

/**
 * Opens the rows, then the bytes. @throws NoStoreError for a tool; as `openSqlite`, `openPostgres`, `openFilesystem` and `openS3`. Nothing is left
 * open then.
 */
export async function openPorts(store: StoreConfig, options: PortsOptions): Promise<Ports> {
  const { data: directory } = store;
  const { latch, role } = options;
  // Of a store whose rows and bytes are elsewhere any machine has commands.
  const isElsewhere = store.database !== null && store.bucket !== null;
  if (role === "tool" && !isElsewhere) await assertStore(directory);
  const isCommand = role === "tool" || role === "importer";
  if (isCommand) await becomeOwner(directory);
  const opened = await openRows(store, options);
  const { metadata, log, upgraded, clock, clockErrorMs, isShared } = opened;
  metadata.webhooks.setHooks(store.hooks ?? []);
  try {
    if (isCommand) await opened.voidDeadClaims();
    const storage = await openBytes(store, opened, options);
    const close = async () => {
      await storage.close();
      await metadata.close();
    };
    const times = { clock, clockErrorMs };
    const { storeId, noteGeneration } = opened;
    return {
      latch,
      storeId,
      metadata,
      storage,
      log,
      upgraded,
      ...times,
      isShared,
      noteGeneration,
      isBackingUp: () => isBackingUp(directory),
      close,
    };
  } catch (error) {
    await metadata.close();
    throw error;
  }
}

/** Files in the data directory, or objects in a bucket. */
export async function openBytes(
  { data: directory, bucket }: StoreConfig,
  { storeId, clock }: Pick<OpenedRows, "storeId" | "clock">,
  { latch, serving }: Pick<PortsOptions, "latch" | "serving">,
): Promise<Storage> {
  if (bucket === null) {
    return openFilesystem({
      ...{ directory, latch, clock, newId },
      ...(serving === undefined ? {} : { serving: withWorkers(serving) }),
    });
  }
  // Loaded only where it is used.
  const { openS3 } = await import("./storage/s3/s3.ts");
  const { equalParts, links } = bucket;
  const hashing = serving && {
    spawn: () => serving.startWorker(travellingHashes),
    workers: serving.hashers,
    onLost: (reason: string) => serving.onWorkerLost("hashing", reason),
  };
  const storage = await openS3({
    ...{ bucket, store: storeId, latch, newId, equalParts, links },
    ...(hashing === undefined ? {} : { hashing }),
  });
  // Nobody waits for it: the store works without.
  if (serving) void storage.repair.warnings().then((found) => found.map(serving.onNotice));
  return storage;
}

/** Options of a command that receives bytes: they are hashed as they come. */
export const receiving: ServingPorts = {
  ...{ startWorker, hashers: 2 },
  ...{ onDamaged: () => {}, onWorkerLost: () => {}, onNotice: () => {} },
};

const entries: Readonly<Record<FilesystemWorker, URL>> = {
  hashing: new URL("./storage/filesystem/hashing/worker.ts", import.meta.url),
  assembly: new URL("./storage/filesystem/assembly/worker.ts", import.meta.url),
  reading: new URL("./storage/filesystem/reading/worker.ts", import.meta.url),
};

const travellingHashes = new URL("./storage/s3/hashing/worker.ts", import.meta.url);

function withWorkers({ startWorker, ...serving }: ServingPorts): Serving {
  return { ...serving, spawn: (worker) => startWorker(entries[worker]) };
}
