// Config → both stores of a migration, open. Apart from the other commands, which work on one store.
import { clock, newId } from "./ambient.ts";
import type { StoreConfig } from "./config/store.ts";
import { WriteLatch } from "./durability/writeLatch.ts";
import type { CopySource, CopyTarget, StoreRow } from "./metadata/copy.ts";
import { type DirectoryHold, holdDirectory } from "./metadata/directoryHold.ts";
import { type Format, formatVersion, readFormat, writeFormat } from "./metadata/format.ts";
import {
  checkSqliteTarget,
  openSqliteInPlace,
  openSqliteSource,
  openSqliteTarget,
} from "./metadata/sqlite/copyEnds.ts";
import { openCopyNotes } from "./metadata/sqlite/copyNotes.ts";
import { look, type Migration, migrate } from "./migrate/migrate.ts";
import {
  MigrateError,
  type MigrateProgress,
  type MigrateReport,
  type MigrateRequest,
} from "./migrate/report.ts";
import type { Digest } from "./model/digest.ts";
import { openBytes, openPorts, type Ports, patient, receiving } from "./ports.ts";

/** A migration, and who is told of it. */
export interface MigrateCommand {
  readonly from: StoreConfig;
  readonly to: StoreConfig;
  readonly request: MigrateRequest;
  readonly onProgress: (progress: MigrateProgress) => void;
}

/**
 * Copies a store while servers work with it. Asked to, it lets the copy become the store.
 * @throws MigrateError, DirectoryBusyError, NoStoreError, StoreMismatchError, and what else cannot be opened.
 */
export async function runMigrate(command: MigrateCommand): Promise<MigrateReport> {
  process.umask(0o077);
  const { from, to, request } = command;
  assertSound(command);
  if (await isDone(command)) return { end: "done", tables: [], bytes: null };
  if (request.takesOver) await thaw(from);
  // Brings the source up to date, and makes sure that it is one.
  const ports = await openPorts(from, { latch: new WriteLatch(() => {}), role: "tool" });
  const holds: DirectoryHold[] = [];
  try {
    // No server of this directory starts while the copy takes over.
    if (request.takesOver && isAlone(from)) holds.push(holdDirectory(from.data));
    // Nor does another run write to the new one.
    if (!request.dryRun && to.data !== from.data) holds.push(holdDirectory(to.data));
    return await (request.dryRun ? lookAt(command) : copy(command, ports));
  } finally {
    for (const hold of holds) hold.release();
    await ports.close();
  }
}

/** Replicas share all of it: no directory says whether one is running, and their database is made to refuse changes. */
const isAlone = ({ database, bucket }: StoreConfig): boolean =>
  database === null || bucket === null;

const nameOfRows = ({ data, database }: StoreConfig): string => database?.url ?? data;

const nameOfBytes = ({ data, bucket }: StoreConfig): string =>
  bucket === null ? data : [bucket.endpoint ?? "", bucket.bucket, bucket.prefix].join(" ");

const isInPlace = ({ from, to }: MigrateCommand): boolean => nameOfRows(from) === nameOfRows(to);
const movesBytes = ({ from, to }: MigrateCommand): boolean => nameOfBytes(from) !== nameOfBytes(to);

function assertSound(command: MigrateCommand): void {
  const { from } = command;
  if (isInPlace(command) && !movesBytes(command)) {
    throw new MigrateError(
      "the store is there already: name another database, bucket or directory",
    );
  }
  if (isInPlace(command) && from.database !== null && from.bucket !== null) {
    throw new MigrateError(
      "several servers may use this database and this bucket: name an empty database as well (--to-db)",
    );
  }
}

/** Whether an earlier run has switched to this store. */
async function isDone({ from, to }: MigrateCommand): Promise<boolean> {
  const format = await readFormat(from.data);
  if (format === null) return false;
  if (to.data !== from.data) return format.movedTo === to.data;
  const { rows, bytes } = formatOf(to, format.database);
  const isNew = format.rows === rows && format.bytes === bytes;
  const before = formatOf(from, format.database);
  if (!isNew || (before.rows === rows && before.bytes === bytes)) return false;
  if (to.database === null) return true;
  const { readPostgresStore } = await import("./metadata/postgres/copyEnds.ts");
  const store = await readPostgresStore({ ...to.database, ...patient });
  return store?.id === format.database;
}

const formatOf = ({ database, bucket }: StoreConfig, id: string): Format => ({
  ...{ version: formatVersion, database: id },
  rows: database === null ? "file" : "postgres",
  bytes: bucket === null ? "files" : "bucket",
});

