// The lock of a running backup: no clock ends it, and it ends with its process, or with its worker.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { holdForBackup, isBackingUp } from "../../src/metadata/backupHold.ts";
import { DatabaseDamagedError } from "../../src/metadata/openErrors.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startHolder } from "./fixtures/startHolder.ts";

test("a directory without a backup is not being backed up, and looking leaves no file there", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "backup-hold");

  expect(isBackingUp(directory)).toBe(false);
  expect(isBackingUp(join(directory, "not there"))).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});

test("a backup is seen from its own process and from others, however often anybody looks, until it ends", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "backup-hold");
  const hold = await holdForBackup(directory);
  const looks = [isBackingUp(directory), isBackingUp(directory)];

  const elsewhere = startHolder(scope, directory, "backup").catch((error: unknown) => error);
  const here = await holdForBackup(directory);
  expect(String(await elsewhere)).toContain("another backup");
  hold?.release();
  hold?.release();

  expect(hold).not.toBeNull();
  expect(here).toBeNull();
  expect(looks).toEqual([true, true]);
  expect(isBackingUp(directory)).toBe(false);
});

test("a backup of another process is seen until that process is killed", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "backup-hold");
  const backup = await startHolder(scope, directory, "backup");

  expect(isBackingUp(directory)).toBe(true);
  await backup.kill9();

  expect(isBackingUp(directory)).toBe(false);
});

clientTest(
  "a backup of another container, whose processes cannot be seen, is seen until that ends",
  { commands: ["unshare"], root: true },
  async (scope) => {
    const directory = tempFolder(scope, "backup-hold");
    const backup = await startHolder(scope, directory, "backup", (command) => [
      ...["unshare", "--pid", "--fork", "--kill-child"],
      ...command,
    ]);

    expect(isBackingUp(directory)).toBe(true);
    await backup.kill9();

    await waitFor("the end of the container", () => !isBackingUp(directory));
  },
);

test("a backup of a worker is over when the worker is lost", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "backup-hold");
  const worker = new Worker(new URL("./fixtures/holdingWorker.ts", import.meta.url).href);
  const answer = new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  worker.postMessage(directory);
  expect(await answer).toBe("held");
  expect(isBackingUp(directory)).toBe(true);

  worker.terminate();

  await waitFor("the end of the worker", () => !isBackingUp(directory));
});

test("a backup begins although a collection is just looking", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "backup-hold");
  (await holdForBackup(directory))?.release();
  const looking = new Database(join(directory, "backup.lock"), { readonly: true });
  looking.run("BEGIN");
  looking.query("SELECT count(*) FROM sqlite_master").get();

  const beginning = holdForBackup(directory);
  await Bun.sleep(100);
  looking.close(true);
  const hold = await beginning;

  expect(hold).not.toBeNull();
  hold?.release();
});

test("a lock file that is not Breadbox's is doubt: whoever asks is told its path", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "backup-hold");
  await Bun.write(join(directory, "backup.lock"), "x".repeat(8192));

  expect(() => isBackingUp(directory)).toThrow(DatabaseDamagedError);
  expect(() => isBackingUp(directory)).toThrow(join(directory, "backup.lock"));
});
