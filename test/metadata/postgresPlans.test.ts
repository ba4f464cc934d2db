// What PostgreSQL reads for each statement: like SQLite, it finds its rows by an index, except where a statement reads everything on purpose.
import { expect, test } from "bun:test";
import { render, temporaryText } from "../../src/metadata/postgres/target.ts";
import { statements, temporaryTables } from "../../src/metadata/rows/statement.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openPostgresIn } from "./postgresDatabase.ts";
import { exceptions } from "./statementExceptions.ts";

/** Tables of a few rows, whatever the store holds, and those of a connection. */
const small = new Set(["store", "locks", "clock_anchor", "gc_runs", "pushes", "doomed"]);

/** A step of a plan, as far as it is looked at. */
interface Step {
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Node Type": string;
  readonly Plans?: readonly Step[];
}

/** Steps that read a whole table, or a whole index. @param leading the first column of each index. */
function wholeReads(step: Step, leading: ReadonlyMap<string, string>): readonly string[] {
  const below = (step.Plans ?? []).flatMap((each) => wholeReads(each, leading));
  const { "Relation Name": table, "Index Name": index, "Index Cond": condition = "" } = step;
  const column = leading.get(index ?? "");
  const isWhole =
    column === undefined
      ? step["Node Type"] === "Seq Scan" && !small.has(table ?? "")
      : !small.has(table ?? "") && !new RegExp(`\\b${column}\\b`).test(condition);
  return isWhole ? [`${step["Node Type"]} ${index ?? table}`, ...below] : below;
}

/** Beside the exceptions of SQLite, which are spelled as it has them. */
const own = [
  // A collection, and fsck, compare two tables row by row, once.
  "o.digest >= '' AND NOT EXISTS (SELECT 1 FROM contents AS c WHERE c.digest = o.digest)",
  "m.subject IS DISTINCT FROM r.subject",
  // Open uploads are looked through for a thousand files without a row.
  '"upload_sessions"."claim_owner" = ANY',
  // A range of pairs: how few manifests have no name shows in the figures that Postgres has of real rows.
  'FROM "released_manifests" AS e JOIN',
  // Postgres goes through the repositories where it knows that they are few beside their manifests.
  '"manifests"."repository" IN (SELECT name FROM "repositories")',
];

/** Whether a list says why the statement reads everything. */
function isOnPurpose(text: string): boolean {
  const parts = exceptions.flatMap(({ of }) => of);
  const asInSqlite = text.replaceAll(/\$\d+/g, "?");
  return parts.some((part) => asInSqlite.includes(part)) || own.some((part) => text.includes(part));
}

describeOnPostgres("PostgreSQL", (server) => {
  test("reads no whole table where an index leads to the rows", async () => {
    await using scope = new Scope();
    const { admin } = await openPostgresIn(scope, server(), "plans");
    for (const table of temporaryTables) await admin.unsafe(temporaryText(table));
    // As if whole tables were very long, and for values that nobody knows.
    await admin.unsafe("set enable_seqscan = off; set plan_cache_mode = force_generic_plan");
    const indexes = await admin`select i.relname as index, a.attname as column
      from pg_index x join pg_class i on i.oid = x.indexrelid
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]`;
    const leading = new Map(indexes.map(({ index, column }) => [String(index), String(column)]));
    const wasteful: string[] = [];

    for (const [number, statement] of statements.entries()) {
      const { text } = render(statement);
      const places = [...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place));
      const values = Array.from({ length: Math.max(0, ...places) }, () => "null").join(", ");
      const name = `of_ours_${number}`;
      await admin.unsafe(`prepare ${name} as ${text}`);
      const [plan] = await admin.unsafe(
        `explain (format json) execute ${name}${values === "" ? "" : `(${values})`}`,
      );
      const whole = wholeReads(plan?.["QUERY PLAN"][0].Plan, leading);
      const flat = text.replaceAll(/\s+/g, " ").trim();
      if (whole.length > 0 && !isOnPurpose(flat)) wasteful.push(`${flat}: ${whole.join(", ")}`);
    }

    expect(statements.length).toBeGreaterThan(200);
    expect(wasteful).toEqual([]);
  }, 60_000);
});
