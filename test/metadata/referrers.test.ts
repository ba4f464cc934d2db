// Referrers on SQLite beyond the port's contract: the cost of their pages, and those that were pushed before there was a list.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { page, pageOfType, sizes, sizesOfType } from "../../src/metadata/rows/referrers.ts";
import { migrate } from "../../src/metadata/sqlite/migrate.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import { digestOf } from "../../src/model/digest.ts";
import { readStoredManifest } from "../../src/registry/manifest.ts";
import { blob, bytes, digest, finish, manifest, now } from "../contract/metadataRows.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, openIn } from "./database.ts";
import { emptySchema, planOf } from "./statementPlans.ts";

describe("a page of referrers", () => {
  test.each([
    ["sizes", sizes, "subject=?"],
    ["sizesOfType", sizesOfType, "subject=? AND artifact_type=?"],
    ["page", page, "subject=?"],
    ["pageOfType", pageOfType, "subject=? AND artifact_type=?"],
  ] as const)(
    "%s walks an index from its start, without sorting or scanning",
    (_, statement, keys) => {
      using client = emptySchema();

      const steps = planOf(client, statement);

      expect(steps[0]).toEndWith(`(repository=? AND ${keys} AND digest>?)`);
      expect(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step))).toEqual([]);
    },
  );
});

describe("content that was found damaged", () => {
  test("is missing for a manifest that names it, until it is pushed again", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "damaged");
    const { registry, uploads } = (await openIn(scope, directory)).metadata;
    await uploads.finishUpload(finish("layer"));
    const mark = inspect(scope, directory).query("UPDATE contents SET damaged_at = ?");
    const put = () => registry.putManifest(manifest("{}", { references: [blob("layer")] }));

    mark.run(now);
    const damaged = await put();
    mark.run(null);

    expect(damaged).toEqual({ kind: "missing", digests: [digest("layer")] });
    expect((await put()).kind).toBe("stored");
  });
});

const subject = { mediaType: "application/json", digest: digest("subject"), size: 3 };
const annotated = (annotations: unknown): string => JSON.stringify({ subject, annotations });

describe("manifests of an earlier version", () => {
  /** What the migration makes of a manifest with this body. */
  async function migrated(body: Uint8Array): Promise<unknown[]> {
    await using scope = new Scope();
    const directory = tempFolder(scope, "migrated");
    using client = new Database(join(directory, "breadbox.db"));
    const before = migrations.filter(({ tag }) => tag < "0002");
    migrate(client, now, before);
    client.run("INSERT INTO repositories VALUES ('a', 1)");
    const insert = client.query(
      "INSERT INTO manifests (repository, digest, media_type, artifact_type, subject, size, pushed_at, body) VALUES ('a', ?, 'x/json', 'a/b', ?, ?, 1, ?)",
    );
    insert.run(digestOf(body), subject.digest, body.byteLength, body);
    insert.run(digest("no referrer"), null, 2, bytes("{}"));

    migrate(client, now, migrations);

    return client
      .query("SELECT repository, subject, digest, artifact_type, annotations FROM referrers")
      .values();
  }

  test.each([
    ["annotations", annotated({ a: "b", 'q"\\\u0001': "\u{1f4e6}\n" })],
    [
      "escapes",
      '{"annotations":{"\\u0061\\"":"\\u0062\\/"},"subject":null}'.replace(
        "null",
        JSON.stringify(subject),
      ),
    ],
    ["annotations that are no texts", annotated({ a: 1, b: null, c: "d", e: { f: "g" } })],
    ["no annotation that is a text", annotated({ a: 1 })],
    ["empty annotations", annotated({})],
    ["a list of annotations", annotated(["a"])],
    ["a text for annotations", annotated("a")],
    ["null for annotations", annotated(null)],
    ["no annotations", JSON.stringify({ subject })],
  ])("with %s are listed as if they were pushed now", async (_, text) => {
    const body = bytes(text);
    const { annotations } = readStoredManifest(body, "application/vnd.example+json");

    expect(await migrated(body)).toEqual([
      ["a", subject.digest, digestOf(body), "a/b", annotations],
    ]);
  });

  test("with a byte order mark, which is refused now, keep their annotations", async () => {
    const body = bytes(`\ufeff${annotated({ a: "b" })}`);

    expect(await migrated(body)).toEqual([
      ["a", subject.digest, digestOf(body), "a/b", '{"a":"b"}'],
    ]);
  });

  test("that cannot be parsed any more are listed without annotations", async () => {
    const body = Uint8Array.of(0x7b, 0xff, 0x00, 0x7d);

    expect(await migrated(body)).toEqual([["a", subject.digest, digestOf(body), "a/b", null]]);
  });
});
