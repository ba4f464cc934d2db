// A collection exactly between two steps of a request that is about an object: what is answered is kept, with its bytes.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Digest } from "../../src/model/digest.ts";
import { findIntact } from "../../src/registry/blobs.ts";
import { mountObject } from "../../src/registry/mounts.ts";
import { objectsIn } from "../support/objectStore.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, openGcRoom, other } from "./gcRoom.ts";

const text = "an old orphan";
const bytes = new TextEncoder().encode(text);
const path = "backups/path/to/it";

/** A store with a bucket, and an orphan that the next collection takes. */
async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const digest = await room.push(text);
  await objectsIn(room.store).createBucket("backups");
  room.store.clock.advance(2 * hour);
  return {
    ...room,
    digest,
    rooms: room.store.rooms,
    /** Objects whose requests something happens in. */
    objects: (changes: Parameters<typeof objectsIn>[1] = {}) => objectsIn(room.store, changes),
    collectAll: async (): Promise<void> => {
      expect((await room.collect({ minAgeMs: 0 })).state).toBe("done");
    },
    /** Stored names that a row names and that are not there; rows of objects without one of content. */
    async lost(): Promise<readonly string[]> {
      const files = (await Array.fromAsync(room.store.rooms.storage.content.list())).flat();
      const names = new Set<string>(files.map(({ locator }) => locator));
      const database = new Database(join(room.store.directory, "breadbox.db"), { readonly: true });
      const column = (query: string) => database.query(query).values().flat().map(String);
      try {
        return [
          ...column("SELECT locator FROM contents").filter((name) => !names.has(name)),
          ...column("SELECT name FROM objects WHERE digest NOT IN (SELECT digest FROM contents)"),
        ];
      } finally {
        database.close();
      }
    },
  };
}

type Room = Awaited<ReturnType<typeof openRoom>>;

const isServed = async ({ rooms }: Room, repository: typeof app, digest: Digest) => {
  const deps = { metadata: rooms.metadata.registry, storage: rooms.storage };
  return (await findIntact(deps, repository, digest)) !== null;
};

/** Only the first time that it is asked. */
function once(work: () => Promise<void>): () => Promise<void> {
  let asked = false;
  return async () => {
    if (asked) return;
    asked = true;
    await work();
  };
}

describe("a collection", () => {
  for (const [step, way] of [
    ["findContent", "whole"],
    ["commitObject", "whole"],
    ["findContent", "in parts"],
    ["commitObject", "in parts"],
  ] as const) {
    test(`around ${step} of an old orphan that is stored again as an object ${way} does not lose it`, async () => {
      await using scope = new Scope();
      const room = await openRoom(scope);
      const { metadata, contents } = room.rooms.objects;
      const collectOnce = once(room.collectAll);
      const objects = room.objects({
        contents: {
          findContent: async (digest) => {
            const found = await contents.findContent(digest);
            if (step === "findContent") await collectOnce();
            return found;
          },
        },
        metadata: {
          ...metadata,
          commitObject: async (commit) => {
            if (step === "commitObject") await collectOnce();
            return metadata.commitObject(commit);
          },
        },
      });

      if (way === "whole") await objects.put(path, bytes);
      else {
        const upload = await objects.initiate(path);
        await objects.putPart(upload, 1, bytes.subarray(0, 5));
        await objects.putPart(upload, 2, bytes.subarray(5));
        expect(await objects.complete(upload)).toBe(room.digest);
      }
      await room.collectAll();

      expect(await objects.read(path)).toEqual(bytes);
      expect(await room.lost()).toEqual([]);
      expect(await room.storedFiles()).toBe(1);
    });
  }

  test("after an object was made of an old orphan keeps its bytes and deletes its unused link", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.objects().put(path, bytes);

    await room.collectAll();

    expect(await room.objects().read(path)).toEqual(bytes);
    expect(await isServed(room, app, room.digest)).toBe(false);
    expect(await room.storedFiles()).toBe(1);
  });

  for (const [when, isLinked] of [
    ["before", false],
    ["after", true],
  ] as const) {
    test(`right ${when} an object is linked ${isLinked ? "leaves it" : "makes it unknown"}`, async () => {
      await using scope = new Scope();
      const room = await openRoom(scope);
      const { metadata } = room.rooms.objects;
      const linkObject: typeof metadata.linkObject = async (link) => {
        if (!isLinked) await room.collectAll();
        const outcome = await metadata.linkObject(link);
        if (isLinked) await room.collectAll();
        return outcome;
      };
      const objects = room.objects({ metadata: { ...metadata, linkObject } });

      const linked = await objects.link(path, app, room.digest).catch((error) => error);

      if (isLinked) expect(linked).toBe(room.digest);
      else expect(linked).toMatchObject({ situation: "BLOB_UNKNOWN" });
      expect(await objects.read(path)).toEqual(isLinked ? bytes : "OBJECT_UNKNOWN");
      expect(await room.lost()).toEqual([]);
    });

    test(`right ${when} a deleted object's content is mounted ${isLinked ? "leaves the blob" : "makes it an upload"}`, async () => {
      await using scope = new Scope();
      const room = await openRoom(scope);
      const { registry } = room.rooms;
      await room.objects().put(path, bytes);
      const removeAndCollect = async (): Promise<void> => {
        await room.objects().remove(path);
        await room.collectAll();
      };
      const contents = {
        ...registry.contents,
        mountObject: async (mount: Parameters<typeof registry.contents.mountObject>[0]) => {
          if (!isLinked) await removeAndCollect();
          const mounted = await registry.contents.mountObject(mount);
          if (isLinked) await removeAndCollect();
          return mounted;
        },
      };
      const deps = { ...registry, contents };
      const request = { repository: other, digest: room.digest, from: null, mayRead: () => true };

      expect((await mountObject(deps, request)) !== null).toBe(isLinked);
      expect(await isServed(room, other, room.digest)).toBe(isLinked);
      expect(await room.lost()).toEqual([]);
      expect(await room.storedFiles()).toBe(isLinked ? 1 : 0);
    });
  }

  test("between its transaction and its file deletions keeps the new file of content that was put again", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { content } = room.rooms.storage;
    const slow = {
      list: () => content.list(),
      nameOf: content.nameOf,
      stat: content.stat.bind(content),
      delete: async (locator: Parameters<typeof content.delete>[0]): Promise<void> => {
        await room.objects().put(path, bytes);
        await content.delete(locator);
      },
    };

    const outcome = await room.collect({ minAgeMs: 0 }, { storage: { content: slow } });

    expect(outcome.counts.deletedBlobs).toBe(1);
    expect(await room.objects().read(path)).toEqual(bytes);
    expect(await room.lost()).toEqual([]);
    expect(await room.storedFiles()).toBe(1);
  });

  test("that begins while one object replaces another deletes neither", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { metadata } = room.rooms.objects;
    const first = new TextEncoder().encode("first");
    await room.objects().put(path, first);
    const objects = room.objects({
      metadata: {
        ...metadata,
        commitObject: async (commit) => {
          await room.collectAll();
          expect(await room.objects().read(path)).toEqual(first);
          return metadata.commitObject(commit);
        },
      },
    });

    await objects.put(path, bytes);

    expect(await objects.read(path)).toEqual(bytes);
    expect(await room.lost()).toEqual([]);
    await room.collectAll();
    expect(await room.storedFiles()).toBe(1);
  });
});
