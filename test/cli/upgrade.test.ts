// A command that finds the data directory of an older version, with no server on it.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { formatVersion, writeFormat } from "../../src/metadata/format.ts";
import { migrate } from "../../src/metadata/sqlite/migrate.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { breadbox } from "./command.ts";

/** A store as the version wrote it that had two migrations. @returns its directory. */
async function openOlder(scope: Scope): Promise<string> {
  const directory = tempFolder(scope, "upgrade");
  const id = Bun.randomUUIDv7();
  using client = new Database(join(directory, "breadbox.db"));
  migrate(client, 1, migrations.slice(0, 2));
  client.run("INSERT INTO store (id, created_at) VALUES (?, 1)", [id]);
  await writeFormat(directory, {
    version: formatVersion,
    database: id,
    rows: "file",
    bytes: "files",
  });
  return directory;
}

test.each([[["gc", "--dry-run"]], [["fsck"]], [["uploads", "ls"]]])(
  "%p says once that it updated the database",
  async (args) => {
    await using scope = new Scope();
    const data = await openOlder(scope);

    const first = await breadbox([...args, "--data", data]);
    const second = await breadbox([...args, "--data", data]);

    expect(first.err).toBe("updated the database from an older version of Breadbox\n");
    expect([first.code, second.code, second.err]).toEqual([0, 0, ""]);
  },
);
