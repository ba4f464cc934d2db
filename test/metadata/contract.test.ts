// The metadata port's promises, on SQLite; and, as the suite asks everything that can be asked, what its statements read for it.
import { afterAll, describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { statements as declaredStatements } from "../../src/metadata/rows/statement.ts";
import { targetOver } from "../../src/metadata/sqlite/rows.ts";
import { metadataContract } from "../contract/metadata.ts";
import { backups, put } from "../contract/metadataObjectRows.ts";
import { digest, now } from "../contract/metadataRows.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, openEmpty, openIn } from "./database.ts";
import { exceptions } from "./statementExceptions.ts";
import {
  emptySchema,
  type Objection,
  objectionsTo,
  recordStatements,
  unindexedKeys,
} from "./statementPlans.ts";

const recorded = recordStatements();
afterAll(() => recorded.end());

metadataContract("SQLite", async () => {
  const scope = new Scope();
  const { metadata } = await openEmpty(scope);
  return { metadata: noteCalls(metadata), remove: () => scope[Symbol.asyncDispose]() };
});

const methods = new Set<string>();
const called = new Set<string>();

/** The same port; each method is noted when it is called. */
function noteCalls(metadata: Metadata): Metadata {
  const note = (group: object, of: string): object =>
    new Proxy(group, {
      get(target, name, receiver) {
        called.add(`${of}.${String(name)}`);
        return Reflect.get(target, name, receiver);
      },
    });
  for (const [of, group] of groupsOf(metadata)) {
    for (const name of Object.keys(group)) methods.add(`${of}.${name}`);
  }
  return new Proxy(metadata, {
    get(target, of, receiver) {
      const group: unknown = Reflect.get(target, of, receiver);
      return isGroup(group) ? note(group, String(of)) : group;
    },
  });
}

const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null;

const groupsOf = (metadata: Metadata): readonly (readonly [string, object])[] =>
  Object.entries(metadata).filter(([, group]) => isGroup(group));

test("no group of the metadata port has more than ten methods", async () => {
  await using scope = new Scope();
  const { metadata } = await openEmpty(scope);

  const sizes = groupsOf(metadata).map(([of, group]) => [of, Object.keys(group).length] as const);

  expect(sizes.length).toBeGreaterThan(5);
  expect(sizes.filter(([, size]) => size > 10)).toEqual([]);
});

test("giving up lost objects leases content that nothing names", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "lost");
  const { metadata } = await openIn(scope, directory);
  await metadata.objects.createBucket(backups, now);
  await put(metadata, "kept", "one");
  await put(metadata, "lost", "two");
  inspect(scope, directory).run("DELETE FROM objects WHERE bucket_id = 1 AND name = 'lost'");
  const { usage, objectInspection } = metadata;

  expect(await objectInspection.recountBucket(backups, null)).toBeFalse();
  expect(await objectInspection.recountBucket(backups, now + 1_000)).toBeTrue();

  expect((await usage.findAges(digest("two")))?.keptUntil).toBe(now + 1_000);
  expect((await usage.findAges(digest("one")))?.keptUntil).toBe(now);
  expect(await objectInspection.listMiscounted(1)).toEqual([]);
});

describe("all SQL statements", () => {
  test("were recorded: the contract has called every method of the port", () => {
    expect([...methods].filter((method) => !called.has(method))).toEqual([]);
  });

  test("use an index, but for named exceptions", () => {
    using schema = emptySchema();
    // Those that are declared are looked at even if the suite has asked nothing that needs them.
    const target = targetOver(schema);
    for (const declared of declaredStatements) declared.on(target);
    const statements = recorded.statements();
    using client = emptySchema();
    const found = statements.flatMap((statement) => objectionsTo(client, statement));
    const excuses = (objection: Objection) =>
      exceptions.filter(
        ({ of, steps }) =>
          of.some((part) => objection.statement.includes(part)) &&
          steps.some((step) => objection.step.startsWith(step)),
      );

    expect(found.filter((objection) => excuses(objection).length === 0)).toEqual([]);
    // What is not needed any more goes.
    const needed = new Set(found.flatMap(excuses));
    expect(exceptions.filter((exception) => !needed.has(exception))).toEqual([]);
    const unused = exceptions.flatMap(({ of }) =>
      of.filter((part) => !found.some(({ statement }) => statement.includes(part))),
    );
    expect(unused).toEqual([]);
  });

  test("that delete a row find its references by an index", () => {
    using client = emptySchema();
    expect(unindexedKeys(client)).toEqual([]);
  });

  test.each([
    ["SCAN manifests", "SELECT media_type FROM manifests WHERE digest = ?"],
    [
      "SEARCH tags USING INDEX sqlite_autoindex_tags_1 (repository=?)",
      "SELECT name FROM tags WHERE repository = ? AND digest = ? ORDER BY name LIMIT 9",
    ],
    [
      "SEARCH manifest_references USING COVERING INDEX sqlite_autoindex_manifest_references_1 (repository=?)",
      "SELECT manifest FROM manifest_references WHERE repository = ? AND digest = ?",
    ],
    [
      "SEARCH r USING COVERING INDEX referrers_by_type (repository=?) LEFT-JOIN",
      `SELECT m.digest FROM manifests m LEFT JOIN referrers r ON r.repository = m.repository AND r.digest = m.digest
        WHERE m.repository = ? AND m.digest = ? AND m.artifact_type IS NOT r.artifact_type AND r.subject IS NOT NULL`,
    ],
    ["USE TEMP B-TREE FOR ORDER BY", "SELECT digest FROM contents WHERE digest > ? ORDER BY size"],
  ])("%s is refused", (step, statement) => {
    using client = emptySchema();
    expect(objectionsTo(client, statement)).toContainEqual({ statement, step });
  });
});
