// Contract of staged parts: received under a name of their own, settled when their row is durable, dropped with their upload.

import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import type { PartPlace } from "../../src/model/staged.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import type { Body, StagingFollower } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { contentText } from "../support/contents.ts";

const quiet: StagingFollower = { staged: () => null };
const unknown = { expected: null, signal: new AbortController().signal };
const text = (value: string) => new TextEncoder().encode(value);
const newId = (): UploadId => makeUploadId(Bun.randomUUIDv7());

async function* once(value: string): AsyncGenerator<Uint8Array> {
  yield text(value);
}

async function* broken(value: string): AsyncGenerator<Uint8Array> {
  yield text(value);
  throw new Error("the connection was cut");
}

async function receive(storage: Storage, id: UploadId, number: number, value: string) {
  const { place } = await storage.parts.receive(id, number, once(value), quiet, unknown);
  return place;
}

async function read(storage: Storage, place: PartPlace): Promise<string | null> {
  const reader = await storage.parts.open(place);
  if (reader === null) return null;
  const into = new Uint8Array(1024);
  const count = await reader.read(0, into);
  await reader.close();
  return new TextDecoder().decode(into.subarray(0, count));
}

const uploads = (storage: Storage) => Array.fromAsync(storage.parts.list());

/** Part of `storageContract`. */
export function partsContract(openStore: () => Promise<Storage>): void {
  describe("a staged part", () => {
    test("is read before and after it was settled, and its size is told", async () => {
      const storage = await openStore();
      const id = newId();

      const part = await storage.parts.receive(id, 1, once("abc"), quiet, {
        expected: 3,
        signal: new AbortController().signal,
      });

      expect([part.size, part.cut]).toEqual([3, null]);
      expect(await read(storage, part.place)).toBe("abc");
      await storage.parts.settle(part.place);
      await storage.parts.settle(part.place);
      expect(await read(storage, part.place)).toBe("abc");
      expect(await uploads(storage)).toEqual([id]);
    });

    test("without a byte, and one with a number of six digits, are parts", async () => {
      const storage = await openStore();
      const id = newId();

      const places = [await receive(storage, id, 1, ""), await receive(storage, id, 100_000, "x")];
      for (const place of places) await storage.parts.settle(place);

      expect(await Promise.all(places.map((place) => read(storage, place)))).toEqual(["", "x"]);
    });

    test("stays as it was until the next version of its number is settled", async () => {
      const storage = await openStore();
      const id = newId();
      const first = await receive(storage, id, 7, "first");
      await storage.parts.settle(first);

      const second = await receive(storage, id, 7, "second");

      expect(second.path).toBe(first.path);
      expect(second.version).not.toBe(first.version);
      expect(await read(storage, first)).toBe("first");
      expect(await read(storage, second)).toBe("second");
      await storage.parts.settle(second);
      expect(await read(storage, second)).toBe("second");
    });

    test("that is dropped before it was settled leaves the earlier version, and can be dropped twice", async () => {
      const storage = await openStore();
      const id = newId();
      const first = await receive(storage, id, 7, "first");
      await storage.parts.settle(first);
      const second = await receive(storage, id, 7, "second");

      await storage.parts.drop(second);
      await storage.parts.drop(second);

      expect(await read(storage, first)).toBe("first");
    });

    test("whose body breaks says why and leaves nothing", async () => {
      const storage = await openStore();
      const id = newId();

      const part = await storage.parts.receive(id, 1, broken("abc"), quiet, unknown);

      expect(part.cut?.message).toBe("the connection was cut");
      expect(await read(storage, part.place)).toBeNull();
      expect(await uploads(storage)).toEqual([]);
    });

    test("whose follower refuses its bytes leaves nothing, and its body is ended", async () => {
      const storage = await openStore();
      let ended = false;
      const body: Body = (async function* () {
        try {
          for (;;) yield new Uint8Array(1_048_576);
        } finally {
          ended = true;
        }
      })();
      const refusing: StagingFollower = {
        staged: () => {
          throw new Error("too much");
        },
      };

      const refused = storage.parts.receive(newId(), 1, body, refusing, unknown);

      await expect(refused).rejects.toThrow("too much");
      expect(ended).toBe(true);
      expect(await uploads(storage)).toEqual([]);
    });

    test("that can never fit is refused before it is read", async () => {
      const storage = await openStore();
      const body = broken("never read");

      const refused = storage.parts.receive(newId(), 1, body, quiet, {
        expected: Number.MAX_SAFE_INTEGER,
        signal: new AbortController().signal,
      });

      await expect(refused).rejects.toMatchObject({ situation: "DISK_FULL" });
      expect(await uploads(storage)).toEqual([]);
    });

    test("whose upload is dropped while it comes is of an unknown upload", async () => {
      const storage = await openStore();
      const id = newId();
      const body: Body = (async function* () {
        yield text("abc");
        await storage.staging.discard(id, storage.parts.staging);
      })();

      const late = storage.parts.receive(id, 1, body, quiet, unknown);

      await expect(late).rejects.toMatchObject({ situation: "MULTIPART_UNKNOWN" });
      expect(await uploads(storage)).toEqual([]);
    });

    test("that came for an upload that was dropped goes with its folder", async () => {
      const storage = await openStore();
      const id = newId();
      await receive(storage, id, 1, "abc");
      await storage.staging.discard(id, storage.parts.staging);

      await storage.parts.drop(await receive(storage, id, 2, "late"));

      expect(await uploads(storage)).toEqual([]);
    });

    test("comes whole beside 50 others that break", async () => {
      const storage = await openStore();
      const id = newId();
      const breaking = Array.from({ length: 50 }, (_, at) =>
        storage.parts.receive(id, at + 2, broken("x"), quiet, unknown),
      );

      const place = await receive(storage, id, 1, "abc");
      await Promise.all(breaking);

      expect(await read(storage, place)).toBe("abc");
    });
  });

  describe("the parts of an upload", () => {
    test("are gone when it was dropped, once and again, and those of others are not", async () => {
      const storage = await openStore();
      const [dropped, kept] = [newId(), newId()];
      const gone = await receive(storage, dropped, 1, "abc");
      const stays = await receive(storage, kept, 1, "xyz");

      await storage.staging.discard(dropped, storage.parts.staging);
      await storage.staging.discard(dropped, storage.parts.staging);

      expect(await read(storage, gone)).toBeNull();
      expect(await read(storage, stays)).toBe("xyz");
      expect(await uploads(storage)).toEqual([kept]);
      await storage.parts.settle(gone);
      await storage.parts.drop(gone);
    });

    test("are no staged bytes of sessions", async () => {
      const storage = await openStore();

      await receive(storage, newId(), 1, "abc");

      expect(await Array.fromAsync(storage.staging.list())).toEqual([]);
    });
  });

  describe("an object that comes whole", () => {
    test("is appended, published and dropped like a session's bytes", async () => {
      const storage = await openStore();
      const id = newId();
      const { staging } = storage.parts;
      await storage.parts.createWhole(id);

      const options = { expected: null, resumable: false, signal: new AbortController().signal };
      const staged = await storage.staging.append(
        { id, offset: 0, staging },
        once("abc"),
        quiet,
        options,
      );
      const locator = await storage.staging.publish(
        staged,
        digestOf(text("abc")),
        Bun.randomUUIDv7(),
      );

      expect(await uploads(storage)).toEqual([id]);
      await storage.staging.discard(id, staging);
      expect(await uploads(storage)).toEqual([]);
      expect(await contentText(storage, locator)).toBe("abc");
    });

    test("is no session of the same id", async () => {
      const storage = await openStore();
      const id = newId();
      await storage.parts.createWhole(id);
      await storage.staging.begin(id, 0);

      await storage.staging.discard(id, storage.parts.staging);

      const [entry] = await Array.fromAsync(storage.staging.list());
      expect(entry?.id).toBe(id);
    });
  });
}
