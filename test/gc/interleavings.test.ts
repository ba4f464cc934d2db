// A collection exactly between two steps of a request: either the answer is kept, or it says that there is nothing.
import { describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { findIntact, statBlob } from "../../src/registry/blobs.ts";
import type { RegistryDeps } from "../../src/registry/manifests.ts";
import { mountBlob } from "../../src/registry/mounts.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { Scope } from "../support/scope.ts";
import { leaseMs } from "../support/store.ts";
import { app, hour, openGcRoom, other } from "./gcRoom.ts";

const text = "an old orphan";
const bytes = new TextEncoder().encode(text);

/** A store with an orphan that the next collection takes. */
async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const digest = await room.push(text);
  room.store.clock.advance(2 * hour);
  const { metadata, storage } = room.store.rooms;
  const registry: RegistryDeps = {
    metadata: metadata.registry,
    storage,
    clock: room.store.clock.now,
    leaseMs,
    manifestMaxBytes: 1024,
    immutable: () => null,
    sparse: "off",
  };
  const collectAll = async (): Promise<void> => {
    expect((await room.collect({ minAgeMs: 0 })).state).toBe("done");
  };
  return { ...room, digest, registry, collectAll };
}

type Room = Awaited<ReturnType<typeof openRoom>>;

const isServed = async ({ registry }: Room, repository: typeof app, digest: Digest) =>
  (await findIntact(registry, repository, digest)) !== null;

describe("a collection", () => {
  test("before the lease of a HEAD is written makes it 404", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { metadata } = room.registry;
    const renewLease: typeof metadata.renewLease = async (...asked) => {
      await room.collectAll();
      return metadata.renewLease(...asked);
    };

    const head = statBlob(
      { ...room.registry, metadata: { ...metadata, renewLease } },
      app,
      room.digest,
    );

    expect(await head.catch((error) => error)).toMatchObject({ situation: "BLOB_UNKNOWN" });
  });

  test("after the lease of a HEAD was written leaves the blob", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { metadata } = room.registry;
    const renewLease: typeof metadata.renewLease = async (...asked) => {
      await metadata.renewLease(...asked);
      await room.collectAll();
    };

    await statBlob({ ...room.registry, metadata: { ...metadata, renewLease } }, app, room.digest);

    expect(await isServed(room, app, room.digest)).toBe(true);
  });

  test("before a mount is written makes it an upload", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { metadata } = room.registry;
    const deps = {
      ...room.registry,
      metadata: {
        ...metadata,
        mountBlob: async (mount: Parameters<typeof metadata.mountBlob>[0]) => {
          await room.collectAll();
          return metadata.mountBlob(mount);
        },
      },
    };
    const request = { repository: other, digest: room.digest, from: app, mayPull: () => true };

    expect(await mountBlob(deps, request)).toBe(false);
    expect(await isServed(room, other, room.digest)).toBe(false);
  });

  test("after a mount leaves the blob in both repositories", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { registry, digest } = room;

    await mountBlob(registry, { repository: other, digest, from: null, mayPull: () => true });
    await room.collectAll();

    expect(await isServed(room, app, digest)).toBe(true);
    expect(await isServed(room, other, digest)).toBe(true);
  });

  for (const step of ["findContent", "finishUpload"] as const) {
    test(`around ${step} of an upload of an old orphan does not lose the upload`, async () => {
      await using scope = new Scope();
      const room = await openRoom(scope);
      const { uploads } = room.store.rooms;
      const { metadata } = uploads;
      let times = 0;
      const once = async (): Promise<void> => {
        times += 1;
        if (times === 1) await room.collectAll();
      };
      const interrupted = {
        ...metadata,
        findContent: async (digest: Digest) => {
          const found = await metadata.findContent(digest);
          if (step === "findContent") await once();
          return found;
        },
        finishUpload: async (finish: Parameters<typeof metadata.finishUpload>[0]) => {
          if (step === "finishUpload") await once();
          return metadata.finishUpload(finish);
        },
      };
      const chunk = { body: oneChunk(), start: null, end: null, length: bytes.length };
      const request = { repository: other, digest: digestOf(bytes), chunk };

      await uploadInOneRequest({ ...uploads, metadata: interrupted }, request);
      await room.collectAll();

      expect(times).toBeGreaterThan(0);
      expect(await isServed(room, other, room.digest)).toBe(true);
      expect(await room.storedFiles()).toBe(1);
    });
  }

  test("between a transaction and its files does not take what was pushed again meanwhile", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { content } = room.store.rooms.storage;
    const pushedAgain = async (locator: Parameters<typeof content.delete>[0]): Promise<void> => {
      await room.push(text, other);
      await content.delete(locator);
    };
    const slow = {
      list: () => content.list(),
      nameOf: content.nameOf,
      stat: content.stat.bind(content),
      delete: pushedAgain,
    };

    const outcome = await room.collect({ minAgeMs: 0 }, { storage: { content: slow } });

    expect(outcome.counts.deletedBlobs).toBe(1);
    expect(await isServed(room, other, room.digest)).toBe(true);
    expect(await room.storedFiles()).toBe(1);
  });
});

async function* oneChunk(): AsyncGenerator<Uint8Array> {
  yield bytes;
}
