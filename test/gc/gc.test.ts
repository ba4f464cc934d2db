// What a collection takes and what it leaves: a real database, real files, clocks that the test moves.
import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import type { GcDeps } from "../../src/gc/gcRun.ts";
import { statBlob } from "../../src/registry/blobs.ts";
import { manifest } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, lease, openGcRoom, other } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  return room;
}

describe("a collection", () => {
  test("deletes content that no manifest names after its lease, and keeps the rest", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(["layer one", "layer two"]);
    const orphan = await room.push("orphan");
    room.store.clock.advance(2 * hour);

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

  test("as a dry run reports what it would delete and changes nothing", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(["layer"]);
    const orphan = await room.push("orphan");
    room.store.clock.advance(lease);

    const dry = await room.collect({ dryRun: true });

    expect(dry).toMatchObject({ state: "done", plan: { orphaned: { blobs: 1, bytes: 6 } } });
    expect(dry.counts).toMatchObject({ orphanedBlobs: 1, deletedBlobs: 0, deletedLinks: 0 });
    expect(await room.plan()).toEqual([{ digest: orphan, size: 6 }]);
    expect(await room.has(orphan)).toBe(true);
    expect((await room.store.rooms.metadata.clock.findClockAnchors("")).own).toBeNull();
    expect((await room.collect()).plan).toEqual(dry.plan);
  });

  test("deletes nothing in a second run", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.push("orphan");
    room.store.clock.advance(lease);

    await room.collect();

    expect((await room.collect()).counts).toMatchObject({ totalBlobs: 0, deletedBlobs: 0 });
  });

  test("that lacks a file descriptor says so, and not that the server is busy", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const cause = new Error("EMFILE: too many open files, open 'a file'");

    const outcome = await room.collect(
      {},
      {
        readUptime: () => Promise.reject(new RegistryError("BUSY", { retryAfter: 1, cause })),
      },
    );

    expect(outcome).toMatchObject({ state: "failed", reason: cause.message });
  });

  test("deletes everything but a file that cannot be removed, reports it, and a later run deletes it", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (let each = 0; each < 150; each += 1) await room.push(`orphan ${each}`);
    room.store.clock.advance(lease);
    const { storage } = room.store.rooms;
    const stuck = new Set<string>();
    const failing: GcDeps["storage"] = {
      content: {
        ...{ list: () => storage.content.list(), nameOf: storage.content.nameOf },
        stat: (locator) => storage.content.stat(locator),
        delete: async (locator) => {
          if (stuck.size === 0) stuck.add(locator);
          if (stuck.has(locator)) throw new Error("EPERM: operation not permitted, unlink");
          await storage.content.delete(locator);
        },
      },
    };
    const { collection } = room.store.rooms.metadata;

    const first = await room.collect({}, { storage: failing });
    for (let each = 0; each < 3; each += 1) await room.push(`later ${each}`);
    room.store.clock.advance(2 * lease);
    const second = await room.collect({}, { storage: failing });
    const waiting = await collection.listTrash(10);
    const third = await room.collect();

    const reason =
      "1 file could not be deleted, the next run tries again: EPERM: operation not permitted, unlink";
    for (const outcome of [first, second]) {
      expect(outcome).toMatchObject({ state: "failed", reason });
    }
    expect([first.counts.deletedBlobs, second.counts.deletedBlobs]).toEqual([149, 3]);
    expect(waiting.map(({ locator }) => String(locator))).toEqual([...stuck]);
    expect(third).toMatchObject({ state: "done", finished: { blobs: 1 } });
    expect(await room.storedFiles()).toBe(0);
    expect(await collection.listTrash(1)).toEqual([]);
  });

  test("deletes many blobs in batches, one transaction each, without missing any", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (let each = 0; each < 250; each += 1) await room.push(`orphan ${each}`);
    await room.pushImage(["layer"]);
    room.store.clock.advance(lease);

    const { counts } = await room.collect();

    expect(counts).toMatchObject({ totalBlobs: 251, orphanedBlobs: 250, deletedBlobs: 250 });
    expect(await room.storedFiles()).toBe(1);
    expect(await room.store.rooms.metadata.collection.listTrash(1)).toEqual([]);
  });
});

