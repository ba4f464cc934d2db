// Opens the database of a data directory: finds or refuses it, brings its schema up to date, and hands out the port.
import type { Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { ifNoServer } from "../directoryHold.ts";
import {
  assertBelongsTogether,
  type BytesPlace,
  type Format,
  formatVersion,
  readFormat,
  writeFormat,
} from "../format.ts";
import type { Metadata } from "../metadata.ts";
import { DatabaseDamagedError, SchemaTooOldError } from "../openErrors.ts";
import { assemble } from "../rows/assemble.ts";
import { voidClaims } from "../rows/deadClaims.ts";
import { beginWork, Connection, lookAt, openClient, type Role } from "./connection.ts";
import { findMalformed } from "./contradictions.ts";
import { checkDatabase, findFaults } from "./databaseCheck.ts";
import { isDamaged } from "./failures.ts";
import { hasTable, migrate, nextMigration, pendingMigrations } from "./migrate.ts";
import { sqliteRows, targetOver } from "./rows.ts";
import { saveBefore } from "./savedDatabase.ts";

/** Of a database that is damaged. */
const remedy =
  "breadbox fsck shows what is wrong, and breadbox restore TARGET --data NEWDIR restores a backup (docs/BACKUP.md). Keep the directory until that is done: its blobs are intact";

/** What opening needs. */
export interface SqliteOptions {
  /** The data directory; created if absent. */
  readonly directory: string;
  /** Trips when a sync fails; shared with the storage. */
  readonly latch: WriteLatch;
  /** A server holds the directory (`holdDirectory`) before it opens; a tool may work beside it. */
  readonly role: Role;
  /** Unix ms. */
  readonly clock: () => number;
  /** Makes the database's id when it is created. */
  readonly newId: () => string;
  /** Where the bytes are; files unless it is said. */
  readonly bytes?: BytesPlace;
}

/** An opened database. */
export interface OpenedSqlite {
  readonly metadata: Metadata;
  /** The database's id, the same for its whole life. */
  readonly storeId: string;
  /** True when an older version had written the database, and this opening brought its schema up to date. */
  readonly upgraded: boolean;
  /** The database file. */
  readonly path: string;
  /** Voids the claims of a server that is gone; does nothing while one runs. For commands: only one process may hold the directory. */
  voidDeadClaims(): Promise<void>;
}

/**
 * Opens, or creates, the database of a data directory.
 * @throws SchemaTooNewError, SchemaTooOldError, StoreMismatchError, DatabaseDamagedError, SqliteTooOldError: `isOperatorError` tells them
 * from accidents.
 */
export async function openSqlite(options: SqliteOptions): Promise<OpenedSqlite> {
  const path = join(options.directory, "breadbox.db");
  try {
    return await openFile(path, options);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    throw new DatabaseDamagedError(path, remedy);
  }
}

async function openFile(path: string, options: SqliteOptions): Promise<OpenedSqlite> {
  const { directory, role, bytes = "files" } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const format = await readFormat(directory);
  // Asked before opening, which would leave an empty database where one is missed.
  if (existsSync(path)) lookAt(path, (client) => pendingMigrations(client));
  else await assertBelongsTogether(directory, format, foundFile(null, bytes));
  const client = openClient(path, role);
  try {
    if (role === "server") assertSound(client, path);
    const { storeId, upgraded } = await prepareDatabase(client, format, options);
    // One server per directory: whoever claimed a session before is gone.
    if (role === "server") voidAllClaims(client);
    beginWork(client, role);
    const connection = await Connection.over(client, options);
    if (format === null) {
      await writeFormat(directory, {
        version: formatVersion,
        database: storeId,
        rows: "file",
        bytes,
      });
    }
    const voidDeadClaims = async () => {
      await ifNoServer(directory, () => voidAllClaims(client));
    };
    return {
      metadata: assembled(connection, options.newId),
      storeId,
      upgraded,
      path,
      voidDeadClaims,
    };
  } catch (error) {
    client.close(true);
    throw error;
  }
}

/** Larger databases would hold up the start: 300 MB take 2.6 s. fsck checks those. Unit: bytes. */
const quicklyChecked = 64 * 1024 * 1024;

/** @throws DatabaseDamagedError when SQLite finds its pages contradicting each other. */
function assertSound(client: Database, path: string): void {
  if (statSync(path).size > quicklyChecked) return;
  const [fault] = findFaults(client, false);
  if (fault !== undefined) throw new DatabaseDamagedError(path, `${remedy} (${fault})`);
}

const foundFile = (id: string | null, bytes: BytesPlace) =>
  ({ id, rows: "file", bytes, name: "breadbox.db" }) as const;

/** Checks that the database is the right one before it changes anything. @returns its id, and whether it was an older one. */
async function prepareDatabase(
  client: Database,
  format: Format | null,
  options: SqliteOptions,
): Promise<Pick<OpenedSqlite, "storeId" | "upgraded">> {
  const pending = pendingMigrations(client);
  const found = hasTable(client, "store") ? readStoreId(client) : null;
  const { directory, bytes = "files" } = options;
  await assertBelongsTogether(directory, format, foundFile(found, bytes));
  const applied = pending > 0 ? await upgrade(client, found, options) : 0;
  client.run(
    "INSERT INTO store (id, created_at) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM store)",
    [options.newId(), options.clock()],
  );
  const storeId = readStoreId(client);
  if (storeId === null) throw new Error(`${client.filename}: the database has no id`);
  return { storeId, upgraded: found !== null && applied > 0 };
}

/** A command must not change the schema under a running server of an older version. @returns how many migrations were applied. */
async function upgrade(
  client: Database,
  storeId: string | null,
  { role, directory, clock }: SqliteOptions,
): Promise<number> {
  if (storeId === null) return migrate(client, clock());
  const save = async (): Promise<number> => {
    await saveBefore(directory, nextMigration(client));
    return migrate(client, clock());
  };
  if (role === "server") return save();
  const applied = await ifNoServer(directory, save);
  if (applied === null) throw new SchemaTooOldError(client.filename);
  return applied;
}

function readStoreId(client: Database): string | null {
  return client.query<{ id: string }, []>("SELECT id FROM store").get()?.id ?? null;
}

/** Prepared for the client as it is: nothing waits for a sync. */
function voidAllClaims(client: Database): void {
  const target = targetOver(client);
  for (const command of voidClaims) command.on(target).run();
}

function assembled(connection: Connection, newId: () => string): Metadata {
  const { client } = connection;
  const own = {
    findMalformed: () => connection.read(() => findMalformed(client)),
    checkDatabase: (thorough: boolean) => connection.read(() => checkDatabase(client, thorough)),
  };
  return { ...assemble(sqliteRows(connection, newId), own), close: () => connection.close() };
}
