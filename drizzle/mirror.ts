// Tables of Postgres, derived from those of SQLite: same names, same keys, same indexes. Used by drizzle-kit at development time only.
import { getTableColumns, is, sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  check,
  customType,
  foreignKey,
  index,
  type PgTable,
  pgTable,
  primaryKey,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { getTableConfig, SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";

/** Text that is compared byte by byte, whatever the locale of the database. */
const bytewise = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

function textOf({ name, default: fallback }: SQLiteColumn) {
  const made = bytewise(name);
  return typeof fallback === "string" ? made.default(fallback) : made;
}

function numberOf({ name, default: fallback }: SQLiteColumn) {
  const made = bigint(name, { mode: "number" });
  return typeof fallback === "number" ? made.default(fallback) : made;
}

function builderOf(column: SQLiteColumn) {
  switch (column.getSQLType()) {
    case "text":
      return textOf(column);
    case "integer":
      return numberOf(column);
    case "blob":
      return bytea(column.name);
    default:
      throw new Error(`${column.name}: Postgres has no column for ${column.getSQLType()}`);
  }
}

function mirrored(column: SQLiteColumn) {
  // Numbers that SQLite gives out itself.
  if (column.primary && column.getSQLType() === "integer") {
    return bigint(column.name, { mode: "number" }).primaryKey().generatedByDefaultAsIdentity();
  }
  const made = builderOf(column);
  if (column.notNull) made.notNull();
  if (column.primary) made.primaryKey();
  if (column.isUnique) made.unique(column.uniqueName);
  return made;
}

/** Columns by name. */
type Columns = Readonly<Record<string, AnyPgColumn>>;
const mirrors = new Map<SQLiteTable, PgTable>();

/** The table of Postgres for one of SQLite. */
export function mirror(table: SQLiteTable): PgTable {
  const known = mirrors.get(table);
  if (known !== undefined) return known;
  const { name, columns } = getTableConfig(table);
  const made = pgTable(
    name,
    Object.fromEntries(columns.map((column) => [column.name, mirrored(column)])),
    (own) => [
      ...keys(table, own),
      ...indexes(table, own),
      ...references(table, own),
      ...spellings(name, own),
    ],
  );
  mirrors.set(table, made);
  return made;
}

/** Whose digests decide what is garbage: in any other spelling they would name nothing. */
const deciding = new Set(["contents", "manifest_references", "objects"]);

/** SQLite looks for them before each collection. Postgres refuses them: it would look for a minute at a million rows. */
function spellings(table: string, { digest }: Columns) {
  if (digest === undefined || !deciding.has(table)) return [];
  return [
    check(
      `${table}_digest_spelling`,
      sql`(${digest} LIKE 'sha256:%' AND octet_length(${digest}) = 71 OR ${digest} LIKE 'sha512:%' AND octet_length(${digest}) = 135)
        AND substr(${digest}, 8) !~ '[^0-9a-f]'`,
    ),
  ];
}

function keys(table: SQLiteTable, own: Columns) {
  return getTableConfig(table).primaryKeys.map((key) =>
    primaryKey({ columns: those(own, key.columns) }),
  );
}

function indexes(table: SQLiteTable, own: Columns) {
  return getTableConfig(table).indexes.map(({ config }) => {
    const columns = config.columns.filter((column) => is(column, SQLiteColumn));
    if (columns.length !== config.columns.length) {
      throw new Error(`${config.name}: an index of expressions has no mirror`);
    }
    const made = config.unique ? uniqueIndex(config.name) : index(config.name);
    const on = made.on(...those(own, columns));
    return config.where === undefined ? on : on.where(config.where);
  });
}

function references(table: SQLiteTable, own: Columns) {
  return getTableConfig(table).foreignKeys.map((key) => {
    const { columns, foreignColumns, foreignTable } = key.reference();
    const of = foreignTable === table ? own : getTableColumns(mirror(foreignTable));
    const made = foreignKey({
      name: key.getName(),
      columns: those(own, columns),
      foreignColumns: those(of, foreignColumns),
    });
    return key.onDelete === undefined ? made : made.onDelete(key.onDelete);
  });
}

function those(from: Columns, wanted: readonly SQLiteColumn[]): [AnyPgColumn, ...AnyPgColumn[]] {
  const [first, ...others] = wanted.map(({ name }) => {
    const found = from[name];
    if (found === undefined) throw new Error(`no column ${name}`);
    return found;
  });
  if (first === undefined) throw new Error("a key without columns");
  return [first, ...others];
}
