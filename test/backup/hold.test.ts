// A backup keeps the files that its snapshot names: collections go on, and leave the files of what they collect until it has ended.
import { expect, test } from "bun:test";
import { hour, openGcRoom } from "../gc/gcRoom.ts";
import { Scope } from "../support/scope.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { locks } = room.store.rooms.metadata;
  const beginBackup = async (lastsMs = hour) => {
    const now = room.store.clock.now();
    const taken = await locks.acquireLock({ name: "backup", owner: "b", now, lastsMs, dead: null });
    if (taken.kind !== "acquired") throw new Error("another backup is running");
    return () => locks.releaseLock(taken.hold);
  };
  return { ...room, beginBackup };
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
  await end();
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

  await end();
  await room.collect();

  expect(await room.has(again)).toBe(true);
  expect(await room.storedFiles()).toBe(1);
});

test("a backup that was killed keeps files for a bounded time", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  await room.push("orphan");
  room.store.clock.advance(2 * hour);
  await room.beginBackup(600_000);

  await room.collect();
  expect(await room.storedFiles()).toBe(1);
  room.store.clock.advance(600_000);
  await room.collect();

  expect(await room.storedFiles()).toBe(0);
});