describe("a collection keeps content", () => {
  test("while its lease lasts", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const pushed = await room.push("pushed");
    room.store.clock.advance(lease - 1);

    const outcome = await room.collect({ minAgeMs: 0 });

    expect(outcome.plan?.protected.leased).toEqual({ blobs: 1, bytes: 6 });
    expect(await room.has(pushed)).toBe(true);
  });

  test("that a HEAD request was answered for", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { clock, rooms } = room.store;
    const old = await room.push("old");
    clock.advance(hour * 24);
    await statBlob({ ...rooms.registry, leaseMs: hour }, app, old);

    clock.advance(hour / 2);
    expect((await room.collect()).counts.deletedBlobs).toBe(0);
    expect(await room.has(old)).toBe(true);
  });

  test("that is pushed again, however old it is", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const old = await room.push("old");
    room.store.clock.advance(hour * 24);

    await room.push("old");

    expect((await room.collect()).counts.deletedBlobs).toBe(0);
    expect(await room.has(old)).toBe(true);
  });

  test("that is younger than the age asked for", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.push("young");
    room.store.clock.advance(2 * hour);

    expect((await room.collect({ minAgeMs: 3 * hour })).plan?.protected.young.blobs).toBe(1);
    expect((await room.collect({ minAgeMs: 2 * hour })).counts.deletedBlobs).toBe(1);
  });

  test("while a manifest of any repository names it, and deletes it after the last", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const first = await room.pushImage(["shared"], app);
    const second = await room.pushImage(["shared"], other);
    room.store.clock.advance(lease);

    await room.deleteImage(first, app);
    expect((await room.collect()).counts).toMatchObject({ deletedBlobs: 0, deletedLinks: 1 });
    await room.deleteImage(second, other);
    expect((await room.collect()).counts).toMatchObject({ deletedBlobs: 1, deletedLinks: 1 });
  });

  test("that only an index names, as build caches do", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const cached = await room.push("cached");
    const child = { digest: cached, size: 6, kind: "child", required: true } as const;
    await room.store.rooms.metadata.registry.putManifest(manifest("{}", { references: [child] }));
    room.store.clock.advance(lease);

    expect((await room.collect()).counts).toMatchObject({ referencedBlobs: 1, deletedBlobs: 0 });
  });

  test("that a manifest names between plan and deletion", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const rescued = await room.push("rescued");
    await room.push("lost");
    room.store.clock.advance(lease);
    const layer = { digest: rescued, size: 7, kind: "blob", required: true } as const;
    const changes = room.meanwhile(async () => {
      await room.store.rooms.metadata.registry.putManifest(manifest("{}", { references: [layer] }));
    });

    const { counts } = await room.collect({}, changes);

    expect(counts).toMatchObject({ orphanedBlobs: 2, deletedBlobs: 1 });
    expect(await room.has(rescued)).toBe(true);
  });

  test("whose manifest is deleted during the run, until the next run", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const image = await room.pushImage(["layer"]);
    await room.push("orphan");
    room.store.clock.advance(lease);
    const changes = room.meanwhile(async () => {
      room.store.clock.advance(1);
      await room.deleteImage(image);
    });

    const { counts } = await room.collect({}, changes);

    expect(counts).toMatchObject({ orphanedBlobs: 1, deletedBlobs: 1 });
    expect((await room.collect()).counts).toMatchObject({ deletedBlobs: 1 });
  });
});

describe("a collection and a repository's link", () => {
  test("deletes it when no manifest of the repository uses it, and keeps the content", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(["layer"], app);
    const layer = await room.push("layer", other);
    room.store.clock.advance(lease);
    const { registry } = room.store.rooms.metadata;

    const { counts } = await room.collect();

    expect(counts).toMatchObject({ deletedBlobs: 0, deletedLinks: 1 });
    expect(await registry.findBlob(other, layer)).toBeNull();
    expect(await registry.findBlob(app, layer)).not.toBeNull();
  });

  test("keeps it while the content's lease lasts", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(["layer"], app);
    const layer = await room.push("layer", other);
    room.store.clock.advance(lease - 1);

    expect((await room.collect({ minAgeMs: 0 })).counts.deletedLinks).toBe(0);
    expect(await room.store.rooms.metadata.registry.findBlob(other, layer)).not.toBeNull();
  });
});
