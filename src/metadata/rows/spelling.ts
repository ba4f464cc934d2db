// What databases spell differently, and what Drizzle has no words for. As SQLite spells it.
import { Param, Placeholder, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Given } from "./statement.ts";

/**
 * A table in FROM, read by this index. SQLite has no figures about the rows (ANALYZE is never run): where two indexes begin with columns
 * that are given, it may take the one that reads a whole repository.
 */
export const by = (table: SQLiteTable, index: string): SQL =>
  sql`${table} INDEXED BY ${sql.identifier(index)}`;

/** The database's clock, Unix ms: several servers share it, and their own may differ. */
export const databaseNow: SQL<number> = sql<number>`CAST(unixepoch('subsec') * 1000 AS bigint)`;

const json = { mapToDriverValue: (value: unknown) => JSON.stringify(value) };

/** A list of texts, as the right side of IN. */
export const listed = ({ name }: Given<readonly string[]>): SQL =>
  sql`(SELECT value FROM json_each(${new Param(new Placeholder(name), json)}))`;

/** A list of numbers, as the right side of IN. */
export const listedNumbers = ({ name }: Given<readonly number[]>): SQL =>
  sql`(SELECT CAST(value AS bigint) FROM json_each(${new Param(new Placeholder(name), json)}))`;
