// Objects as what keeps content, on SQLite beyond the port's contract: what the questions of a collection cost.
import { expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { prepareCollectionStatements } from "../../src/metadata/sqlite/collectionStatements.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, openIn } from "./database.ts";

test.each(["unreferenced", "orphaned"] as const)(
  "%s content is told apart along the indexes of references and of objects alone",
  async (name) => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "plans");
    await openIn(scope, directory);
    const client = inspect(scope, directory);
    const { sql, params } = prepareCollectionStatements(drizzle({ client }))[name].getQuery();

    const steps = client
      .query<{ detail: string }, null[]>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...params.map(() => null))
      .map(({ detail }) => detail);

    for (const table of ["manifest_references", "objects"]) {
      expect(steps.filter((step) => step.includes(` ${table} `))).toEqual([
        `SEARCH ${table} USING COVERING INDEX ${table}_by_digest (digest=?)`,
      ]);
    }
    expect(
      steps.filter((step) => /SCAN (?:contents|objects|manifest)|TEMP B-TREE/.test(step)),
    ).toEqual([]);
  },
);
