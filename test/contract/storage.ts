// What every implementation of the storage port promises. Callers pass an `open` that returns an empty store.

import { afterEach, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, fresh, readContent, sealed, stagedText } from "../support/contents.ts";
import { noise } from "../support/store.ts";
import { contentContract } from "./storageContent.ts";
import { followContract } from "./storageFollow.ts";
import { intakeContract } from "./storageIntake.ts";
import { partsContract } from "./storageParts.ts";
import { stagingContract } from "./storageStaging.ts";
import { writersContract } from "./storageWriters.ts";

/** A store under test and what removes it again. */
export interface OpenedStorage {
  readonly storage: Storage;
  remove(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const resumable = { expected: null, resumable: true, signal: new AbortController().signal };

async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function* broken(part: Uint8Array): AsyncGenerator<Uint8Array> {
  yield part;
  throw new Error("the connection was cut");
}

/** What a storage can do beyond what each of them must. */
export interface Abilities {
  /** It reads staged bytes while they are written. */
  readonly follows: boolean;
  /** It lists every session, also one without bytes, and when it began. */
  readonly listsAll: boolean;
}

/** The suite. */
export function storageContract(
  name: string,
  open: () => Promise<OpenedStorage>,
  abilities: Abilities = { follows: true, listsAll: true },
): void {
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
    stagingContract(openStore, abilities);
    writersContract(openStore);
    if (abilities.follows) followContract(openStore);
    partsContract(openStore);
    intakeContract(openStore);

    const start = (storage: Storage) => beginSession(storage, Date.UTC(2026, 0, 1));

    test("the space that is left is part of the disk's, where bytes are on a disk", async () => {
      const space = await (await openStore()).space();

      if (space === null) return;
      expect(space.total).toBeGreaterThan(0);
      expect(space.free).toBeWithin(0, space.total + 1);
    });

    test("staged bytes become content that reads back equal", async () => {
      const storage = await openStore();
      const bytes = noise(3_000_000);

      const staged = await storage.staging.append(await start(storage), chunks(bytes), resumable);
      const locator = await sealed(storage, staged);

      expect(await storage.content.stat(locator)).toEqual({ size: bytes.length });
      expect(await readContent(storage, locator)).toEqual(bytes);
    });

    test("an append continues at the offset and reports the new one", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      const first = await storage.staging.append(
        staged,
        chunks(text("hello "), text("wor")),

        resumable,
      );
      const second = await storage.staging.append(first, chunks(text("ld")), resumable);

      expect([first.offset, first.cut, second.offset]).toEqual([9, null, 11]);
      expect(await stagedText(storage, second)).toBe("hello world");
    });

    test("a broken body keeps the bytes that arrived and reports the reason", async () => {
      const storage = await openStore();

      const appended = await storage.staging.append(
        await start(storage),
        broken(text("kept")),

        resumable,
      );

      expect(appended.offset).toBe(4);
      expect(appended.cut?.message).toBe("the connection was cut");
      expect(await stagedText(storage, appended)).toBe("kept");
    });

    test("bytes beyond the offset are dropped by the next append", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      await storage.staging.append(staged, chunks(text("never acknowledged")), resumable);

      const again = await storage.staging.append(staged, chunks(text("yes")), resumable);

      expect(await stagedText(storage, again)).toBe("yes");
    });

    test("bytes beyond the offset are not sealed", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const first = await storage.staging.append(staged, chunks(text("yes")), resumable);
      await storage.staging.append(first, chunks(text(" and no")), resumable);

      const locator = await sealed(storage, first);

      expect(await readContent(storage, locator)).toEqual(text("yes"));
    });

    test("an append that will be resumed returns the digest of everything staged", async () => {
      const storage = await openStore();

      const first = await storage.staging.append(
        await start(storage),
        chunks(text("hello ")),
        resumable,
      );
      const second = await storage.staging.append(first, broken(text("world")), resumable);

      expect(first.digest).toBe(digestOf(text("hello ")));
      expect(second.digest).toBe(digestOf(text("hello world")));
    });

    test("bytes that do not match the expected digest are reported and not stored", async () => {
      const storage = await openStore();
      const bytes = text("these");
      const staged = await storage.staging.append(await start(storage), chunks(bytes), resumable);
      const expected = digestOf(text("others"));

      const outcome = await storage.staging.seal(
        staged,
        fresh([digestOf(bytes, "sha512"), expected]),
      );

      expect(outcome).toEqual({ kind: "mismatch", expected, actual: digestOf(bytes) });
      await storage.staging.discard(staged.id, staged.staging);
      expect((await Array.fromAsync(storage.content.list())).flat()).toEqual([]);
    });

    test("bytes that are already stored are verified, and get no second name", async () => {
      const storage = await openStore();
      const bytes = text("known");
      const staged = await storage.staging.append(await start(storage), chunks(bytes), resumable);
      const content = { digest: digestOf(bytes, "sha512"), size: 5 };
      const asked: unknown[] = [];

      const outcome = await storage.staging.seal(staged, {
        ...fresh([digestOf(bytes)]),
        as: "sha512",
        isStored: async (found) => asked.push(found) === 1,
      });

      expect(asked).toEqual([content]);
      expect(outcome).toEqual({ kind: "sealed", locator: null, ...content });
      await storage.staging.discard(staged.id, staged.staging);
      expect((await Array.fromAsync(storage.content.list())).flat()).toEqual([]);
    });

    test("an upload without a byte becomes empty content", async () => {
      const storage = await openStore();

      const locator = await sealed(storage, await start(storage));

      expect(await readContent(storage, locator)).toEqual(new Uint8Array());
    });

    test("sealing staged bytes that are gone is an unknown upload", async () => {
      const storage = await openStore();
      const staged = await storage.staging.append(
        await start(storage),
        chunks(text("x")),

        resumable,
      );
      await storage.staging.discard(staged.id, staged.staging);

      await expect(storage.staging.seal(staged, fresh())).rejects.toMatchObject({
        situation: "UPLOAD_UNKNOWN",
      });
    });

    test("appending beyond the staged bytes is an unknown upload", async () => {
      const storage = await openStore();
      const staged = await start(storage);

      const ahead = storage.staging.append(
        { ...staged, offset: 5 },
        chunks(text("x")),

        resumable,
      );

      await expect(ahead).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    });

    test("dropping staged bytes twice is not an error", async () => {
      const storage = await openStore();
      const staged = await storage.staging.append(
        await start(storage),
        chunks(text("x")),
        resumable,
      );

      await storage.staging.discard(staged.id, staged.staging);
      await storage.staging.discard(staged.id, staged.staging);

      await expect(storage.staging.append(staged, chunks(), resumable)).rejects.toThrow(
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

      const refused = storage.staging.append(await start(storage), body, {
        expected: Number.MAX_SAFE_INTEGER,
        resumable: true,
        signal: new AbortController().signal,
      });

      await expect(refused).rejects.toMatchObject({ situation: "DISK_FULL" });
      expect(read).toBe(false);
    });
  });
}
