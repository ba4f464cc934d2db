// What every implementation of the storage port promises. Callers pass an `open` that returns an empty store.
import { afterEach, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import type { Staged, StagingFollower, Storage } from "../../src/storage/storage.ts";
import { noise } from "../support/store.ts";
import { partsContract } from "./storageParts.ts";
import { stagingContract } from "./storageStaging.ts";
import { writersContract } from "./storageWriters.ts";

/** A store under test and what removes it again. */
export interface OpenedStorage {
  readonly storage: Storage;
  remove(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const quiet: StagingFollower = { staged: () => null };
const resumable = { expected: null, resumable: true, signal: new AbortController().signal };

async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function* broken(part: Uint8Array): AsyncGenerator<Uint8Array> {
  yield part;
  throw new Error("the connection was cut");
}

/** The suite. */
export function storageContract(name: string, open: () => Promise<OpenedStorage>): void {
  describe(`storage: ${name}`, () => {
    const opened: OpenedStorage[] = [];
    const openStore = async (): Promise<Storage> => {
      const store = await open();
      opened.push(store);
      return store.storage;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) {
        await store.storage.close();
        await store.remove();
      }
    });

    stagingContract(openStore);
    writersContract(openStore);
    partsContract(openStore);

    const start = async (storage: Storage): Promise<Staged> => {
      const id = makeUploadId(Bun.randomUUIDv7());
      return { id, offset: 0, staging: await storage.createStaging(id, Date.UTC(2026, 0, 1)) };
    };
    const publish = async (storage: Storage, bytes: Uint8Array) => {
      const staged = await storage.append(await start(storage), chunks(bytes), quiet, resumable);
      return storage.publish(staged, digestOf(bytes), Bun.randomUUIDv7());
    };
    const read = async (storage: Storage, locator: Awaited<ReturnType<typeof publish>>) => {
      const found = await storage.open(locator);
      return found === null ? null : new Uint8Array(await found.body.arrayBuffer());
    };
    const readStaged = async (storage: Storage, staged: Staged) => {
      const reader = await storage.openStaged(staged.id, staged.staging);
      const into = new Uint8Array(1024);
      const count = await reader.read(0, into);
      await reader.close();
      return into.subarray(0, count);
    };

    test("staged bytes become content that reads back equal", async () => {
      const storage = await openStore();
      const bytes = noise(3_000_000);

      const locator = await publish(storage, bytes);

      const found = await storage.open(locator);
      expect(found?.size).toBe(bytes.length);
      expect(await read(storage, locator)).toEqual(bytes);
    });

    test("content that is opened to be sent reads back equal, at hand or fetched", async () => {
      const storage = await openStore();
      const bytes = noise(700_000);
      const file = await storage.openToSend(await publish(storage, bytes));
      const into = new Uint8Array(new SharedArrayBuffer(1000));

      const fetched = await file?.fetch(0, bytes.length, () => true);
      const atHand = file?.isAtHand(0, bytes.length);
      const counts = [await file?.read(5000, into), await file?.read(bytes.length, into)];

      expect([fetched, atHand]).toEqual([true, true]);
      expect(counts).toEqual([1000, 0]);
      expect(Uint8Array.from(into)).toEqual(bytes.subarray(5000, 6000));
      await file?.close();
    });

    test("content that is absent cannot be opened to be sent", async () => {
      const storage = await openStore();
      const locator = await publish(storage, text("gone"));

      await storage.delete(locator);

      expect(await storage.openToSend(locator)).toBeNull();
    });

    test("an append continues at the offset and reports the new one", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      const first = await storage.append(
        staged,
        chunks(text("hello "), text("wor")),
        quiet,
        resumable,
      );
      const second = await storage.append(first, chunks(text("ld")), quiet, resumable);

      expect([first.offset, first.cut, second.offset]).toEqual([9, null, 11]);
      expect(await readStaged(storage, second)).toEqual(text("hello world"));
    });

    test("a body that breaks keeps what arrived and says why", async () => {
      const storage = await openStore();

      const appended = await storage.append(
        await start(storage),
        broken(text("kept")),
        quiet,
        resumable,
      );

      expect(appended.offset).toBe(4);
      expect(appended.cut?.message).toBe("the connection was cut");
      expect(await readStaged(storage, appended)).toEqual(text("kept"));
    });

    test("bytes beyond the offset are dropped by the next append", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      await storage.append(staged, chunks(text("never acknowledged")), quiet, resumable);

      const again = await storage.append(staged, chunks(text("yes")), quiet, resumable);

      expect(await readStaged(storage, again)).toEqual(text("yes"));
    });

    test("bytes beyond the offset are not published", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const first = await storage.append(staged, chunks(text("yes")), quiet, resumable);
      await storage.append(first, chunks(text(" and no")), quiet, resumable);

      const locator = await storage.publish(first, digestOf(text("yes")), Bun.randomUUIDv7());

      expect(await read(storage, locator)).toEqual(text("yes"));
    });

    test("the follower sees every byte once, in order, after it can be read back", async () => {
      const storage = await openStore();
      const bytes = noise(2_500_000);
      const staged = await start(storage);
      const reader: { end: number; seen: Uint8Array[] } = { end: 0, seen: [] };
      const follower: StagingFollower = {
        staged: (offset, parts) => {
          expect(offset).toBe(reader.end);
          for (const part of parts) {
            reader.seen.push(part.slice());
            reader.end += part.byteLength;
          }
          return null;
        },
      };

      await storage.append(
        staged,
        chunks(bytes.subarray(0, 7), bytes.subarray(7)),
        follower,
        resumable,
      );

      expect(Buffer.concat(reader.seen).equals(bytes)).toBe(true);
    });

    test("a follower that asks the writer to wait is waited for", async () => {
      const storage = await openStore();
      let released = 0;
      const follower: StagingFollower = {
        staged: async () => {
          await Bun.sleep(1);
          released += 1;
        },
      };

      await storage.append(await start(storage), chunks(noise(2_000_000)), follower, resumable);

      expect(released).toBeGreaterThan(0);
    });

    test("an upload without a byte becomes empty content", async () => {
      const storage = await openStore();

      const locator = await storage.publish(
        await start(storage),
        digestOf(new Uint8Array()),
        Bun.randomUUIDv7(),
      );

      expect((await storage.open(locator))?.size).toBe(0);
    });

    test("publishing staged bytes that are gone is an unknown upload", async () => {
      const storage = await openStore();
      const staged = await storage.append(
        await start(storage),
        chunks(text("x")),
        quiet,
        resumable,
      );
      await storage.discardStaged(staged.id, staged.staging);

      await expect(
        storage.publish(staged, digestOf(text("x")), Bun.randomUUIDv7()),
      ).rejects.toMatchObject({
        situation: "UPLOAD_UNKNOWN",
      });
    });

    test("appending beyond the staged bytes is an unknown upload", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      const ahead = storage.append({ ...staged, offset: 5 }, chunks(text("x")), quiet, resumable);

      await expect(ahead).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    });

    test("the same content published twice has two names", async () => {
      const storage = await openStore();

      const [first, second] = [
        await publish(storage, text("x")),
        await publish(storage, text("x")),
      ];

      expect(first).not.toBe(second);
      await storage.delete(first);
      expect(await read(storage, second)).toEqual(text("x"));
    });

    test("deleted content is absent, and deleting it again is not an error", async () => {
      const storage = await openStore();
      const locator = await publish(storage, text("x"));

      await storage.delete(locator);
      await storage.delete(locator);

      expect(await storage.open(locator)).toBeNull();
    });

    test("dropping staged bytes twice is not an error", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      await storage.discardStaged(staged.id, staged.staging);
      await storage.discardStaged(staged.id, staged.staging);

      await expect(storage.openStaged(staged.id, staged.staging)).rejects.toThrow(RegistryError);
    });

    test("a body that can never fit is refused before it is read", async () => {
      const storage = await openStore();
      const capacity = await storage.capacity();
      if (capacity === null) return;
      let read = false;
      const body = (async function* () {
        read = true;
        yield text("x");
      })();

      const refused = storage.append(await start(storage), body, quiet, {
        expected: capacity.total * 2,
        resumable: true,
        signal: new AbortController().signal,
      });

      await expect(refused).rejects.toMatchObject({ situation: "DISK_FULL" });
      expect(read).toBe(false);
    });
  });
}
