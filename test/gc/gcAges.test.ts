// What a collection leaves to pushes that still go on, the ones above all that take longer than a lease.
import { describe, expect, test } from "bun:test";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, openGcRoom, other } from "./gcRoom.ts";

type Room = Awaited<ReturnType<typeof openRoom>>;

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  return room;
}

const minute = 60_000;

/** A layer of `app` that arrives slowly: a byte now and then, for as long as `ms`. */
async function uploadSlowly({ store }: Room, ms: number): Promise<void> {
  const { uploads } = store.rooms;
  const { id } = await startUpload(uploads, app);
  for (let passed = 0; passed < ms; passed += 30 * minute) {
    store.clock.advance(30 * minute);
    const chunk = { body: oneByte(), start: null, end: null, length: 1 };
    await appendChunk(uploads, { repository: app, id, chunk });
  }
}

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
}

test("content that was just pushed is kept even with --min-age 0", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  const digest = await room.push("layer");
  room.store.clock.advance(hour);

  await room.collect({ minAgeMs: 0 });

  expect(await room.has(digest)).toBe(true);
});

describe("a push that takes longer than the lease", () => {
  test("keeps its first layer while its uploads follow each other", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const first = await room.push("first layer");
    for (const layer of ["second", "third", "fourth"]) {
      room.store.clock.advance(50 * minute);
      await room.push(layer);
      await room.collect();
    }

    expect(await room.has(first)).toBe(true);
  });

  test("keeps its first layer while its last one still arrives", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const first = await room.push("first layer");
    await uploadSlowly(room, 5 * hour);

    await room.collect();

    expect(await room.has(first)).toBe(true);
  });

  test("keeps content for its own repository only, and for at most a day", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(["layer"], other);
    const digest = await room.push("layer", app);
    const lone = await room.push("lone layer", app);
    const { registry } = room.store.rooms.metadata;

    await uploadSlowly(room, 5 * hour);
    await room.collect();
    expect(await registry.findBlob(app, digest)).not.toBeNull();

    await uploadSlowly(room, 21 * hour);
    await room.collect();
    expect(await registry.findBlob(app, digest)).toBeNull();
    expect(await registry.findBlob(other, digest)).not.toBeNull();
    expect(await room.has(lone)).toBe(false);
  });

  test("does not keep content that was unused before it began", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const leftover = await room.push("leftover");
    room.store.clock.advance(2 * hour);
    await uploadSlowly(room, hour);

    await room.collect();

    expect(await room.has(leftover)).toBe(false);
  });

  test("keeps nothing after its upload was cancelled", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const first = await room.push("first layer");
    await startUpload(room.store.rooms.uploads, app);
    room.store.clock.advance(2 * hour);

    await room.collect();

    expect(await room.has(first)).toBe(false);
  });

  test("counts as ended when no upload follows for the length of a lease", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const first = await room.push("first layer");
    room.store.clock.advance(70 * minute);
    await room.push("of another push");

    await room.collect();

    expect(await room.has(first)).toBe(false);
  });
});
