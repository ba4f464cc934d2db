// Both ends of a copy of all rows, over a database file.
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../durability/files.ts";
import {
  type Cell,
  type CopiedTable,
  type CopySource,
  type CopyTarget,
  fillingId,
  type Row,
  type Span,
  type StoreRow,
} from "../copy.ts";
import { StoreMismatchError } from "../openErrors.ts";
import {
  columnList,
  copiedTables,
  keyColumns,
  keyList,
  onConflict,
  pageText,
} from "../rows/copiedTables.ts";
import { lookAt, openClient } from "./connection.ts";
import { hasTable, migrate } from "./migrate.ts";

const mark = (place: number): string => `?${place}`;

/** Reads the database of a data directory, which is open already, as it is now. A server may write meanwhile. */
export function openSqliteSource(directory: string): CopySource {
  const client = new Database(join(directory, "breadbox.db"), { readonly: true });
  try {
    client.run("BEGIN");
    const store = readStore(client);
    if (store === null) throw new Error("the database has no id");
    return { store, ...readerOf(client) };
  } catch (error) {
    client.close();
    throw error;
  }
}

/**
 * Opens, or begins, the database of a data directory that is filled for a store.
 * @throws StoreMismatchError when it is another store's.
 */
export async function openSqliteTarget(
  directory: string,
  store: StoreRow,
  now: number,
): Promise<CopyTarget> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const client = openClient(join(directory, "breadbox.db"), "tool");
  try {
    const found = hasTable(client, "store") ? readStore(client) : null;
    assertTarget(found, store, directory);
    migrate(client, now);
    if (found === null) setStore(client, { ...store, id: fillingId(store.id) });
    client.run("PRAGMA foreign_keys = ON");
  } catch (error) {
    client.close();
    throw error;
  }
  const write: Write = (change) => client.transaction(change).immediate();
  return {
    ...writerOf(client, write),
    isFinished: readStore(client)?.id === store.id,
    finish: async () => {
      write(() => setStore(client, store));
      client.run("PRAGMA wal_checkpoint(TRUNCATE)");
      await syncDirectory(directory);
    },
  };
}

/** The same database, with other stored names, in one transaction: all of it is written by `finish`, or nothing. */
export function openSqliteInPlace(directory: string): CopyTarget {
  const client = openClient(join(directory, "breadbox.db"), "tool");
  try {
    client.run("PRAGMA foreign_keys = ON");
    // The commit waits for the disk.
    client.run("PRAGMA synchronous = FULL");
    client.run("BEGIN IMMEDIATE");
  } catch (error) {
    client.close();
    throw error;
  }
  return {
    ...writerOf(client, (change) => change()),
    isFinished: false,
    finish: async () => {
      client.run("COMMIT");
    },
  };
}

/** Runs a change in a transaction. */
type Write = (change: () => void) => void;

function writerOf(client: Database, write: Write): Omit<CopyTarget, "isFinished" | "finish"> {
  return {
    ...readerOf(client),
    remove: async (table, keys) => {
      const marks = keyColumns(table).map((_, index) => mark(index + 1));
      const text = `DELETE FROM "${table.name}" WHERE (${keyList(table)}) = (${marks.join(", ")})`;
      write(() => runEach(client, text, keys));
    },
    put: async (table, rows) => {
      const marks = table.columns.map((_, index) => mark(index + 1)).join(", ");
      const text = `INSERT INTO "${table.name}" (${columnList(table)}) VALUES (${marks}) ${onConflict(table)}`;
      write(() => runEach(client, text, rows));
    },
  };
}

/** Says whether a migration could begin there; changes nothing. @throws StoreMismatchError */
export function checkSqliteTarget(directory: string, store: StoreRow): void {
  const path = join(directory, "breadbox.db");
  if (!existsSync(path)) return;
  lookAt(path, (client) => {
    assertTarget(hasTable(client, "store") ? readStore(client) : null, store, directory);
  });
}

function assertTarget(found: StoreRow | null, store: StoreRow, directory: string): void {
  if (found === null || found.id === store.id || found.id === fillingId(store.id)) return;
  throw new StoreMismatchError(
    `${directory} has the database of another store (${found.id}): name a new directory`,
  );
}

function readerOf(client: Database): Pick<CopySource, "tables" | "page" | "close"> {
  return {
    tables: copiedTables,
    page: async (table, span) => page(client, table, span),
    close: async () => client.close(),
  };
}

function page(client: Database, table: CopiedTable, span: Span): Row[] {
  const { after, upTo, limit } = span;
  const text = pageText(table, span, mark);
  return client
    .query<unknown, Cell[]>(text)
    .values(...(after ?? []), ...(upTo ?? []), limit)
    .map((row) => row.map(toCell));
}

function toCell(value: unknown): Cell {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a column holds a ${typeof value}`);
}

function runEach(client: Database, text: string, rows: readonly Row[]): void {
  const prepared = client.query<unknown, Cell[]>(text);
  for (const row of rows) prepared.run(...row);
}

function readStore(client: Database): StoreRow | null {
  const text = "SELECT id, created_at AS createdAt FROM store";
  return client.query<StoreRow, []>(text).get();
}

function setStore(client: Database, { id, createdAt }: StoreRow): void {
  client.run("DELETE FROM store");
  client.run("INSERT INTO store (id, created_at) VALUES (?, ?)", [id, createdAt]);
}
