// What the object store's statements cost on SQLite: their plans, and how many of them a page of a long list takes.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { ObjectPageRequest } from "../../src/metadata/objects.ts";
import { migrate } from "../../src/metadata/sqlite/migrate.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import { prepareMultipartStatements } from "../../src/metadata/sqlite/multipartStatements.ts";
import {
  behindAll,
  type PageStatements,
  readObjectPage,
} from "../../src/metadata/sqlite/objectPages.ts";
import { prepareObjectStatements } from "../../src/metadata/sqlite/objectStatements.ts";
import { backups } from "../contract/metadataObjectRows.ts";
import { now } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";

/** A new database in memory. */
function inMemory(scope: Scope): Database {
  const client = new Database(":memory:");
  scope.defer(() => client.close(true));
  migrate(client, now, migrations);
  return client;
}

describe("plans", () => {
  const walk = "SEARCH objects USING INDEX sqlite_autoindex_objects_1";
  const upload =
    "SEARCH multipart_uploads USING INDEX multipart_uploads_by_bucket (bucket_id=? AND upload_id=?)";
  test.each([
    ["objectsFrom", [`${walk} (bucket_id=? AND name>?)`]],
    ["objectsBetween", [`${walk} (bucket_id=? AND name>? AND name<?)`]],
    ["object", [`${walk} (bucket_id=? AND name=?)`]],
    ["current", [`${walk} (bucket_id=? AND name=?)`]],
    ["bucketPage", ["SEARCH buckets USING INDEX buckets_name_unique (name>?)"]],
    [
      "content",
      ["SEARCH objects USING COVERING INDEX objects_by_digest (digest=? AND bucket_id=?)"],
    ],
    ["ownedUpload", [upload]],
    ["find", [upload]],
    ["findStaged", [upload]],
    [
      "page",
      [
        "SEARCH multipart_uploads USING INDEX multipart_uploads_by_bucket (bucket_id=? AND upload_id>?)",
      ],
    ],
    [
      "parts",
      [
        "SEARCH multipart_parts USING INDEX multipart_parts_by_number (upload_id=? AND part_number>?)",
      ],
    ],
    [
      "forgetCompleted",
      ["SEARCH completed_uploads USING INDEX completed_uploads_by_completed_at (completed_at<?)"],
    ],
  ] as const)("%s walks an index, without sorting or scanning", async (name, expected) => {
    await using scope = new Scope();
    const client = inMemory(scope);

    const steps = planOf(client, name);

    expect(steps).toEqual(expect.arrayContaining([...expected]));
    expect(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step))).toEqual([]);
  });

  test("uploads that expired are found by when they did", async () => {
    await using scope = new Scope();

    const steps = planOf(inMemory(scope), "expired");

    expect(steps).toContain(
      "SEARCH multipart_uploads USING INDEX idx_multipart_uploads_expires_at (expires_at<?)",
    );
    // The uploads that are to be spared are a list of a few ids.
    expect(steps.filter((step) => step.startsWith("SCAN"))).toEqual([
      "SCAN json_each VIRTUAL TABLE INDEX 1:",
    ]);
  });

  test("buckets that hold content are stepped through, not their objects", async () => {
    await using scope = new Scope();

    const steps = planOf(inMemory(scope), "holders");

    expect(steps.filter((step) => step.includes("objects_by_digest"))).toEqual([
      "SEARCH objects USING COVERING INDEX objects_by_digest (digest=?)",
      "SEARCH o USING COVERING INDEX objects_by_digest (digest=? AND bucket_id>?)",
    ]);
    expect(steps.filter((step) => /SCAN (?:objects|o|buckets|b)\b/.test(step))).toEqual([]);
  });

  type Name = keyof ReturnType<typeof statementsOver>;
  function statementsOver(client: Database) {
    const db = drizzle({ client });
    return { ...prepareObjectStatements(db), ...prepareMultipartStatements(db) };
  }
  /** What SQLite does for a statement. */
  function planOf(client: Database, name: Name): string[] {
    const { sql, params } = statementsOver(client)[name].getQuery();
    return client
      .query<{ detail: string }, null[]>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...params.map(() => null))
      .map(({ detail }) => detail);
  }
});

describe("a bucket of 50,000 objects", () => {
  /** Lists it, and counts what that costs. */
  async function list(request: Pick<ObjectPageRequest, "prefix" | "delimiter">) {
    await using scope = new Scope();
    const client = inMemory(scope);
    client.run(
      "INSERT INTO contents (digest, size, locator, created_at, kept_until) VALUES ('d', 1, 'l', 1, 1)",
    );
    client.run("INSERT INTO buckets (id, name, created_at) VALUES (1, 'backups', 1), (2, 'z', 1)");
    client.run(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
      INSERT INTO objects SELECT 1 + i % 2, 'logs/' || (i % 100) || '/' || i, 'd', 1, 'x/y', 1 FROM n`);
    const { objectsFrom, objectsBetween } = prepareObjectStatements(drizzle({ client }));
    let statements = 0;
    let rows = 0;
    const counted = <T>(found: T[]): T[] => {
      statements += 1;
      rows += found.length;
      return found;
    };
    const pages: PageStatements = {
      objectsFrom: { all: (values) => counted(objectsFrom.all(values)) },
      objectsBetween: { all: (values) => counted(objectsBetween.all(values)) },
    };
    const page = readObjectPage(
      pages,
      { id: 1, name: backups },
      { ...request, after: null, limit: 1000 },
    );
    return { page, statements, rows };
  }

  test("below one prefix is one entry, and costs two statements", async () => {
    const { page, statements, rows } = await list({ prefix: "", delimiter: "/" });

    expect(page).toEqual({ objects: [], prefixes: ["logs/"], last: null });
    expect(statements).toBe(2);
    expect(rows).toBeLessThan(20);
  });

  test("below fifty prefixes is fifty entries, and costs a statement for each", async () => {
    const { page, statements, rows } = await list({ prefix: "logs/", delimiter: "/" });

    expect(page.prefixes).toHaveLength(50);
    expect(statements).toBeLessThanOrEqual(51);
    expect(rows).toBeLessThan(500);
  });

  test("without a delimiter is read by the page", async () => {
    const { page, statements, rows } = await list({ prefix: "logs/8", delimiter: null });

    expect(page.objects).toHaveLength(1000);
    expect([statements, rows]).toEqual([1, 1001]);
  });
});

describe("behindAll", () => {
  test.each([
    ["a", "b"],
    ["a/", "a0"],
    ["", null],
    ["\u{10ffff}", null],
    ["a\u{10ffff}\u{10ffff}", "b"],
    ["\ud7ff", "\ue000"],
    ["\uffff", "\u{10000}"],
    ["\u007f", "\u0080"],
    ["x\u{1f4e6}", "x\u{1f4e7}"],
  ])("%j is followed by %j", (prefix, next) => {
    expect(behindAll(prefix)).toBe(next);
  });
});
