// Every table of the schema as a copy to another database needs it: columns, key, and parents before children. A test compares the list
// with the tables of a database, so that a table that is added later is copied.
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { CellKind, CopiedTable, Span } from "../copy.ts";
import * as access from "./accessSchema.ts";
import * as audit from "./auditSchema.ts";
import * as inBuckets from "./objectsSchema.ts";
import * as pulls from "./pullsSchema.ts";
import * as rows from "./schema.ts";
import * as tending from "./tendingSchema.ts";
import * as webhooks from "./webhooksSchema.ts";

const all = [rows, pulls, inBuckets, access, audit, tending, webhooks].flatMap((schema) =>
  Object.values(schema).filter((value) => is(value, SQLiteTable)),
);

/** The table with the id of the database. It is written when a copy begins and when it is complete. */
export const storeTable = "store";

/** All tables but `store`, each after those that its rows refer to. */
export const copiedTables: readonly CopiedTable[] = inOrder(all)
  .map(describe)
  .filter(({ name }) => name !== storeTable);

function inOrder(tables: readonly SQLiteTable[]): readonly SQLiteTable[] {
  const ordered = new Set<SQLiteTable>();
  const add = (table: SQLiteTable): void => {
    if (ordered.has(table)) return;
    for (const key of getTableConfig(table).foreignKeys) add(key.reference().foreignTable);
    ordered.add(table);
  };
  for (const table of tables) add(table);
  return [...ordered];
}

function describe(table: SQLiteTable): CopiedTable {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const ofTable = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  const key = ofTable.map((column) => columns.findIndex((one) => one.name === column.name));
  if (key.length === 0) throw new Error(`${name}: a table without a key cannot be copied in pages`);
  return {
    name,
    columns: columns.map((column) => ({ name: column.name, kind: kindOf(column.getSQLType()) })),
    key,
    givesOutIds: ofTable.length === 1 && ofTable[0]?.getSQLType() === "integer",
  };
}

function kindOf(type: string): CellKind {
  if (type === "text" || type === "integer" || type === "blob") return type;
  throw new Error(`a column of ${type} cannot be copied`);
}

const quoted = (name: string): string => `"${name}"`;

/** Names of a table's columns, with commas in between. */
export const columnList = ({ columns }: CopiedTable): string =>
  columns.map(({ name }) => quoted(name)).join(", ");

/** Names of the key's columns, with commas in between. */
export const keyList = (table: CopiedTable): string =>
  keyColumns(table)
    .map(({ name }) => quoted(name))
    .join(", ");

/** The key's columns. */
export const keyColumns = ({ columns, key }: CopiedTable): CopiedTable["columns"] =>
  key.flatMap((place) => columns[place] ?? []);

/**
 * Reads rows between two keys, in the order of the keys. The values are those of `after`, then those of `upTo`, then the limit.
 * @param mark the placeholder of a value, counted from 1.
 */
export function pageText(
  table: CopiedTable,
  { after, upTo, keysOnly = false }: Span,
  mark: (place: number) => string,
): string {
  const width = table.key.length;
  const marks = (from: number) =>
    Array.from({ length: width }, (_, index) => mark(from + index)).join(", ");
  const key = `(${keyList(table)})`;
  const conditions = [
    ...(after !== null ? [`${key} > (${marks(1)})`] : []),
    ...(upTo !== null ? [`${key} <= (${marks(after !== null ? width + 1 : 1)})`] : []),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const limit = mark(conditions.length * width + 1);
  const wanted = keysOnly ? keyList(table) : columnList(table);
  return `SELECT ${wanted} FROM ${quoted(table.name)}${where} ORDER BY ${keyList(table)} LIMIT ${limit}`;
}

/** The end of an INSERT that replaces rows of the same key. */
export function onConflict(table: CopiedTable): string {
  const others = table.columns.filter((_, place) => !table.key.includes(place));
  const set = others.map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`).join(", ");
  const action = set === "" ? "NOTHING" : `UPDATE SET ${set}`;
  return `ON CONFLICT (${keyList(table)}) DO ${action}`;
}
