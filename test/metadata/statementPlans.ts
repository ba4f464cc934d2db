// Which statements read more than they need: what SQLite says it would do for each, and what is wrong with that. There are no figures
// about the rows (ANALYZE is never run), so that a plan depends on the statement and the schema alone.
import { Database } from "bun:sqlite";
import { spyOn } from "bun:test";
import type { Command } from "../../src/metadata/rows/statement.ts";
import { migrate } from "../../src/metadata/sqlite/migrate.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import { targetOver } from "../../src/metadata/sqlite/rows.ts";

/** Tables of a few rows, whatever the store holds. */
const small = new Set([
  "store",
  "locks",
  "clock_anchor",
  "gc_runs",
  "backup_runs",
  "sqlite_schema",
]);
/** Columns that thousands of rows may share: an index of several columns is no help that is used for one of these alone. */
const shared = / INDEX (\S+) \((?:repository|bucket_id)=\?\)/;

/** A step of a plan that reads more than it needs. */
export interface Objection {
  readonly statement: string;
  readonly step: string;
}

/** Notes every statement that any connection of this process prepares or runs from now on. */
export function recordStatements() {
  const names = ["prepare", "query", "run"] as const;
  const spies = names.map((name) => spyOn(Database.prototype, name));
  return {
    /** Each once, with single spaces. */
    statements(): readonly string[] {
      const texts = spies.flatMap(({ mock }) => mock.calls.map(([text]) => String(text)));
      return [...new Set(texts.map((text) => text.replace(/\s+/g, " ").trim()))];
    },
    end(): void {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

/** An empty database with all tables, those of connections as well. */
export function emptySchema(): Database {
  const client = new Database(":memory:");
  migrate(client, 1, migrations);
  targetOver(client);
  return client;
}

/** What SQLite does for a statement, step by step. */
export function planOf(client: Database, command: Command<never>): readonly string[] {
  const prepare = spyOn(client, "prepare");
  try {
    command.on(targetOver(client));
    return explain(client, String(prepare.mock.calls[0]?.[0]));
  } finally {
    prepare.mockRestore();
  }
}

function explain(client: Database, statement: string): readonly string[] {
  return client
    .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${statement}`)
    .all()
    .map(({ detail }) => detail);
}

/** What is wrong with a statement's plan. */
export function objectionsTo(client: Database, statement: string): readonly Objection[] {
  if (!/^(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(statement)) return [];
  const steps = explain(client, statement);
  const isMade = madeBy(statement, steps);
  const isWasteful = (step: string): boolean => {
    if (/AUTOMATIC|USE TEMP B-TREE/.test(step)) return !readsFew(steps);
    const scanned = /^SCAN (\S+)/.exec(step)?.[1];
    if (scanned === undefined) return usesOneOfMany(client, step);
    if (step === "SCAN CONSTANT ROW" || step.includes("VIRTUAL TABLE")) return false;
    return !small.has(scanned) && !isMade(scanned);
  };
  return [...new Set(steps.filter(isWasteful))].map((step) => ({ statement, step }));
}

/** @returns whether a name is that of rows which the statement itself makes. A name that is not understood is not. */
function madeBy(statement: string, steps: readonly string[]): (name: string) => boolean {
  const made = new Set(
    steps.flatMap((step) => /^(?:CO-ROUTINE|MATERIALIZE) (\S+)/.exec(step)?.[1] ?? []),
  );
  const aliases = new Map<string, string>();
  for (const [, table = "", alias = ""] of statement.matchAll(
    /\b(?:FROM|JOIN) (\w+) (?:AS )?(\w+)/gi,
  )) {
    aliases.set(alias, table);
  }
  return (name) => made.has(name) || made.has(aliases.get(name) ?? "");
}

/** Nothing but tables of a few rows is read. */
function readsFew(steps: readonly string[]): boolean {
  const read = steps.flatMap((step) => /^(?:SCAN|SEARCH) (\S+)/.exec(step)?.[1] ?? []);
  return read.every((name) => small.has(name));
}

function usesOneOfMany(client: Database, step: string): boolean {
  const index = shared.exec(step)?.[1];
  if (index === undefined) return false;
  return client.query("SELECT name FROM pragma_index_info(?)").all(index).length > 1;
}

/** Foreign keys whose rows are not found by an index when the row that they name is deleted. */
export function unindexedKeys(client: Database): readonly string[] {
  const texts = (question: string, table: string): string[] =>
    client
      .query(question)
      .values(table)
      .map(([value]) => `${value},`);
  const tables = client.query("SELECT name FROM sqlite_schema WHERE type = 'table'").values();
  return tables.flatMap(([name]) => {
    const table = String(name);
    const indexes = texts(
      `SELECT group_concat(name) FROM (
        SELECT l.name AS list, i.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i ORDER BY l.name, i.seqno
      ) GROUP BY list`,
      table,
    );
    const keys = texts(
      'SELECT group_concat("from") FROM (SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq) GROUP BY id',
      table,
    );
    const lacking = keys.filter((key) => !indexes.some((index) => index.startsWith(key)));
    return lacking.map((key) => `${table} (${key.slice(0, -1)})`);
  });
}
