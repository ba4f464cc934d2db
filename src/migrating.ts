// Config → both stores of a migration, open. Apart from the other commands, which work on one store.
import { clock } from "./ambient.ts";
import type { StoreConfig } from "./config/store.ts";
import { WriteLatch } from "./durability/writeLatch.ts";
import type { CopySource, CopyTarget, StoreRow } from "./metadata/copy.ts";
import { type DirectoryHold, holdDirectory } from "./metadata/directoryHold.ts";
import { formatVersion, readFormat, writeFormat } from "./metadata/format.ts";
import { DirectoryBusyError } from "./metadata/openErrors.ts";
import { openSqliteSource } from "./metadata/sqlite/copyEnds.ts";
import { migrate } from "./migrate/migrate.ts";
import {
  MigrateError,
  type MigrateProgress,
  type MigrateReport,
  type MigrateRequest,
} from "./migrate/report.ts";
import { openPorts, patient } from "./ports.ts";

/** A migration, and who is told of it. */
export interface MigrateCommand {
  readonly from: StoreConfig;
  readonly to: StoreConfig;
  readonly request: MigrateRequest;
  readonly onProgress: (progress: MigrateProgress) => void;
}

/**
 * Copies a store while a server works with it, or without one: then the copy becomes the store.
 * @throws MigrateError, NoStoreError, StoreMismatchError, and what else cannot be opened.
 */
export async function runMigrate(command: MigrateCommand): Promise<MigrateReport> {
  process.umask(0o077);
  const { from, request } = command;
  if (await isDone(command)) return { end: "done", tables: [] };
  // Brings the source up to date, and makes sure that it is one.
  const ports = await openPorts(from, { latch: new WriteLatch(() => {}), role: "tool" });
  // No server starts while the copy takes over.
  const hold = request.dryRun ? null : holdUnlessServed(from.data);
  try {
    return await between(command, hold === null);
  } finally {
    hold?.release();
    await ports.close();
  }
}

/** Whether an earlier run has switched to this database. */
async function isDone({ from, to }: MigrateCommand): Promise<boolean> {
  const format = await readFormat(from.data);
  if (from.database !== null || to.database === null || format?.rows !== "postgres") return false;
  const { readPostgresStore } = await import("./metadata/postgres/copyEnds.ts");
  const store = await readPostgresStore({ ...to.database, ...patient });
  return store?.id === format.database;
}

function holdUnlessServed(directory: string): DirectoryHold | null {
  try {
    return holdDirectory(directory);
  } catch (error) {
    if (error instanceof DirectoryBusyError) return null;
    throw error;
  }
}

async function between(
  { from, to, request, onProgress }: MigrateCommand,
  isServed: boolean,
): Promise<MigrateReport> {
  const source = await openSource(from);
  try {
    const target = await openTarget(to, source.store, request);
    try {
      const { id } = source.store;
      const takeOver = () =>
        writeFormat(to.data, {
          ...{ version: formatVersion, database: id, rows: "postgres" },
          bytes: to.bucket === null ? "files" : "bucket",
        });
      return await migrate({
        ...{ source, target, isServed, onProgress, takeOver },
        shape: (_, row) => row,
      });
    } finally {
      await target?.close();
    }
  } finally {
    await source.close();
  }
}

async function openSource({ data, database }: StoreConfig): Promise<CopySource> {
  if (database === null) return openSqliteSource(data);
  const { openPostgresSource } = await import("./metadata/postgres/copyEnds.ts");
  return openPostgresSource({ ...database, ...patient });
}

async function openTarget(
  { database: config }: StoreConfig,
  store: StoreRow,
  { dryRun }: MigrateRequest,
): Promise<CopyTarget | null> {
  if (config === null) throw new MigrateError("name the new database: --to-db URL");
  const database = { ...config, ...patient };
  const { checkPostgresTarget, openPostgresTarget } = await import(
    "./metadata/postgres/copyEnds.ts"
  );
  if (!dryRun) return openPostgresTarget(database, store, clock());
  await checkPostgresTarget(database, store);
  return null;
}
