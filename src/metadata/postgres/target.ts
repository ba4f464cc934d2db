// Statements rendered for Postgres: their text, what is filled into which place, and what a row becomes. Apart from what runs them
// because it needs no database.
import { fillPlaceholders, getTableColumns, type Query, type SQL, sql } from "drizzle-orm";
import {
  BaseSQLiteDatabase,
  type SQLiteInsertConfig,
  SQLitePreparedQuery,
  SQLiteSession,
  SQLiteSyncDialect,
} from "drizzle-orm/sqlite-core";
import type { SelectedFieldsOrdered } from "drizzle-orm/sqlite-core/query-builders/select.types";
import type { Command, Target } from "../rows/statement.ts";
import { inPostgresWords, temporaryInPostgresWords } from "./words.ts";

/** Values as the driver takes them. */
export type Value = string | number | Uint8Array | null;

/** What was built: Drizzle never runs it. */
interface Unrun {
  type: "sync";
  run: never;
  all: never;
  get: never;
  values: never;
  execute: never;
}

/** A statement's text and the columns of its rows. */
class Built extends SQLitePreparedQuery<Unrun> {
  /** The place of each column in a row's object; null: the database names them. */
  readonly paths: readonly (readonly string[])[] | null;

  constructor(query: Query, fields: SelectedFieldsOrdered | undefined) {
    super("sync", "all", query);
    this.paths = fields?.map(({ path }) => path) ?? null;
  }

  override run(): never {
    throw new Error("a statement for Postgres is run by its transaction");
  }

  override all(): never {
    return this.run();
  }

  override get(): never {
    return this.run();
  }

  override values(): never {
    return this.run();
  }
}

/** Drizzle's dialect of SQLite with the words and the placeholders of Postgres. */
class PostgresText extends SQLiteSyncDialect {
  override escapeParam(position: number): string {
    return `$${position + 1}`;
  }

  override sqlToQuery(text: SQL, source?: "indexes") {
    const query = super.sqlToQuery(text, source);
    return { ...query, sql: inPostgresWords(query.sql) };
  }

  /** SQLite takes NULL for a number that it gives out itself. */
  override buildInsertQuery(config: SQLiteInsertConfig): SQL {
    const { table, values } = config;
    if (!Array.isArray(values)) return super.buildInsertQuery(config);
    const absent = Object.fromEntries(
      Object.keys(getTableColumns(table)).map((column) => [column, sql`default`]),
    );
    return super.buildInsertQuery({
      ...config,
      values: values.map((row) => ({ ...absent, ...row })),
    });
  }
}

class Session extends SQLiteSession<"sync", unknown, Record<string, never>, Record<string, never>> {
  override prepareQuery(query: Query, fields: SelectedFieldsOrdered | undefined): Built {
    return new Built(query, fields);
  }

  override transaction(): never {
    throw new Error("transactions belong to Rows");
  }
}

const dialect = new PostgresText();

/** What statements are rendered with. */
export const postgresTarget: Target = {
  builder: new BaseSQLiteDatabase("sync", dialect, new Session(dialect), undefined),
  prepare: (text) => new Built(dialect.sqlToQuery(text), undefined),
};

/** What makes a table that each connection has for itself. */
export function temporaryText(table: SQL): string {
  return temporaryInPostgresWords(dialect.sqlToQuery(table).sql);
}

/** A statement as Postgres gets it. */
export interface Rendered {
  readonly text: string;
  /** It uses tables that each connection has for itself. */
  readonly isGathering: boolean;
  /** False for what only reads. */
  readonly writes: boolean;
  /** The values of a call, place by place. */
  valuesOf(given: object): Value[];
  /** An insertion of so many rows; the values of each follow those of the one before. */
  many(count: number): Pick<Rendered, "text" | "valuesOf">;
  /** A row as an object. @param names of its columns, for statements in SQL. */
  rowOf<R>(values: readonly unknown[], names: readonly string[]): R;
}

const rendered = new WeakMap<Command<never>, Rendered>();

/** A statement's text, made once. */
export function render<P>(command: Command<P>): Rendered {
  const known = rendered.get(command);
  if (known !== undefined) return known;
  const built = command.on(postgresTarget);
  if (!(built instanceof Built)) throw new Error("not a statement for Postgres");
  const { sql: text, params } = built.getQuery();
  const valuesOf = (given: object): Value[] => fillPlaceholders(params, { ...given }).map(toValue);
  const made: Rendered = {
    text,
    isGathering: text.includes("pg_temp."),
    writes: /\b(?:insert into|update|delete from)\b/i.test(text),
    valuesOf,
    many: (count) => ({ text: textOfMany(text, params.length, count), valuesOf }),
    rowOf: (values, names) => toRow(values, built.paths ?? names.map((name) => [name])),
  };
  rendered.set(command, made);
  return made;
}

/** The insertion of one row with the places of several. */
function textOfMany(text: string, places: number, count: number): string {
  return text.replace(/(?<= values )\([^)]*\)/, (row) =>
    Array.from({ length: count }, (_, at) =>
      row.replace(/\$(\d+)/g, (_, place: string) => `$${Number(place) + at * places}`),
    ).join(", "),
  );
}

/** What a statement selects is what its type says. */
function toRow<R>(values: readonly unknown[], paths: readonly (readonly string[])[]): R;
function toRow(values: readonly unknown[], paths: readonly (readonly string[])[]): object {
  const row: Record<string, unknown> = {};
  for (const [position, path] of paths.entries()) put(row, path, values[position]);
  return row;
}

/** A column whose name has several parts is one of an object within the row. */
function put(
  row: Record<string, unknown>,
  [name = "", ...inner]: readonly string[],
  value: unknown,
): void {
  if (inner.length === 0) {
    row[name] = value;
    return;
  }
  const within = row[name];
  const object: Record<string, unknown> = isObject(within) ? within : {};
  put(object, inner, value);
  row[name] = object;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Statements are given texts, whole numbers and bytes. */
function toValue(value: unknown): Value {
  // Postgres has no NUL in texts. No stored name holds one; before and after a text that does are the same names.
  if (typeof value === "string") return value.replaceAll("\u0000", "\u0001");
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`a statement takes no ${typeof value === "number" ? value : typeof value}`);
}
