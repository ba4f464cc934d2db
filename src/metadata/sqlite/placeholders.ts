// What drizzle has no words for: placeholders of prepared statements where it takes no bare one, and the index that a table is read by.
import { type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

const { placeholder } = sql;

/** A value of `set`. */
export const given = (name: string) => sql`${placeholder(name)}`;

/**
 * A table in FROM, read by this index. SQLite has no figures about the rows (ANALYZE is never run): where two indexes begin with columns
 * that are given, it may take the one that reads a whole repository.
 */
export const by = (table: SQLiteTable, index: string): SQL =>
  sql`${table} INDEXED BY ${sql.identifier(index)}`;

/** A JSON list of texts, as the right side of IN. */
export const listed = (name: string) => sql`(SELECT value FROM json_each(${placeholder(name)}))`;
