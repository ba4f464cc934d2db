// What a collection takes and what it leaves: a real database, real files, clocks that the test moves.
import { describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { hour, openGcRoom } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  return room;
}

describe("a collection", () => {
  test("deletes what no manifest names, once its lease is over, and leaves the rest", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(["layer one", "layer two"]);
    const orphan = await room.push("orphan");
    room.store.clock.advance(hour);

    const outcome = await room.collect();

    expect(outcome).toMatchObject({ state: "done", reason: null });
    expect(outcome.counts).toEqual({
      totalBlobs: 3,
      referencedBlobs: 2,
      orphanedBlobs: 1,
      orphanedBytes: 6,
      deletedBlobs: 1,
      deletedBytes: 6,
      deletedManifests: 0,
      deletedLinks: 1,
    });
    expect(await room.has(orphan)).toBe(false);
    expect(await room.storedFiles()).toBe(2);
    expect(await room.store.rooms.metadata.collection.listTrash(10)).toEqual([]);
  });
});
