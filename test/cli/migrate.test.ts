// `breadbox migrate` on the command line: what it refuses, and what it shows on a terminal.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { objectsIn } from "../support/objectStore.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { noise, openStore } from "../support/store.ts";
import { breadbox } from "./command.ts";
import { runOnTerminal } from "./commandOnTerminal.ts";

/** The data directory of a box with one object. */
async function filledBox(scope: Scope): Promise<string> {
  const store = await openStore();
  scope.defer(() => store.remove());
  const { createBucket, put } = objectsIn(store);
  await createBucket("backups");
  await put("backups/a.bin", noise(40_000_000));
  await store.rooms.close();
  return store.directory;
}

test("migrate on a terminal shows how far it is, and what it did", async () => {
  await using scope = new Scope();
  const data = await filledBox(scope);
  const home = join(tempFolder(scope, "home"), "data");

  const command = runOnTerminal(["migrate", "--data", data, "--to-data", home], { env: {} });

  expect(await command.ended()).toBe(0);
  expect(command.shown()).toMatch(/bytes {2}\[=*>? *\] +\d+% {2}[\d.]+ MB of 40 MB/);
  expect(command.shown()).toContain("1 content, 40 MB by this run");
});

test.each([
  [[], "name a place: --to-db, --to-s3 or --to-data"],
  [["--to-db", "postgres://h/d", "--to-db-file", "f"], "--to-db or --to-db-file, not both"],
  [["--to-data", "d", "--to-s3", "s3://b"], "--to-data takes rows and bytes: name nothing else"],
  [["--to-data", "d", "--dry-run", "--switch"], "--dry-run changes nothing, --switch does"],
  [["--to-s3", "https://s3.example.com/b"], "is no bucket such as s3://images"],
  [["--to-s3", "s3://Images"], "is no bucket's name"],
  [["--to-db", "mysql://h/d"], "is no URL that begins with postgres://"],
])("migrate %j is refused", async (args, message) => {
  await using scope = new Scope();

  const data = tempFolder(scope, "data");
  const { code, err } = await breadbox(["migrate", "--data", data, ...args]);

  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});
