// A restored database knows nothing of what was pushed later: for a while nothing is deleted.
import { expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { hour, openGcRoom } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  await room.push("orphan");
  room.store.clock.advance(2 * hour);
  const { backups } = room.store.rooms.metadata;
  /** As if the data directory had noted a later one. */
  await backups.advanceGeneration(9, room.store.clock.now());
  return room;
}

test("a collection of a restored database is refused for the time of gc.restoreGrace, and says until when", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);

  const refused = await room.collect({ restoreGraceMs: 24 * hour });

  expect(refused.state).toBe("refused");
  expect(refused.reason).toContain("nothing is deleted until 2026-01-02 02:00:00 UTC");
  expect(await room.storedFiles()).toBe(1);
  room.store.clock.advance(24 * hour);
  expect((await room.collect({ restoreGraceMs: 24 * hour })).state).toBe("done");
  expect(await room.storedFiles()).toBe(0);
});

test("a dry run of it says what would be deleted", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);

  const dry = await room.collect({ restoreGraceMs: 24 * hour, dryRun: true });

  expect(dry).toMatchObject({ state: "done", counts: { orphanedBlobs: 1 } });
});

test("a clock that is set forward ends gc.restoreGrace no earlier", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  const request = { restoreGraceMs: 24 * hour, minAgeMs: 2 * hour };
  await room.collect(request);
  room.setClock(30 * 24 * hour);

  expect((await room.collect(request)).reason).toContain("the clock was set forward by 30 days");
  room.store.clock.advance(4 * hour);
  expect((await room.collect(request)).reason).toContain("the database was restored");
  room.store.clock.advance(19 * hour);
  expect((await room.collect(request)).reason).toContain("the database was restored");
  expect(await room.storedFiles()).toBe(1);
  room.store.clock.advance(hour);
  expect((await room.collect(request)).state).toBe("done");
});

test("a clock that was a year ahead when the database was restored, and is set right, makes gc.restoreGrace no longer", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  const request = { restoreGraceMs: 24 * hour };
  await room.collect(request);
  room.setClock(-365 * 24 * hour);

  expect((await room.collect(request)).reason).toContain("the database was restored");
  room.store.clock.advance(24 * hour);

  expect((await room.collect(request)).state).toBe("done");
});