function lookAt(command: MigrateCommand): Promise<MigrateReport> {
  const { from, to, onProgress } = command;
  const openSource = async () => {
    const source = await openRows(from);
    if (!isInPlace(command)) await checkTarget(to, source.store);
    return source;
  };
  return look({ openSource, isInPlace: isInPlace(command), onProgress }, movesBytes(command));
}

async function copy(command: MigrateCommand, ports: Ports): Promise<MigrateReport> {
  const { from, to, request } = command;
  const openSource = () => openRows(from);
  const run: Omit<Migration, "bytes"> = {
    ...{ request, openSource, onProgress: command.onProgress, isInPlace: isInPlace(command) },
    openTarget: (store) => (isInPlace(command) ? openInPlace(to) : openTarget(to, store)),
    usersOf: (digest) => usersOf(ports, digest),
    takeOver: (store) => takeOver(command, store),
  };
  // Servers elsewhere that use the old database can only read from now on.
  const isShared = request.takesOver && from.database !== null && !isInPlace(command);
  const release = isShared ? await freeze(from) : async () => {};
  try {
    const report = await (movesBytes(command)
      ? withBytes(command, ports, run)
      : migrate({ ...run, bytes: null }));
    if (report.end !== "switched") await release();
    return report;
  } catch (error) {
    await release();
    throw error;
  }
}

async function withBytes(
  { from, to }: MigrateCommand,
  ports: Ports,
  run: Omit<Migration, "bytes">,
): Promise<MigrateReport> {
  const { store, close } = await run.openSource();
  await close();
  const { clock, latch } = ports;
  const own = { storeId: store.id, clock };
  const storage = await openBytes(to, own, { latch, serving: receiving });
  const notes = openCopyNotes(from.data, nameOfBytes(to));
  try {
    await notes.keepOnly(storage.content.list());
    const both = { from: ports.storage, to: storage, notes };
    const report = await migrate({ ...run, bytes: { ...both, clock, newId, rest: Bun.sleep } });
    if (report.end === "switched") notes.remove();
    return report;
  } finally {
    notes.close();
    await storage.close();
  }
}

/** The first few. */
const mostUsers = 5;

async function usersOf({ metadata }: Ports, digest: Digest): Promise<readonly string[]> {
  const { manifestInspection } = metadata;
  const { tags, repositories, objects } = await manifestInspection.holdersOf(digest, mostUsers);
  const named = tags.map(({ repository, name }) => `${repository}:${name}`);
  const made = objects.some.map(({ bucket, object }) => `${bucket}/${object}`);
  return [...(named.length === 0 ? repositories : named), ...made].slice(0, mostUsers);
}

async function takeOver({ from, to }: MigrateCommand, { id }: StoreRow): Promise<void> {
  await writeFormat(to.data, formatOf(to, id));
  if (to.data === from.data) return;
  await writeFormat(from.data, { ...formatOf(from, id), movedTo: to.data });
}

async function openRows({ data, database }: StoreConfig): Promise<CopySource> {
  if (database === null) return openSqliteSource(data);
  const { openPostgresSource } = await import("./metadata/postgres/copyEnds.ts");
  return openPostgresSource({ ...database, ...patient });
}

async function openTarget({ data, database }: StoreConfig, store: StoreRow): Promise<CopyTarget> {
  if (database === null) return openSqliteTarget(data, store, clock());
  const { openPostgresTarget } = await import("./metadata/postgres/copyEnds.ts");
  return openPostgresTarget({ ...database, ...patient }, store, clock());
}

async function openInPlace({ data, database }: StoreConfig): Promise<CopyTarget> {
  if (database === null) return openSqliteInPlace(data);
  const { openPostgresInPlace } = await import("./metadata/postgres/copyEnds.ts");
  return openPostgresInPlace({ ...database, ...patient });
}

async function checkTarget({ data, database }: StoreConfig, store: StoreRow): Promise<void> {
  if (database === null) return checkSqliteTarget(data, store);
  const { checkPostgresTarget } = await import("./metadata/postgres/copyEnds.ts");
  return checkPostgresTarget({ ...database, ...patient }, store);
}

async function freeze({ database }: StoreConfig): Promise<() => Promise<void>> {
  if (database === null) return async () => {};
  const { freezePostgres } = await import("./metadata/postgres/freeze.ts");
  return freezePostgres({ ...database, ...patient });
}

/** A run that was killed may have left it frozen. */
async function thaw({ database }: StoreConfig): Promise<void> {
  if (database === null) return;
  const { thawPostgres } = await import("./metadata/postgres/freeze.ts");
  await thawPostgres({ ...database, ...patient });
}
