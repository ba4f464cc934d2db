// A process that is killed, or loses power, in the first moments of a data directory leaves a database without a log.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { checkSqliteTarget } from "../../src/metadata/sqlite/copyEnds.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, now, openIn } from "./database.ts";

/** A data directory whose first transaction was written to the file in part and not committed. */
function cutShort(scope: Scope): string {
  const folder = tempFolder(scope, "cut-short");
  const client = new Database(join(folder, "whole.db"));
  scope.defer(() => client.close(true));
  client.run("PRAGMA cache_size = 2");
  client.run("BEGIN");
  client.run("CREATE TABLE half (bytes blob)");
  client.run("INSERT INTO half VALUES (zeroblob(100000))");
  const data = join(folder, "data");
  mkdirSync(data);
  for (const ending of ["", "-journal"]) {
    copyFileSync(join(folder, `whole.db${ending}`), join(data, `breadbox.db${ending}`));
  }
  return data;
}

test("a data directory whose database was cut short while it was made is made again", async () => {
  await using scope = new Scope();
  const directory = cutShort(scope);
  const readonly = new Database(join(directory, "breadbox.db"), { readonly: true });
  scope.defer(() => readonly.close());
  expect(() => readonly.query("SELECT 1 FROM sqlite_schema").get()).toThrow("readonly");

  await openIn(scope, directory);

  const tables = inspect(scope, directory).query("SELECT name FROM sqlite_schema").values().flat();
  expect(tables).toContain("contents");
  expect(tables).not.toContain("half");
});

test("a migration to a data directory that was cut short while it was made may begin again", async () => {
  await using scope = new Scope();
  const directory = cutShort(scope);
  const store = { id: "a", createdAt: now };

  expect(() => checkSqliteTarget(directory, store)).not.toThrow();
});
