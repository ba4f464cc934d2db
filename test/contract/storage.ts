// What every implementation of the storage port promises. Callers pass an `open` that returns an empty store.

import { afterEach, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import type { Staged, StagingFollower } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { readContent } from "../support/contents.ts";
import { noise } from "../support/store.ts";
import { contentContract } from "./storageContent.ts";
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

    contentContract(openStore);
    stagingContract(openStore);
    writersContract(openStore);
    partsContract(openStore);

    const start = async (storage: Storage): Promise<Staged> => {
      const id = makeUploadId(Bun.randomUUIDv7());
      return { id, offset: 0, staging: await storage.staging.begin(id, Date.UTC(2026, 0, 1)) };
    };
    const publish = async (storage: Storage, bytes: Uint8Array) => {
      const staged = await storage.staging.append(
        await start(storage),
        chunks(bytes),
        quiet,
        resumable,
      );
      return storage.staging.publish(staged, digestOf(bytes), Bun.randomUUIDv7());
    };
    const readStaged = async (storage: Storage, staged: Staged) => {
      const reader = await storage.staging.openStaged(staged.id, staged.staging);
      const into = new Uint8Array(1024);
      const count = await reader.read(0, into);
      await reader.close();
      return into.subarray(0, count);
    };

    test("staged bytes become content that reads back equal", async () => {
      const storage = await openStore();
      const bytes = noise(3_000_000);

      const locator = await publish(storage, bytes);

      expect(await storage.content.stat(locator)).toEqual({ size: bytes.length });
      expect(await readContent(storage, locator)).toEqual(bytes);
    });

    test("an append continues at the offset and reports the new one", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      const first = await storage.staging.append(
        staged,
        chunks(text("hello "), text("wor")),
        quiet,
        resumable,
      );
      const second = await storage.staging.append(first, chunks(text("ld")), quiet, resumable);

      expect([first.offset, first.cut, second.offset]).toEqual([9, null, 11]);
      expect(await readStaged(storage, second)).toEqual(text("hello world"));
    });

    test("a body that breaks keeps what arrived and says why", async () => {
      const storage = await openStore();

      const appended = await storage.staging.append(
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
      await storage.staging.append(staged, chunks(text("never acknowledged")), quiet, resumable);

      const again = await storage.staging.append(staged, chunks(text("yes")), quiet, resumable);

      expect(await readStaged(storage, again)).toEqual(text("yes"));
    });

    test("bytes beyond the offset are not published", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const first = await storage.staging.append(staged, chunks(text("yes")), quiet, resumable);
      await storage.staging.append(first, chunks(text(" and no")), quiet, resumable);

      const locator = await storage.staging.publish(
        first,
        digestOf(text("yes")),
        Bun.randomUUIDv7(),
      );

      expect(await readContent(storage, locator)).toEqual(text("yes"));
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

      await storage.staging.append(
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

      await storage.staging.append(
        await start(storage),
        chunks(noise(2_000_000)),
        follower,
        resumable,
      );

      expect(released).toBeGreaterThan(0);
    });

    test("an upload without a byte becomes empty content", async () => {
      const storage = await openStore();

      const locator = await storage.staging.publish(
        await start(storage),
        digestOf(new Uint8Array()),
        Bun.randomUUIDv7(),
      );

      expect(await readContent(storage, locator)).toEqual(new Uint8Array());
    });

    test("publishing staged bytes that are gone is an unknown upload", async () => {
      const storage = await openStore();
      const staged = await storage.staging.append(
        await start(storage),
        chunks(text("x")),
        quiet,
        resumable,
      );
      await storage.staging.discard(staged.id, staged.staging);

      await expect(
        storage.staging.publish(staged, digestOf(text("x")), Bun.randomUUIDv7()),
      ).rejects.toMatchObject({
        situation: "UPLOAD_UNKNOWN",
      });
    });

    test("appending beyond the staged bytes is an unknown upload", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      const ahead = storage.staging.append(
        { ...staged, offset: 5 },
        chunks(text("x")),
        quiet,
        resumable,
      );

      await expect(ahead).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    });

    test("dropping staged bytes twice is not an error", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      await storage.staging.discard(staged.id, staged.staging);
      await storage.staging.discard(staged.id, staged.staging);

      await expect(storage.staging.openStaged(staged.id, staged.staging)).rejects.toThrow(
        RegistryError,
      );
    });

    test("a body that can never fit is refused before it is read", async () => {
      const storage = await openStore();
      let read = false;
      const body = (async function* () {
        read = true;
        yield text("x");
      })();

      const refused = storage.staging.append(await start(storage), body, quiet, {
        expected: Number.MAX_SAFE_INTEGER,
        resumable: true,
        signal: new AbortController().signal,
      });

      await expect(refused).rejects.toMatchObject({ situation: "DISK_FULL" });
      expect(read).toBe(false);
    });
  });
}
