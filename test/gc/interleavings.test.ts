// A collection exactly between two steps of a request: either the answer is kept, or it says that there is nothing.
import { describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { findIntact, statBlob } from "../../src/registry/blobs.ts";
import { mountBlob } from "../../src/registry/mounts.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, openGcRoom, other } from "./gcRoom.ts";

const text = "an old orphan";
const bytes = new TextEncoder().encode(text);

/** A store with an orphan that the next collection takes. */
async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const digest = await room.push(text);
  room.store.clock.advance(2 * hour);
  const { registry } = room.store.rooms;
  const collectAll = async (): Promise<void> => {
    expect((await room.collect({ minAgeMs: 0 })).state).toBe("done");
  };
  return { ...room, digest, registry, collectAll };
}

type Room = Awaited<ReturnType<typeof openRoom>>;

const isServed = async ({ registry }: Room, repository: typeof app, digest: Digest) =>
  (await findIntact(registry, repository, digest)) !== null;

describe("a collection", () => {
  test("before HEAD writes its lease makes HEAD answer 404", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { contents } = room.registry;
    const keepBlob: typeof contents.keepBlob = async (asked) => {
      await room.collectAll();
      return contents.keepBlob(asked);
    };

    const head = statBlob(
      { ...room.registry, contents: { ...contents, keepBlob } },
      app,
      room.digest,
    );

    expect(await head.catch((error) => error)).toMatchObject({ situation: "BLOB_UNKNOWN" });
  });

  test("after HEAD wrote its lease keeps the blob", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { contents } = room.registry;
    const keepBlob: typeof contents.keepBlob = async (asked) => {
      const kept = await contents.keepBlob(asked);
      await room.collectAll();
      return kept;
    };

    await statBlob({ ...room.registry, contents: { ...contents, keepBlob } }, app, room.digest);

    expect(await isServed(room, app, room.digest)).toBe(true);
  });

  test("before a mount is written makes the mount start an upload", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { contents } = room.registry;
    const deps = {
      ...room.registry,
      contents: {
        ...contents,
        mountBlob: async (mount: Parameters<typeof contents.mountBlob>[0]) => {
          await room.collectAll();
          return contents.mountBlob(mount);
        },
      },
    };
    const request = { repository: other, digest: room.digest, from: app, mayPull: () => true };

    expect(await mountBlob(deps, request)).toBeNull();
    expect(await isServed(room, other, room.digest)).toBe(false);
  });

  test("after a mount keeps the blob in both repositories", async () => {
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
      const { metadata, contents } = uploads;
      let times = 0;
      const once = async (): Promise<void> => {
        times += 1;
        if (times === 1) await room.collectAll();
      };
      const looked = {
        ...contents,
        findContent: async (digest: Digest) => {
          const found = await contents.findContent(digest);
          if (step === "findContent") await once();
          return found;
        },
      };
      const interrupted = {
        ...metadata,
        finishUpload: async (finish: Parameters<typeof metadata.finishUpload>[0]) => {
          if (step === "finishUpload") await once();
          return metadata.finishUpload(finish);
        },
      };
      const chunk = { body: oneChunk(), start: null, end: null, length: bytes.length };
      const request = { repository: other, digest: digestOf(bytes), chunk };

      await uploadInOneRequest({ ...uploads, metadata: interrupted, contents: looked }, request);
      await room.collectAll();

      expect(times).toBeGreaterThan(0);
      expect(await isServed(room, other, room.digest)).toBe(true);
      expect(await room.storedFiles()).toBe(1);
    });
  }

  test("between its transaction and its file deletions keeps the new file of content that was pushed again", async () => {
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
