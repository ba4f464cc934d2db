// The schema: generated, embedded, applied once and whole, and never by a build that is too old.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cpSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { holdDirectory } from "../../src/metadata/directoryHold.ts";
import { SchemaTooNewError, SchemaTooOldError } from "../../src/metadata/openErrors.ts";
import { hasTable, migrate, pendingMigrations } from "../../src/metadata/sqlite/migrate.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, now, openIn } from "./database.ts";

const root = join(import.meta.dir, "../..");
const generated = join(root, "drizzle/sqlite");

test("content of an older database that is referenced counts as referenced, and released content as released", () => {
  const client = new Database(":memory:");
  migrate(client, now, migrations.slice(0, 6));
  client.run("PRAGMA foreign_keys = OFF");
  const [image, object, gone] = ["a", "b", "c"].map((hex) => `sha256:${hex.repeat(64)}`);
  for (const digest of [image, object, gone]) {
    client.run("INSERT INTO contents VALUES (?, 1, 'x', 1, 1, 5, NULL, NULL)", [digest ?? ""]);
  }
  client.run("INSERT INTO manifest_references VALUES ('app', 'sha256:m', ?, 'blob', 1, 1)", [
    image ?? "",
  ]);
  client.run("INSERT INTO objects VALUES (1, 'name', ?, 1, 'text/plain', 1)", [object ?? ""]);

  applyReleased(client);

  const released = client
    .query("SELECT digest FROM contents WHERE released_at IS NOT NULL")
    .values();
  expect(released).toEqual([[gone ?? ""]]);
  client.close();
});

/** The statements of one migration: the invented rows above would not pass the check of references that follows all of them. */
function applyReleased(client: Database): void {
  client.run(migrations.find(({ tag }) => tag === "0006_released")?.sql ?? "");
}

describe("generated migrations", () => {
  test("produce the schema in the code", async () => {
    await using scope = new Scope();
    const copy = join(tempFolder(scope, "drift"), "sqlite");
    cpSync(generated, copy, { recursive: true });
    const kit = join(root, "node_modules/drizzle-kit/bin.cjs");
    const schema =
      "./src/metadata/rows/{schema,objectsSchema,accessSchema,auditSchema,tendingSchema,webhooksSchema,pullsSchema}.ts";
    const options = ["--dialect", "sqlite", "--schema", schema, "--out", relative(root, copy)];

    const { output } = await run([process.execPath, kit, "generate", ...options], { cwd: root });

    expect(output).toContain("No schema changes");
    expect(readdirSync(copy)).toEqual(readdirSync(generated));
  });

  test("are all embedded, in order", async () => {
    const files = readdirSync(generated)
      .filter((name) => name.endsWith(".sql"))
      .sort();
    const texts = files.map((name) => Bun.file(join(generated, name)).text());

    expect(migrations.map(({ tag }) => `${tag}.sql`)).toEqual(files);
    expect(migrations.map(({ sql }) => sql)).toEqual(await Promise.all(texts));
  });
});

describe("migrate", () => {
  const table = (name: string) => ({ tag: name, sql: `CREATE TABLE ${name} (a integer)` });

  test("applies pending migrations, and none twice", () => {
    using client = new Database(":memory:");
    migrate(client, 1, [table("t0")]);
    migrate(client, 2, [table("t0"), table("t1")]);
    migrate(client, 3, [table("t0"), table("t1")]);

    expect(
      client.query("SELECT tag, applied_at FROM schema_migrations ORDER BY tag").values(),
    ).toEqual([
      ["t0", 1],
      ["t1", 2],
    ]);
    expect(pendingMigrations(client, [table("t0"), table("t1"), table("t2")])).toBe(1);
  });

  test("rolls all of them back when one fails", () => {
    using client = new Database(":memory:");
    const failing = { tag: "t1", sql: "CREATE TABLE half (a integer); CREATE NONSENSE" };

    expect(() => migrate(client, 1, [table("t0"), failing])).toThrow("syntax error");

    expect(["t0", "half", "schema_migrations"].filter((name) => hasTable(client, name))).toEqual(
      [],
    );
  });

  test("rolls a migration back that breaks foreign keys", () => {
    using client = new Database(":memory:");
    migrate(client, 1, [
      { tag: "t0", sql: "CREATE TABLE a (id integer PRIMARY KEY); INSERT INTO a VALUES (1)" },
    ]);
    const orphan = {
      tag: "t1",
      sql: "CREATE TABLE b (a integer REFERENCES a (id)); INSERT INTO b VALUES (2)",
    };

    expect(() =>
      migrate(client, 2, [
        { tag: "t0", sql: "CREATE TABLE a (id integer PRIMARY KEY); INSERT INTO a VALUES (1)" },
        orphan,
      ]),
    ).toThrow("break references");

    expect(hasTable(client, "b")).toBe(false);
  });
});

describe("opening a database", () => {
  test("of this version changes nothing in it", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "migrate");
    const first = await openIn(scope, directory);
    await first.metadata.close();
    const second = await openIn(scope, directory);

    expect(second.storeId).toBe(first.storeId);
    const applied = inspect(scope, directory).query(
      "SELECT tag, applied_at FROM schema_migrations",
    );
    expect(applied.values()).toEqual(migrations.map(({ tag }) => [tag, now]));
  });

  test.each([
    [
      "a migration that this build does not know",
      "INSERT INTO schema_migrations VALUES ('9999_future', 'x', 1)",
    ],
    ["a migration that was another one there", "UPDATE schema_migrations SET sha256 = 'x'"],
  ])("with %s is refused, and nothing is changed", async (_, sql) => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "migrate");
    const { metadata } = await openIn(scope, directory);
    await metadata.close();
    const client = inspect(scope, directory);
    client.run(sql);
    const before = client.query("SELECT * FROM schema_migrations").values();

    const opening = openIn(scope, directory);

    await expect(opening).rejects.toThrow(SchemaTooNewError);
    await expect(opening).rejects.toThrow("run the Breadbox that wrote it or a newer one");
    expect(client.query("SELECT * FROM schema_migrations").values()).toEqual(before);
  });

  test("of an older version is refused to a command while a server holds the directory", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "migrate");
    const { metadata } = await openIn(scope, directory);
    await metadata.close();
    const client = inspect(scope, directory);
    client.run("DELETE FROM schema_migrations");
    const hold = holdDirectory(directory);
    scope.defer(() => hold.release());

    await expect(openIn(scope, directory, { role: "tool" })).rejects.toThrow(SchemaTooOldError);

    expect(client.query("SELECT * FROM schema_migrations").values()).toEqual([]);
  });
});
