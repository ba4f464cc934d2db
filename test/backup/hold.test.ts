// A backup keeps the files that its snapshot names: collections go on, and leave the files of what they collect until it has ended,
// whatever happens to the wall clock and to the backup's process meanwhile.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { backUp } from "../../src/backingUp.ts";
import { holdForBackup } from "../../src/metadata/backupHold.ts";
import { hour, openGcRoom } from "../gc/gcRoom.ts";
import { startHolder } from "../metadata/fixtures/startHolder.ts";
import { memoryFolder } from "../support/processes.ts";
import { Scope, signal } from "../support/scope.ts";
import { messageOf, storeIn } from "./room.ts";

const minute = 60_000;
const day = 24 * hour;

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { directory, rooms, clock } = room.store;
  const beginBackup = async () => {
    const hold = await holdForBackup(directory);
    if (hold === null) throw new Error("another backup is running");
    scope.defer(async () => hold.release());
    return () => hold.release();
  };
  /** A whole backup, which does something before it takes the first file. */
  const backUpWhile = (happens: () => Promise<unknown>) => {
    const { intake } = rooms.storage;
    const share: typeof intake.share = async (locator, path) => {
      await happens();
      return intake.share(locator, path);
    };
    const storage = { ...rooms.storage, intake: { ...intake, share } };
    const ports = { storeId: "store", metadata: rooms.metadata, storage, clock: clock.now };
    return backUp(ports, storeIn(directory), {
      ...{ target: join(memoryFolder(scope, "target"), "backups"), copies: false, keep: null },
      ...{ onProgress: () => {}, signal: new AbortController().signal },
    });
  };
  return { ...room, beginBackup, backUpWhile };
}

test("while a backup is running rows are collected, and their files stay for it", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  await room.push("orphan");
  room.store.clock.advance(2 * hour);
  const end = await room.beginBackup();

  const during = await room.collect();

  expect(during).toMatchObject({ state: "done", counts: { orphanedBlobs: 1, deletedBlobs: 0 } });
  expect(during.notes).toEqual([
    "a backup is running, which may need deleted content: the next collection deletes 1 file",
  ]);
  expect(await room.storedFiles()).toBe(1);
  end();
  const after = await room.collect();
  expect(after).toMatchObject({ state: "done", finished: { blobs: 1, bytes: 6 }, notes: [] });
  expect(await room.storedFiles()).toBe(0);
});

test("a backup that begins between a collection's plan and its deletions keeps the files as well", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  const orphan = await room.push("orphan");
  room.store.clock.advance(2 * hour);

  await room.collect(
    {},
    room.meanwhile(() => room.beginBackup()),
  );

  expect(await room.has(orphan)).toBe(false);
  expect(await room.storedFiles()).toBe(1);
});

test("content that is pushed again while its old file waits for a backup has a new file", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  await room.push("orphan");
  room.store.clock.advance(2 * hour);
  const end = await room.beginBackup();
  await room.collect();
  const again = await room.push("orphan");

  end();
  await room.collect();

  expect(await room.has(again)).toBe(true);
  expect(await room.storedFiles()).toBe(1);
});

for (const [how, before, step] of [
  ["forward by 11 minutes", 0, 11 * minute],
  ["back by 400 days", 0, -400 * day],
  ["right, after it was a day behind when the backup began", -day, day],
  ["right, after it was a day ahead when the backup began", day, -day],
] as const) {
  test(`a backup lacks nothing when the clock is set ${how}, while a collection is running`, async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.push("orphan");
    room.store.clock.advance(2 * day);
    room.setClock(before);

    const { lost, contents } = await room.backUpWhile(async () => {
      // The collection has looked at the clock by then.
      const steps = room.meanwhile(async () => room.setClock(step));
      expect(await room.collect({}, steps)).toMatchObject({ state: "done" });
      expect(await room.storedFiles()).toBe(1);
    });

    expect({ lost, contents }).toEqual({ lost: [], contents: 1 });
    // A step forward is doubted at first.
    room.setClock(-before - step);
    await room.collect();
    room.store.clock.advance(2 * day);
    await room.collect();
    expect(await room.storedFiles()).toBe(0);
  });
}

for (const [how, step] of [
  ["forward by 11 minutes", 11 * minute],
  ["back by a day", -day],
] as const) {
  test(`a second backup is refused while the first one is running and the clock is set ${how}`, async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.push("orphan");
    let second = "";

    const { lost } = await room.backUpWhile(async () => {
      room.setClock(step);
      second = await messageOf(room.backUpWhile(async () => {}));
    });

    expect(second).toContain("another backup of this store is running");
    expect(lost).toEqual([]);
  });
}

test("a backup that is frozen keeps files for as long as it is, and one that is killed for no longer than it lived", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  await room.push("orphan");
  room.store.clock.advance(2 * hour);
  const backup = await startHolder(scope, room.store.directory, "backup");
  signal(backup.pid, "SIGSTOP");

  await room.collect();
  room.store.clock.advance(30 * day);
  const frozen = await room.collect();
  expect(frozen.notes).toEqual([
    "a backup is running, which may need deleted content: the next collection deletes 1 file",
  ]);
  expect(await room.storedFiles()).toBe(1);
  await backup.kill9();
  await room.collect();

  expect(await room.storedFiles()).toBe(0);
});

test("while it cannot be known whether a backup is running no file is deleted, and the collection says why", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  await room.push("orphan");
  room.store.clock.advance(2 * hour);
  writeFileSync(join(room.store.directory, "backup.lock"), "x".repeat(8192));

  const { state, reason } = await room.collect();

  expect(state).toBe("failed");
  expect(reason).toContain("when no backup uses the directory, delete the file");
  expect(await room.storedFiles()).toBe(1);
});
