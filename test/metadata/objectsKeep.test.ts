// Objects as what keeps content, on SQLite beyond the port's contract: what the questions of a collection cost.
import { expect, test } from "bun:test";
import { listOrphaned, listUnreferenced } from "../../src/metadata/rows/collectionStatements.ts";
import { emptySchema, planOf } from "./statementPlans.ts";

test.each([
  ["unreferenced", listUnreferenced],
  ["orphaned", listOrphaned],
])("%s content is found by the indexes of references and objects alone", (_, statement) => {
  using client = emptySchema();
  const steps = planOf(client, statement);

  for (const table of ["manifest_references", "objects"]) {
    expect(steps.filter((step) => step.includes(` ${table} `))).toEqual([
      `SEARCH ${table} USING COVERING INDEX ${table}_by_digest (digest=?)`,
    ]);
  }
  expect(
    steps.filter((step) => /SCAN (?:contents|objects|manifest)|TEMP B-TREE/.test(step)),
  ).toEqual([]);
});
