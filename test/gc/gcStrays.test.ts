// Stored files that no row names: what a crash between a file and its row leaves. Never the file of an upload that is about to end.

import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { appendChunk, finishUpload, startUpload } from "../../src/uploads/uploads.ts";
import { fresh } from "../support/contents.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, lease, openGcRoom } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { metadata, storage, uploads } = room.store.rooms;
  const bytes = new TextEncoder().encode("stray");
  const body = async function* () {
    yield bytes.slice();
  };
  return {
    ...room,
    metadata,
    bytes,
    body,
    /** An upload whose closing request has given its bytes a stored name, and no row yet. */
    async publish() {
      const id = makeUploadId(uploads.newId());
      const owner = uploads.newId();
      const startedAt = room.store.clock.now();
      const staging = await storage.staging.begin(id, startedAt);
      const session = { id, repository: app, offset: 0, staging, startedAt, updatedAt: startedAt };
      const claim = owner;
      await metadata.uploads.startUpload({ ...session, algorithm: "sha256" }, claim);
      const algorithm = "sha256" as const;
      const begun = { id, staging, offset: 0, algorithm, boundaries: async () => [] };
      const staged = await storage.staging.append(begun, body(), {
        ...{ expected: null, resumable: true, signal: new AbortController().signal },
      });
      const outcome = await storage.staging.seal(staged, { ...fresh(), owner });
      const locator = outcome.kind === "sealed" ? outcome.locator : null;
      if (locator === null) throw new Error("nothing sealed");
      return {
        locator,
        /** The server that made it was killed, and the session was cleaned up since. */
        async forget(): Promise<void> {
          await metadata.uploads.removeUpload(id, app);
          await storage.staging.discard(id, staging);
        },
        /** The request ended without its row, and its session is open. */
        fail: () => metadata.uploads.releaseUpload(id, owner),
        /** As on a file system without links, where a file has one name at a time. */
        dropStaged: () => storage.staging.discard(id, staging),
      };
    },
  };
}

describe("a stored file without a row", () => {
  test("is deleted when its upload is over and it is old enough", async () => {
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

  test("is deleted, and no more files than planned when rows are lost during the run", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forget();
    await room.pushImage(["one", "two", "three"], app, ["latest"]);
    room.store.clock.advance(hour + lease);
    const loss = room.meanwhile(async () => {
      room.spoil(
        "DELETE FROM manifest_references",
        "DELETE FROM repository_contents",
        "DELETE FROM contents",
      );
    });

    const { state, counts } = await room.collect({}, loss);

    expect([state, counts.deletedBlobs]).toEqual(["done", 1]);
    expect(await room.storedFiles()).toBe(3);
  });

  test("is kept for an hour, whatever minimum age was asked for", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forget();
    room.store.clock.advance(hour - 1);

    expect((await room.collect({ minAgeMs: 0 })).counts.totalBlobs).toBe(0);
    expect(await room.storedFiles()).toBe(1);
  });

  test("is kept while its request holds the session, however long the upload takes", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.dropStaged();
    room.store.clock.advance(1000 * hour);

    const outcome = await room.collect();

    expect(outcome.plan?.protected.awaited).toEqual({ blobs: 1, bytes: 5 });
    expect(await room.storedFiles()).toBe(1);
  });

  test("is deleted when its request ended, although the session is open and stages the same file", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.fail();
    room.store.clock.advance(hour);

    const { counts } = await room.collect();

    expect(counts).toMatchObject({ orphanedBlobs: 1, deletedBlobs: 1 });
    expect(await room.storedFiles()).toBe(0);
    expect(await Array.fromAsync(room.store.rooms.storage.staging.list())).toHaveLength(1);
  });

  test("of two failed closing requests is deleted, and the blob of the third, once deleted, as well", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { uploads } = room.store.rooms;
    const digest = digestOf(room.bytes);
    const { id } = await startUpload(uploads, app);
    const range = { start: null, end: null };
    const chunk = { body: room.body(), length: room.bytes.length, ...range };
    await appendChunk(uploads, { repository: app, id, chunk });
    const full = new RegistryError("DISK_FULL");
    const failing = { ...uploads.metadata, finishUpload: () => Promise.reject(full) };
    for (const metadata of [failing, failing, uploads.metadata]) {
      const request = {
        repository: app,
        id,
        digest,
        chunk: { body: null, length: null, ...range },
      };
      const ended = finishUpload({ ...uploads, metadata }, request).catch((error) => error);
      expect(await ended).toEqual(metadata === failing ? full : { digest, size: 5 });
    }
    expect(await room.storedFiles()).toBe(3);
    room.store.clock.advance(lease + hour);

    await room.collect();

    expect(await room.storedFiles()).toBe(0);
  });

  test("is kept when its row is written between plan and deletion", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const stray = await room.publish();
    await stray.forget();
    room.store.clock.advance(hour);
    const now = room.store.clock.now();
    const changes = room.meanwhile(async () => {
      await room.metadata.uploads.finishUpload({
        ...{ session: null, repository: app, digest: digestOf(new TextEncoder().encode("stray")) },
        ...{ size: 5, locator: stray.locator, replaces: null, found: false },
        ...{ now, keptUntil: now + hour },
      });
    });

    const { counts } = await room.collect({}, changes);

    expect(counts).toMatchObject({ orphanedBlobs: 1, deletedBlobs: 0 });
    expect(await room.storedFiles()).toBe(1);
  });
});
