// Backups by schedule: what is remembered of them, and when the last one is too old.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backUpBySchedule } from "../../src/backingUp.ts";
import { readBackups } from "../../src/backup/watch.ts";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { backupWarnings } from "../../src/images/status.ts";
import { openPorts } from "../../src/ports.ts";
import { Scope } from "../support/scope.ts";
import { list, openBox, spoil, storeIn } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);

const day = 86_400_000;

/** A box whose server backs up to its target. */
async function openServer(sizes: readonly number[]) {
  const box = await openBox(scope, sizes);
  const store = storeIn(box.store.directory);
  const ports = await openPorts(store, { latch: new WriteLatch(() => {}), role: "worker" });
  scope.defer(() => ports.close());
  const keep = { days: 1, weeks: 0, months: 0 };
  const standing = (agedMs: number, isScheduled = true) =>
    readBackups({
      ...{ backups: ports.metadata.backups, maxAgeMs: 2 * day, isScheduled },
      clock: () => Date.now() + agedMs,
    });
  return {
    ...{ box, standing, record: ports.metadata.backups.recordBackup },
    backUp: (target = box.target, signal = new AbortController().signal) =>
      backUpBySchedule(ports, store, { target, keep, signal }),
    warnings: async (agedMs = 0) => backupWarnings(await standing(agedMs)).map(({ code }) => code),
  };
}

test("a scheduled backup is made and pruned by its rule, and remembered", async () => {
  const { box, backUp, standing } = await openServer([12]);
  await backUp();

  const run = await backUp();

  expect(run).toMatchObject({ state: "done", trigger: "schedule", contents: 1, bytes: 12 });
  expect(run).toMatchObject({ addedBytes: 0, reason: null, target: box.target });
  expect(await list(box.target)).toHaveLength(1);
  expect(await standing(0)).toEqual({
    last: run,
    lastCompleteAt: run.finishedAt,
    isAhead: false,
    isOverdue: false,
  });
});

test("there is a warning until the first complete backup, and when the last one is too old", async () => {
  const { backUp, warnings, standing } = await openServer([12]);

  expect(await warnings()).toEqual(["backup-old"]);
  expect((await standing(0, false)).isOverdue).toBe(false);
  await backUp();
  expect(await warnings()).toEqual([]);
  expect(await warnings(3 * day)).toEqual(["backup-old"]);
});

test("a backup of a time when the clock was ahead proves nothing when it is set right, until the next one", async () => {
  const { box, backUp, warnings, standing, record } = await openServer([12]);
  const ahead = Date.now() + 365 * day;
  const id = Bun.randomUUIDv7("hex", ahead);
  await record({ ...(await backUp()), id, startedAt: ahead, finishedAt: ahead });
  expect(await warnings(365 * day)).toEqual([]);

  expect(await warnings()).toEqual(["backup-old"]);
  const [warning] = backupWarnings(await standing(0));
  expect(warning?.text).toContain("in the future, because the clock was set back");
  writeFileSync(join(box.folder, "file"), "");
  const failed = await backUp(join(box.folder, "file"));
  expect((await standing(0)).last).toEqual(failed);
  const later = await backUp();

  expect(await standing(0)).toMatchObject({ last: later, lastCompleteAt: later.finishedAt });
  expect(await warnings()).toEqual([]);
  expect(await warnings(3 * day)).toEqual(["backup-old"]);
});

test("a backup by command counts as well", async () => {
  const { box, warnings } = await openServer([12]);

  await box.backUp();

  expect(await warnings()).toEqual([]);
});

test("one that fails, or lacks contents, is remembered with its reason and warned of", async () => {
  const { box, backUp, warnings } = await openServer([12, 13]);
  writeFileSync(join(box.folder, "file"), "");

  const failed = await backUp(join(box.folder, "file"));

  expect(failed).toMatchObject({ state: "failed", contents: 0 });
  expect(failed.reason).toContain("is not a directory");
  expect(await warnings()).toEqual(["backup-old", "backup-failed"]);
  spoil(await box.fileOf("box/12.bin"));
  const lacking = await backUp();
  expect(lacking).toMatchObject({ state: "incomplete", contents: 1 });
  expect(lacking.reason).toMatch(/^1 contents are lost in the store, the first one is sha256:/);
  expect(await warnings()).toEqual(["backup-old", "backup-failed"]);
});

test("one whose disk is not mounted any more fails, and writes nothing in its place", async () => {
  const { box, backUp, warnings } = await openServer([12]);
  await backUp();
  const disk = `${box.target}-unmounted`;
  renameSync(box.target, disk);
  mkdirSync(box.target);

  for (const run of [await backUp(), await backUp()]) {
    expect(run).toMatchObject({ state: "failed" });
    expect(run.reason).toContain("its disk may not be mounted");
  }
  expect(readdirSync(box.target)).toEqual([]);
  expect(await warnings()).toEqual(["backup-failed"]);
  rmdirSync(box.target);
  renameSync(disk, box.target);
  expect(await backUp()).toMatchObject({ state: "done", addedBytes: 0 });
});

test("one that is stopped with its server is not remembered", async () => {
  const { box, backUp, standing } = await openServer([12]);
  const reason = new Error("the server was stopped");

  expect(await backUp(box.target, AbortSignal.abort(reason)).catch(String)).toContain("stopped");
  expect((await standing(0)).last).toBeNull();
});
