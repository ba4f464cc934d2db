// The shape of a schema in words that are the same for both databases.
import type { Database } from "bun:sqlite";
import type { Sql } from "postgres";

/** One table. */
export interface TableShape {
  /** `name type [NOT NULL] [DEFAULT value]`, in the order of their names. */
  readonly columns: readonly string[];
  /** `[UNIQUE] (columns) [partly]`, the primary key among them, sorted. */
  readonly indexes: readonly string[];
  /** `(columns) → table(columns) [on deletion]`, sorted. */
  readonly references: readonly string[];
}

type Shape = Readonly<Record<string, TableShape>>;

const texts = (rows: readonly (readonly unknown[])[]): string[] =>
  rows.map((row) => String(row[0]));

/** Of all tables of a SQLite database. */
export function sqliteShape(client: Database): Shape {
  const ask = (text: string, ...values: string[]) => client.query(text).values(...values);
  const tables = texts(
    ask("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"),
  );
  return Object.fromEntries(
    tables.map((table) => [
      table,
      {
        columns: texts(
          ask(
            `SELECT lower(name || ' ' || type || iif("notnull" OR pk, ' NOT NULL', '')
              || coalesce(' DEFAULT ' || dflt_value, '')) FROM pragma_table_info(?)`,
            table,
          ),
        )
          .map(inOneCase)
          .sort(),
        indexes: texts([
          ...ask(
            `SELECT iif(l."unique", 'UNIQUE ', '') || '(' || (
                SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)
              ) || ')' || iif(l.partial, ' partly', '') FROM pragma_index_list(?) AS l`,
            table,
          ),
          // A number that SQLite gives out itself has no index.
          ...ask(
            `SELECT 'UNIQUE (' || name || ')' FROM pragma_table_info(?) WHERE pk = 1 AND type = 'INTEGER' COLLATE NOCASE
              AND (SELECT count(*) FROM pragma_table_info(?) WHERE pk > 0) = 1`,
            table,
            table,
          ),
        ]).sort(),
        references: texts(
          ask(
            `SELECT '(' || group_concat("from") || ') → ' || "table" || '(' || group_concat("to") || ') ' || lower(on_delete)
              FROM (SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq) GROUP BY id`,
            table,
          ),
        ).sort(),
      },
    ]),
  );
}

/** Of all tables of a PostgreSQL database. */
export async function postgresShape(sql: Sql): Promise<Shape> {
  const columns = await sql`
    select table_name as table, lower(column_name || ' ' || data_type
      || case when is_nullable = 'NO' then ' NOT NULL' else '' end || coalesce(' DEFAULT ' || column_default, '')) as text
    from information_schema.columns where table_schema = 'public'`;
  const indexes = await sql`
    select c.relname as table, (case when i.indisunique then 'UNIQUE ' else '' end) || '(' || (
      select string_agg(a.attname, ',' order by k.at) from unnest(i.indkey) with ordinality as k(number, at)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number) || ')'
      || case when i.indpred is null then '' else ' partly' end as text
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`;
  const names = (relation: string, keys: string) => `(
    select string_agg(a.attname, ',' order by k.at) from unnest(f.${keys}) with ordinality as k(number, at)
    join pg_attribute a on a.attrelid = f.${relation} and a.attnum = k.number)`;
  const references = await sql.unsafe(`
    select f.conrelid::regclass::text as table, '(' || ${names("conrelid", "conkey")} || ') → ' || f.confrelid::regclass::text
      || '(' || ${names("confrelid", "confkey")} || ') '
      || case f.confdeltype when 'c' then 'cascade' else 'no action' end as text
    from pg_constraint f where f.contype = 'f'`);
  const of = (rows: readonly object[], table: string): string[] =>
    rows
      .filter((row) => Reflect.get(row, "table") === table)
      .map((row) => inOneCase(String(Reflect.get(row, "text"))))
      .sort();
  const tables = new Set(columns.map(({ table }) => String(table)));
  return Object.fromEntries(
    [...tables].map((table) => [
      table,
      {
        columns: of(columns, table),
        indexes: of(indexes, table),
        references: of(references, table),
      },
    ]),
  );
}

/** Types and defaults in the words of SQLite. */
function inOneCase(text: string): string {
  return text
    .replace(" bigint", " integer")
    .replace(" bytea", " blob")
    .replace("::text", "")
    .replace(" not null", " NOT NULL")
    .replace(" default", " DEFAULT");
}
