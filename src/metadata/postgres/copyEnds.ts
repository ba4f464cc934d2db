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
import { Line } from "./line.ts";
import { lookAt, migrate } from "./migrate.ts";
import { type PostgresDatabase, placeOf, readCa } from "./open.ts";

const mark = (place: number): string => `$${place}`;

/** Connects, and looks without changing anything. */
async function connect(database: PostgresDatabase): Promise<Line> {
  return Line.open({ ...database, ca: await readCa(database.ca) });
}

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
  try {
    await assertTarget(line, place, store);
    await migrate(line, { place, now, newStoreId: fillingId(store.id) });
  } catch (error) {
    line.drop();
    throw error;
  }
  return {
    ...readerOf(line),
    isFinished: (await readStore(line))?.id === store.id,
    remove: async (table, keys) => {
      await line.send(removeText(table), [listOf(keys)]);
    },
    put: async (table, rows) => {
      await line.send(putText(table), [listOf(rows)]);
    },
    finish: async () => {
      for (const table of copiedTables.filter(({ givesOutIds }) => givesOutIds)) {
        await line.send(nextIdText(table));
      }
      await line.send("update store set id = $1, created_at = $2", [store.id, store.createdAt]);
    },
  };
}

/** Says whether a migration could begin there; changes nothing. @throws as `openPostgresTarget`. */
export async function checkPostgresTarget(
  database: PostgresDatabase,
  store: StoreRow,
): Promise<void> {
  const line = await connect(database);
  try {
    await assertTarget(line, placeOf(database.url), store);
  } finally {
    line.drop();
  }
}

/** Which store's database it is; null for an empty one. @throws as `openPostgresTarget`. */
export async function readPostgresStore(database: PostgresDatabase): Promise<StoreRow | null> {
  const line = await connect(database);
  try {
    const { storeId } = await lookAt(line, placeOf(database.url));
    return storeId === null ? null : await readStore(line);
  } finally {
    line.drop();
  }
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

async function page(
  line: Line,
  table: CopiedTable,
  { after, upTo, limit }: Span,
): Promise<readonly Row[]> {
  const text = pageText(table, { after: after !== null, upTo: upTo !== null }, mark);
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
