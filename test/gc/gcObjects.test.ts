// A collection where objects keep content: bytes that a repository and a bucket share, what a dry run counts, and doubt about rows.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { explainContent } from "../../src/fsck/why.ts";
import { digestOf } from "../../src/model/digest.ts";
import { readImage } from "../../src/registry/imageNames.ts";
import { keyOf, objectsIn } from "../support/objectStore.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, lease, openGcRoom, other } from "./gcRoom.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const objects = objectsIn(room.store);
  await objects.createBucket("backups");
  const { clock, rooms } = room.store;
  return {
    ...room,
    objects,
    why: async (digest: string) => {
      const deps = {
        metadata: rooms.metadata.usage,
        clock: clock.now,
        minAgeMs: hour,
        readImage,
      };
      const answer = await explainContent(deps, digest);
      return answer.kind === "explained" ? answer.explanation : null;
    },
  };
}

describe("bytes that an image and an object share", () => {
  test("are stored once, and deleted after both the image and the object are deleted", async () => {
    await using scope = new Scope();
    const { objects, store, collect, why, ...room } = await openRoom(scope);
    const image = await room.pushImage(["layer"]);
    const layer = await objects.put("backups/path/to/layer", bytesOf("layer"));
    expect(await room.storedFiles()).toBe(1);

    await room.deleteImage(image);
    store.clock.advance(lease);
    expect(await collect()).toMatchObject({ counts: { deletedBlobs: 0, deletedLinks: 1 } });
    expect(await objects.read("backups/path/to/layer")).toEqual(bytesOf("layer"));
    const kept = { some: [keyOf("backups/path/to/layer")], others: 0 };
    expect(await why(layer)).toMatchObject({ chains: [], objects: kept, links: [], garbage: null });

    await objects.remove("backups/path/to/layer");
    const since = store.clock.now();
    expect(await why(layer)).toMatchObject({ garbage: { since, deletableFrom: since } });
    expect(await collect()).toMatchObject({ counts: { totalBlobs: 1, deletedBlobs: 1 } });
    expect(await room.storedFiles()).toBe(0);
  });

  test("are linked into a bucket without a copy, and kept after the repository's blob is deleted", async () => {
    await using scope = new Scope();
    const { objects, store, collect, push, ...room } = await openRoom(scope);
    const digest = await push("layer", other);

    await objects.link("backups/linked", other, digest);
    store.clock.advance(lease);
    await collect();

    expect(await room.storedFiles()).toBe(1);
    expect(await objects.read("backups/linked")).toEqual(bytesOf("layer"));
  });

  test("that were an object first are found by a push, and kept for its lease", async () => {
    await using scope = new Scope();
    const { objects, store, collect, push, ...room } = await openRoom(scope);
    await objects.put("backups/a", bytesOf("layer"));
    store.clock.advance(2 * hour);
    const digest = await push("layer", app);
    await objects.remove("backups/a");

    expect(await room.storedFiles()).toBe(1);
    store.clock.advance(lease - 1);
    await collect();
    expect(await room.has(digest)).toBe(true);
    store.clock.advance(1);
    await collect();
    expect(await room.has(digest)).toBe(false);
  });
});

describe("an object's content", () => {
  test("counts as referenced, and its previous content does not", async () => {
    await using scope = new Scope();
    const { objects, store, collect, plan } = await openRoom(scope);
    await objects.put("backups/a", bytesOf("first"));
    await objects.put("backups/a", bytesOf("second"));
    await objects.put("backups/b", bytesOf("second"));
    store.clock.advance(hour);

    expect(await plan()).toEqual([{ digest: digestOf(bytesOf("first")), size: 5 }]);
    const { counts } = await collect();
    expect(counts).toMatchObject({ totalBlobs: 2, referencedBlobs: 1, orphanedBlobs: 1 });
    expect(await objects.read("backups/b")).toEqual(bytesOf("second"));
  });
});

test("content of objects that were given up is kept when the clock is set forward", async () => {
  await using scope = new Scope();
  const { objects, store, collect, ...room } = await openRoom(scope);
  await objects.put("backups/lost", bytesOf("lost"));
  const client = new Database(join(store.directory, "breadbox.db"));
  client.run("DELETE FROM objects");
  client.close(true);
  const { objectInspection } = store.rooms.metadata;
  const { bucket } = keyOf("backups/lost");
  const month = 30 * 24 * hour;
  await objectInspection.recountBucket(bucket, store.clock.now() + month);
  expect((await collect()).state).toBe("done");

  room.setClock(month + hour);
  expect((await collect()).state).toBe("refused");
  for (const wait of [2 * lease, month - 3 * lease]) {
    store.clock.advance(wait);
    expect(await collect()).toMatchObject({ state: "done", counts: { deletedBlobs: 0 } });
  }
  store.clock.advance(lease);
  expect(await collect()).toMatchObject({ state: "done", counts: { deletedBlobs: 1 } });
});

describe("a collection fails, with nothing deleted, when", () => {
  test.each([
    ["an object's digest is no digest", "UPDATE objects SET digest = upper(digest)"],
    ["an object's content has no row", "UPDATE objects SET digest = replace(digest, 'a', 'b')"],
    ["a bucket has lost objects", "DELETE FROM objects WHERE name = 'a'"],
    ["an index of objects is missing", "DROP INDEX objects_by_digest"],
  ])("%s", async (_, statement) => {
    await using scope = new Scope();
    const { objects, store, collect, ...room } = await openRoom(scope);
    for (const name of ["a", "b"]) await objects.put(`backups/${name}`, bytesOf(`object ${name}`));
    await room.push("orphan");
    store.clock.advance(lease);
    const client = new Database(join(store.directory, "breadbox.db"));
    client.run("PRAGMA foreign_keys = OFF");
    client.run(statement);
    client.close(true);

    const { state, reason } = await collect();

    expect([state, reason]).toEqual(["failed", expect.any(String)]);
    expect(await room.storedFiles()).toBe(3);
  });
});
