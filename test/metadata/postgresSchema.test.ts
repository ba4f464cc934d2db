// The schema on PostgreSQL: the one of the code, generated, applied once by whichever server is first, and never by a build that is
// too old. And every statement, prepared there.
import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { migrations } from "../../src/metadata/postgres/migrations.ts";
import { render, temporaryText } from "../../src/metadata/postgres/target.ts";
import { statements, temporaryTables } from "../../src/metadata/rows/statement.ts";
import { finish } from "../contract/metadataRows.ts";
import { freePort, run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openAt, openPostgresIn } from "./postgresDatabase.ts";
import { postgresShape, sqliteShape } from "./schemaShapes.ts";
import { emptySchema } from "./statementPlans.ts";

const root = join(import.meta.dir, "../..");
const generated = join(root, "drizzle/postgres");

describe("the migrations for PostgreSQL", () => {
  test("produce the schema in the code", async () => {
    await using scope = new Scope();
    const copy = join(tempFolder(scope, "drift"), "postgres");
    cpSync(generated, copy, { recursive: true });
    const kit = join(root, "node_modules/drizzle-kit/bin.cjs");
    const options = ["--dialect", "postgresql", "--schema", "./drizzle/postgres.schema.ts"];
    const command = [process.execPath, kit, "generate", ...options, "--out", relative(root, copy)];

    const { output } = await run(command, { cwd: root });

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

describeOnPostgres("a PostgreSQL database", (server) => {
  test("refuses a digest in a wrong spelling, and a collection does not begin without that", async () => {
    await using inner = new Scope();
    const { metadata, admin } = await openPostgresIn(inner, server(), "spelling");
    const insert = (digest: string) =>
      admin`insert into contents (digest, size, locator, created_at, kept_until) values (${digest}, 1, ${digest}, 1, 1)`;
    const hex = "0123456789abcdef".repeat(8);
    const wrong = [
      ...[`sha256:${hex}`, `sha256:${hex.slice(65)}`, `sha512:${hex.slice(64)}`, `md5:${hex}`],
      ...[`sha256:${hex.slice(64).toUpperCase()}`, `sha256:${hex.slice(65)}g`, "", "sha256:"],
    ];

    for (const digest of wrong) {
      await expect(insert(digest).execute()).rejects.toThrow("contents_digest_spelling");
    }
    for (const digest of [`sha256:${hex.slice(64)}`, `sha512:${hex}`]) await insert(digest);
    expect(await metadata.collection.findContradiction()).toBeNull();
    await admin`alter table manifest_references drop constraint manifest_references_digest_spelling`;
    expect(await metadata.collection.findContradiction()).toBe(
      "manifest_references has lost the constraint on its digests",
    );
  });

  test("has the tables, columns, keys and indexes of SQLite", async () => {
    await using inner = new Scope();
    const { admin } = await openPostgresIn(inner, server(), "parity");
    using sqlite: Database = emptySchema();

    const { commits, ...shared } = await postgresShape(admin);

    expect(commits?.columns).toEqual(["at integer NOT NULL", "token text NOT NULL"]);
    expect(shared).toEqual(sqliteShape(sqlite));
  });

  test("takes every statement", async () => {
    await using inner = new Scope();
    const { admin } = await openPostgresIn(inner, server(), "statements");
    for (const table of temporaryTables) await admin.unsafe(temporaryText(table));
    const refused: string[] = [];

    for (const [number, statement] of statements.entries()) {
      const { text } = render(statement);
      await admin
        .unsafe(`prepare of_ours_${number} as ${text}`)
        .catch((error: unknown) => refused.push(`${String(error)}: ${text}`));
    }

    expect(statements.length).toBeGreaterThan(200);
    expect(refused).toEqual([]);
  });

  test("is filled once by servers that start at the same time", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("together");

    const opened = await Promise.all(Array.from({ length: 4 }, () => openAt(inner, url)));

    expect(new Set(opened.map(({ storeId }) => storeId)).size).toBe(1);
    for (const { metadata } of opened) await metadata.check();
  });

  test("of a newer version is refused", async () => {
    await using inner = new Scope();
    const { url, admin } = await openPostgresIn(inner, server(), "newer");
    await admin`insert into schema_migrations values ('9999_future', 'ab', 1)`;

    await expect(openAt(inner, url)).rejects.toThrow(
      "a schema (9999_future) that this version does not",
    );
  });

  test("with the rows of another directory's content is refused by an empty one", async () => {
    await using inner = new Scope();
    const { url, metadata } = await openPostgresIn(inner, server(), "elsewhere");
    await metadata.uploads.finishUpload(finish("layer"));

    await expect(openAt(inner, url)).rejects.toThrow("has the rows of another data directory");
  });

  test("without a store is refused by a command, which makes neither tables nor a directory", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("no_store");
    const directory = join(tempFolder(inner, "parent"), "data");
    const command = { directory, role: "tool", creates: false, bytes: "bucket" } as const;

    await expect(openAt(inner, url, command)).rejects.toThrow("has no store yet");

    expect(existsSync(directory)).toBeFalse();
    await openAt(inner, url, { bytes: "bucket" });
    await openAt(inner, url, command);
    expect(existsSync(directory)).toBeFalse();
  });

  test("that is another one than the directory had is refused", async () => {
    await using inner = new Scope();
    const directory = tempFolder(inner, "paired");
    await openAt(inner, await server().createDatabase("first_one"), { directory });
    const other = await server().createDatabase("other_one");

    await expect(openAt(inner, other, { directory })).rejects.toThrow("missing or empty");
  });

  test("that may lose commits is refused", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("forgetful");
    await server().admin`alter database forgetful set synchronous_commit = off`;

    await expect(openAt(inner, url)).rejects.toThrow("has synchronous_commit off");
  });

  test("that does not exist, or cannot be reached, is named without its password", async () => {
    await using inner = new Scope();
    const host = `127.0.0.1:${server().port}`;
    const absent = openAt(inner, `postgres://breadbox:sesame@${host}/nothing`);
    await expect(absent).rejects.toThrow(
      `the database ${host}/nothing cannot be used: database "nothing"`,
    );
    await expect(absent).rejects.not.toThrow("sesame");

    const silent = `postgres://breadbox:sesame@127.0.0.1:${freePort()}/nothing`;
    const unreachable = openAt(inner, silent, { openingMs: 300 });
    await expect(unreachable).rejects.toThrow("cannot be used: connect ECONNREFUSED");
    await expect(unreachable).rejects.not.toThrow("sesame");
  });
});
