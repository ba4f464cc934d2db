// Contract of staged bytes between two appends: they are listed, dropped, and staged again when nobody came to name them.

import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import type { Session, StagedEntry } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, contentText, fresh, sealed, stagedText } from "../support/contents.ts";
import type { Abilities } from "./storage.ts";

const startedAt = Date.UTC(2026, 0, 1, 2, 3, 4, 5);
const resumable = { expected: null, resumable: true, signal: new AbortController().signal };
/** An entry, with when it began: Unix ms. */
type Listed = Omit<StagedEntry, "startedAt"> & { readonly startedAt: number | null };
const text = (value: string) => new TextEncoder().encode(value);

async function* once(value: string): AsyncGenerator<Uint8Array> {
  yield text(value);
}

/** Part of `storageContract`. */
export function stagingContract(openStore: () => Promise<Storage>, { listsAll }: Abilities): void {
  const start = (storage: Storage, at = startedAt) => beginSession(storage, at);
  const stage = async (storage: Storage, value: string): Promise<Session> =>
    storage.staging.append(await start(storage), once(value), resumable);
  const listed = async (storage: Storage): Promise<Listed[]> => {
    const entries = await Array.fromAsync(storage.staging.list(), async (entry) => ({
      ...entry,
      startedAt: await entry.startedAt(),
    }));
    return entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  };

  describe("the list of staged bytes", () => {
    test("is empty in an empty store", async () => {
      expect(await listed(await openStore())).toEqual([]);
    });

    test("leaves out dropped sessions, and tolerates drops while it is read", async () => {
      const storage = await openStore();
      const staged = await Promise.all(Array.from({ length: 50 }, () => stage(storage, "abc")));
      const drop = () =>
        Promise.all(staged.map((each) => storage.staging.discard(each.id, each.staging)));
      for await (const { id } of storage.staging.list()) {
        expect(staged.map((each) => each.id)).toContain(id);
        await drop();
      }
      await drop();

      expect(await listed(storage)).toEqual([]);
    });
  });

  const listsSessions = () => {
    test("has every session with its start time, with and without bytes", async () => {
      const storage = await openStore();
      const staged = [await start(storage), await stage(storage, "abc")];

      const expected = staged.map(({ id, staging }) => ({ id, staging, startedAt }));
      expect(await listed(storage)).toEqual(expected.sort((a, b) => (a.id < b.id ? -1 : 1)));
    });

    test("has 1,000 of them", async () => {
      const storage = await openStore();
      const ids = await Promise.all(Array.from({ length: 1000 }, () => start(storage)));

      const found = await listed(storage);

      expect(found.map(({ id }) => id)).toEqual(ids.map(({ id }) => id).sort());
    });

    test("returns a start time in the future unchanged", async () => {
      const storage = await openStore();
      const future = Date.UTC(2126, 0, 1);
      await start(storage, future);

      expect((await listed(storage)).map((entry) => entry.startedAt)).toEqual([future]);
    });
  };
  if (listsAll) describe("the list of all sessions", listsSessions);

  describe("dropped staged bytes", () => {
    test("cannot be sealed or written", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "abc");

      await storage.staging.discard(staged.id, staged.staging);

      const unknown = { situation: "UPLOAD_UNKNOWN" };
      await expect(stagedText(storage, staged)).rejects.toMatchObject(unknown);
      const append = storage.staging.append(staged, once("d"), resumable);
      await expect(append).rejects.toMatchObject(unknown);
    });

    test("are dropped once by concurrent drops, and none of these fails", async () => {
      const storage = await openStore();
      const { id, staging } = await stage(storage, "abc");

      await Promise.all(Array.from({ length: 20 }, () => storage.staging.discard(id, staging)));

      expect(await listed(storage)).toEqual([]);
    });

    test("do not affect other sessions, also when interrupted drops are finished", async () => {
      const storage = await openStore();
      const [dropped, kept] = [await stage(storage, "abc"), await stage(storage, "xyz")];

      await storage.staging.discard(dropped.id, dropped.staging);
      await storage.staging.tidy();
      await storage.staging.tidy();

      expect(await stagedText(storage, kept)).toBe("xyz");
      expect((await listed(storage)).map(({ id }) => id)).not.toContain(dropped.id);
    });
  });

  describe("staged bytes that were published", () => {
    test("are kept with their session until it is dropped, and the content afterwards", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "abc");

      const locator = await sealed(storage, staged);

      expect(await storage.repair.holdsStaged(staged)).toBe(true);
      await storage.staging.discard(staged.id, staged.staging);
      expect(await listed(storage)).toEqual([]);
      expect(await contentText(storage, locator)).toBe("abc");
    });

    test("can be sealed again, under the same name or another one", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "abc");

      const first = await sealed(storage, staged);
      const second = await sealed(storage, staged);

      if (second !== first) await storage.content.delete(first);
      await storage.staging.discard(staged.id, staged.staging);
      expect(await contentText(storage, second)).toBe("abc");
    });

    test("can grow without changing the content", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "abc");
      const locator = await sealed(storage, staged);

      const longer = await storage.staging.append(staged, once("def"), resumable);

      const again = await sealed(storage, longer);
      expect(await contentText(storage, locator)).toBe("abc");
      expect(await contentText(storage, again)).toBe("abcdef");
    });

    test("can be rewritten from an earlier offset without changing the content", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "early");
      const locator = await sealed(storage, staged);

      const later = await storage.staging.append(
        { ...staged, offset: 2 },
        once("st"),

        resumable,
      );

      expect(await stagedText(storage, later)).toBe("east");
      expect(await contentText(storage, locator)).toBe("early");
    });

    test("can be read back while they are written, also after they were published", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "abc");
      const locator = await sealed(storage, staged);

      const longer = await storage.staging.append(staged, once("d".repeat(300_000)), resumable);

      const bytes = text(`abc${"d".repeat(300_000)}`);
      expect(await storage.staging.seal(longer, fresh([digestOf(bytes)]))).toMatchObject({
        kind: "sealed",
        size: 300_003,
      });
      expect(await contentText(storage, locator)).toBe("abc");
    });

    test("can be rewritten from the first byte without changing the content", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "early");
      const locator = await sealed(storage, staged);

      const later = await storage.staging.append(
        { ...staged, offset: 0 },
        once("late"),

        resumable,
      );

      expect(await stagedText(storage, later)).toBe("late");
      expect(await contentText(storage, locator)).toBe("early");
    });

    test("are cut to the offset without changing the content", async () => {
      const storage = await openStore();
      const staged = await stage(storage, "abcdef");
      const locator = await sealed(storage, staged);

      const short = await sealed(storage, { ...staged, offset: 3 });

      expect(await contentText(storage, locator)).toBe("abcdef");
      expect(await contentText(storage, short)).toBe("abc");
    });
  });

  test("a reachable store passes the check", async () => {
    const storage = await openStore();

    await storage.check();

    expect(await listed(storage)).toEqual([]);
  });
}
