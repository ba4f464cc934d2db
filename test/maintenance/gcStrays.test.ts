// Stored files that no row names: what a crash between a file and its row leaves. Never the file of an upload that is about to end.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/content/digest.ts";
import { makeUploadId } from "../../src/uploads/session.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, openGcRoom } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { metadata, storage, uploads } = room.store.rooms;
  const bytes = new TextEncoder().encode("stray");
  return {
    ...room,
    metadata,
    /** An upload that has given its bytes a stored name, and no row yet. */
    async publish() {
      const id = makeUploadId(uploads.newId());
      const startedAt = room.store.clock.now();
      const staging = await storage.createStaging(id, startedAt);
      const session = { id, repository: app, offset: 0, staging, startedAt, updatedAt: startedAt };
      await metadata.uploads.startUpload({ ...session, algorithm: "sha256" }, null);
      const body = (async function* () {
        yield bytes;
      })();
      const staged = await storage.append(
        { id, staging, offset: 0 },
        body,
        { staged: () => null },
        { expected: null, resumable: true },
      );
      const locator = await storage.publish(staged, digestOf(bytes));
      return {
        locator,
        /** The server that made it was killed, and the session was cleaned up since. */
        async forget(): Promise<void> {
          await metadata.uploads.removeUpload(id, app);
          await storage.discardStaged(id, staging);
        },
        /** Only the row of its session goes. */
        forgetRow: () => metadata.uploads.removeUpload(id, app),
        /** As on a file system without links, where a file has one name at a time. */
        dropStaged: () => storage.discardStaged(id, staging),
      };
    },
  };
}

describe("a stored file without a row", () => {
  test("goes when its upload is over and it is old enough", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forget();
    room.store.clock.advance(hour);

    const dry = await room.collect({ dryRun: true });
    const outcome = await room.collect();

    expect(dry.plan).toMatchObject({ total: 1, referenced: 0, strays: { blobs: 1, bytes: 5 } });
    expect(outcome.counts).toMatchObject({ orphanedBlobs: 1, deletedBlobs: 1, deletedBytes: 5 });
    expect(await room.storedFiles()).toBe(0);
    expect(await room.metadata.collection.listTrash(1)).toEqual([]);
  });

  test("stays for an hour, whatever was asked", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forget();
    room.store.clock.advance(hour - 1);

    expect((await room.collect({ minAgeMs: 0 })).counts.totalBlobs).toBe(0);
    expect(await room.storedFiles()).toBe(1);
  });

  test("stays while its session is open, however long its upload takes", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.dropStaged();
    room.store.clock.advance(1000 * hour);

    const outcome = await room.collect();

    expect(outcome.plan?.protected.awaited).toEqual({ blobs: 1, bytes: 5 });
    expect(await room.storedFiles()).toBe(1);
  });

  test("stays while it is a session's staged file as well", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forgetRow();
    room.store.clock.advance(1000 * hour);

    expect((await room.collect()).plan?.protected.awaited.blobs).toBe(1);
    expect(await room.storedFiles()).toBe(1);
  });

  test("stays when its row comes between the plan and the deletion", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forget();
    room.store.clock.advance(hour);
    const now = room.store.clock.now();
    const confirm = async () => {
      await room.metadata.uploads.finishUpload({
        ...{ session: null, repository: app, digest: digestOf(new TextEncoder().encode("stray")) },
        ...{ size: 5, locator: stray.locator, replaces: null, found: false },
        ...{ now, keptUntil: now + hour },
      });
      return true;
    };

    const { counts } = await room.collect({ brakeShare: 0.1 }, { confirm });

    expect(counts).toMatchObject({ orphanedBlobs: 1, deletedBlobs: 0 });
    expect(await room.storedFiles()).toBe(1);
  });
});
