// Both ends of a copy of all rows, over a database of Postgres.
import {
  type Cell,
  type CellKind,
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
import type { Line } from "./line.ts";
import { lookAt, migrate } from "./migrate.ts";
import { connect, withLine } from "./oneLine.ts";
import { type PostgresDatabase, placeOf } from "./open.ts";
import { codeOf, LineLostError } from "./troubles.ts";

const mark = (place: number): string => `$${place}`;

/** Reads a database, which is open already, as it is now. Servers may write meanwhile. */
export async function openPostgresSource(database: PostgresDatabase): Promise<CopySource> {
  const line = await connect(database);
  try {
    await line.send("begin isolation level repeatable read, read only");
    const store = await readStore(line);
    if (store === null) throw new Error("the database has no id");
    return { store, ...readerOf(line) };
  } catch (error) {
    line.drop();
    throw error;
  }
}

/**
 * Opens, or begins, a database that is filled for a store.
 * @throws StoreMismatchError when it is another store's; DatabaseUnfitError, SchemaTooNewError.
 */
export async function openPostgresTarget(
  database: PostgresDatabase,
  store: StoreRow,
  now: number,
): Promise<CopyTarget> {
  const place = placeOf(database.url);
  const line = await connect(database);
  let guard: Line | null = null;
  try {
    await assertTarget(line, place, store);
    await migrate(line, { place, now, newStoreId: fillingId(store.id) });
    guard = await connect(database);
    await holdAlone(guard, place);
    const isFinished = (await readStore(line))?.id === store.id;
    return guarded(line, guard, { store, isFinished });
  } catch (error) {
    for (const each of [line, guard]) each?.drop();
    throw error;
  }
}

/** A run that is still going on could otherwise change the database after another one has finished it. */
async function holdAlone(guard: Line, place: string): Promise<void> {
  await guard.send("begin; set local idle_in_transaction_session_timeout = 0");
  try {
    await guard.send("select 1 from store for update nowait");
  } catch (error) {
    if (codeOf(error) !== lockNotAvailable) throw error;
    throw new StoreMismatchError(
      `another "breadbox migrate" is filling ${place}: wait for its end, or stop it`,
    );
  }
}

const lockNotAvailable = "55P03";

/** Writes nothing once the hold is lost. */
function guarded(
  line: Line,
  guard: Line,
  { store, isFinished }: { readonly store: StoreRow; readonly isFinished: boolean },
): CopyTarget {
  const { remove, put, ...reader } = writerOf(line);
  const assertHeld = (): void => {
    if (guard.isDead) throw new LineLostError("the connection that holds the new database broke");
  };
  return {
    ...reader,
    isFinished,
    remove: async (table, keys) => {
      assertHeld();
      await remove(table, keys);
    },
    put: async (table, rows) => {
      assertHeld();
      await put(table, rows);
    },
    finish: async () => {
      for (const table of copiedTables.filter(({ givesOutIds }) => givesOutIds)) {
        await line.send(nextIdText(table));
      }
      const { id, createdAt } = store;
      await guard.send("update store set id = $1, created_at = $2", [id, createdAt]);
      await guard.send("commit");
    },
    close: async () => {
      for (const each of [line, guard]) each.drop();
    },
  };
}

/** The same database, with other stored names, in one transaction: all of it is written by `finish`, or nothing. */
export async function openPostgresInPlace(database: PostgresDatabase): Promise<CopyTarget> {
  const line = await connect(database);
  try {
    await line.send("begin isolation level serializable read write");
    return {
      ...writerOf(line),
      isFinished: false,
      finish: async () => {
        await line.send("commit");
      },
    };
  } catch (error) {
    line.drop();
    throw error;
  }
}

/** Says whether a migration could begin there; changes nothing. @throws as `openPostgresTarget`. */
export async function checkPostgresTarget(
  database: PostgresDatabase,
  store: StoreRow,
): Promise<void> {
  await withLine(database, (line) => assertTarget(line, placeOf(database.url), store));
}

/** Which store's database it is; null for an empty one. @throws as `openPostgresTarget`. */
export async function readPostgresStore(database: PostgresDatabase): Promise<StoreRow | null> {
  return withLine(database, async (line) => {
    const { storeId } = await lookAt(line, placeOf(database.url));
    return storeId === null ? null : await readStore(line);
  });
}

async function assertTarget(line: Line, place: string, store: StoreRow): Promise<void> {
  const { storeId } = await lookAt(line, place);
  if (storeId === null || storeId === store.id || storeId === fillingId(store.id)) return;
  throw new StoreMismatchError(
    `${place} is the database of another store (${storeId}): name an empty database`,
  );
}

function readerOf(line: Line): Pick<CopySource, "tables" | "page" | "close"> {
  return {
    tables: copiedTables,
    page: (table, span) => page(line, table, span),
    close: async () => line.drop(),
  };
}

const writerOf = (line: Line): Omit<CopyTarget, "isFinished" | "finish"> => ({
  ...readerOf(line),
  remove: async (table, keys) => {
    await line.send(removeText(table), [listOf(keys)]);
  },
  put: async (table, rows) => {
    await line.send(putText(table), [listOf(rows)]);
  },
});

async function page(line: Line, table: CopiedTable, span: Span): Promise<readonly Row[]> {
  const { after, upTo, limit } = span;
  const text = pageText(table, span, mark);
  const { rows } = await line.send(text, [...(after ?? []), ...(upTo ?? []), limit]);
  return rows.map((row) => row.map(toCell));
}

function toCell(value: unknown): Cell {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a column holds a ${typeof value}`);
}

/** Many rows travel as one value. */
const listOf = (rows: readonly Row[]): string =>
  JSON.stringify(
    rows.map((row) => row.map((cell) => (cell instanceof Uint8Array ? cell.toBase64() : cell))),
  );

const list = "json_array_elements(CAST(CAST($1 AS text) AS json)) AS list(item)";

function valueText(kind: CellKind, place: number): string {
  const text = `item->>${place}`;
  if (kind === "text") return text;
  return kind === "integer" ? `CAST(${text} AS bigint)` : `decode(${text}, 'base64')`;
}

function putText(table: CopiedTable): string {
  const values = table.columns.map(({ kind }, place) => valueText(kind, place)).join(", ");
  return `INSERT INTO "${table.name}" (${columnList(table)}) SELECT ${values} FROM ${list} ${onConflict(table)}`;
}

function removeText(table: CopiedTable): string {
  const values = keyColumns(table).map(({ kind }, place) => valueText(kind, place));
  return `DELETE FROM "${table.name}" WHERE (${keyList(table)}) IN (SELECT ${values.join(", ")} FROM ${list})`;
}

/** Numbers that were given out are not given out again. */
function nextIdText(table: CopiedTable): string {
  const [key] = keyColumns(table);
  const sequence = `pg_get_serial_sequence('"${table.name}"', '${key?.name}')`;
  return `SELECT setval(${sequence}, (SELECT coalesce(max("${key?.name}"), 0) + 1 FROM "${table.name}"), false)`;
}

async function readStore(line: Line): Promise<StoreRow | null> {
  const { rows } = await line.send("select id, created_at from store");
  const [id, createdAt] = rows[0] ?? [];
  return typeof id === "string" && typeof createdAt === "number" ? { id, createdAt } : null;
}
