// What the object store's statements cost on SQLite: their plans, and how many of them a page of a long list takes.
import { describe, expect, test } from "bun:test";
import type { ObjectPageRequest } from "../../src/metadata/objects.ts";
import {
  expired,
  find,
  findStaged,
  forgetCompleted,
  page,
} from "../../src/metadata/rows/multipartStatements.ts";
import { behindAll, readObjectPage } from "../../src/metadata/rows/objectPages.ts";
import {
  bucketPage,
  findContent,
  findCurrent,
  findObject,
  findOwnedUpload,
  holders,
  objectsBetween,
  objectsFrom,
} from "../../src/metadata/rows/objectStatements.ts";
import { Outbox } from "../../src/metadata/rows/outbox.ts";
import { partPage } from "../../src/metadata/rows/partStatements.ts";
import type { Answer } from "../../src/metadata/rows/rows.ts";
import type { Statement } from "../../src/metadata/rows/statement.ts";
import { runBody, SqliteTx, targetOver } from "../../src/metadata/sqlite/rows.ts";
import { backups } from "../contract/metadataObjectRows.ts";
import { emptySchema, planOf } from "./statementPlans.ts";

describe("query plans", () => {
  const walk = "SEARCH objects USING INDEX sqlite_autoindex_objects_1";
  const upload =
    "SEARCH multipart_uploads USING INDEX multipart_uploads_by_bucket (bucket_id=? AND upload_id=?)";
  test.each([
    ["objectsFrom", objectsFrom, [`${walk} (bucket_id=? AND name>?)`]],
    ["objectsBetween", objectsBetween, [`${walk} (bucket_id=? AND name>? AND name<?)`]],
    ["object", findObject, [`${walk} (bucket_id=? AND name=?)`]],
    ["current", findCurrent, [`${walk} (bucket_id=? AND name=?)`]],
    ["bucketPage", bucketPage, ["SEARCH buckets USING INDEX buckets_name_unique (name>?)"]],
    [
      "content",
      findContent,
      ["SEARCH objects USING COVERING INDEX objects_by_digest (digest=? AND bucket_id=?)"],
    ],
    ["ownedUpload", findOwnedUpload, [upload]],
    ["find", find, [upload]],
    ["findStaged", findStaged, [upload]],
    [
      "page",
      page,
      [
        "SEARCH multipart_uploads USING INDEX multipart_uploads_by_bucket (bucket_id=? AND upload_id>?)",
      ],
    ],
    [
      "parts",
      partPage,
      [
        "SEARCH multipart_parts USING INDEX multipart_parts_by_number (upload_id=? AND part_number>?)",
      ],
    ],
    [
      "forgetCompleted",
      forgetCompleted,
      ["SEARCH completed_uploads USING INDEX completed_uploads_by_completed_at (completed_at<?)"],
    ],
  ] as const)("%s walks an index, without sorting or scanning", (_, statement, expected) => {
    using client = emptySchema();

    const steps = planOf(client, statement);

    expect(steps).toEqual(expect.arrayContaining([...expected]));
    expect(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step))).toEqual([]);
  });

  test("expired uploads are found by an index on their expiry", () => {
    using client = emptySchema();

    const steps = planOf(client, expired);

    expect(steps).toContain(
      "SEARCH multipart_uploads USING INDEX idx_multipart_uploads_expires_at (expires_at<?)",
    );
    // The uploads that are to be spared are a list of a few ids.
    expect(steps.filter((step) => step.startsWith("SCAN"))).toEqual([
      "SCAN json_each VIRTUAL TABLE INDEX 1:",
    ]);
  });

  test("buckets with the content are found without reading their objects", () => {
    using client = emptySchema();

    const steps = planOf(client, holders);

    expect(steps.filter((step) => step.includes("objects_by_digest"))).toEqual([
      "SEARCH objects USING COVERING INDEX objects_by_digest (digest=?)",
      "SEARCH o USING COVERING INDEX objects_by_digest (digest=? AND bucket_id>?)",
    ]);
    expect(steps.filter((step) => /SCAN (?:objects|o|buckets|b)\b/.test(step))).toEqual([]);
  });
});

/** Counts what is asked and found. */
class CountingTx extends SqliteTx {
  statements = 0;
  rows = 0;

  override all<P extends object, R>(statement: Statement<P, R>, given: P): Answer<readonly R[]> {
    const answer = super.all(statement, given);
    const { value } = answer[Symbol.iterator]().next();
    this.statements += 1;
    this.rows += Array.isArray(value) ? value.length : 0;
    return answer;
  }
}

describe("listing a bucket of 50,000 objects", () => {
  /** Lists it, and counts what that costs. */
  function list(request: Pick<ObjectPageRequest, "prefix" | "delimiter">) {
    using client = emptySchema();
    client.run(
      "INSERT INTO contents (digest, size, locator, created_at, kept_until) VALUES ('d', 1, 'l', 1, 1)",
    );
    client.run("INSERT INTO buckets (id, name, created_at) VALUES (1, 'backups', 1), (2, 'z', 1)");
    client.run(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
      INSERT INTO objects SELECT 1 + i % 2, 'logs/' || (i % 100) || '/' || i, 'd', 1, 'x/y', 1 FROM n`);
    const bucket = { id: 1, name: backups };
    const tx = new CountingTx(targetOver(client), new Outbox(() => ""));
    const page = runBody(tx, () =>
      readObjectPage(tx, bucket, { ...request, after: null, limit: 1000 }),
    );
    const { statements, rows } = tx;
    return { page, statements, rows };
  }

  test("with one common prefix costs two statements", () => {
    const { page, statements, rows } = list({ prefix: "", delimiter: "/" });

    expect(page).toEqual({ objects: [], prefixes: ["logs/"], last: null });
    expect(statements).toBe(2);
    expect(rows).toBeLessThan(20);
  });

  test("with fifty common prefixes costs one statement for each", () => {
    const { page, statements, rows } = list({ prefix: "logs/", delimiter: "/" });

    expect(page.prefixes).toHaveLength(50);
    expect(statements).toBeLessThanOrEqual(51);
    expect(rows).toBeLessThan(500);
  });

  test("without a delimiter reads one page", () => {
    const { page, statements, rows } = list({ prefix: "logs/8", delimiter: null });

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
