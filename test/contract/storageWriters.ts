// Contract of staged bytes under two writers: never do they share a file, whatever their rows say.
import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import type { Staged } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, fresh, stagedText } from "../support/contents.ts";

const text = (value: string) => new TextEncoder().encode(value);
/** More than a writer gathers before it writes. */
const batch = new Uint8Array(600_000).fill(7);

/** Part of `storageContract`. */
export function writersContract(openStore: () => Promise<Storage>): void {
  const start = (storage: Storage) => beginSession(storage);
  const options = (signal = new AbortController().signal, expected: number | null = null) => ({
    ...{ expected, signal },
    resumable: true,
  });
  /** True when a session has exactly so many bytes, whatever its row says. */
  const hasBytes = async ({ repair }: Storage, staged: Staged, count: number): Promise<boolean> =>
    (await repair.holdsStaged({ ...staged, offset: count })) &&
    !(await repair.holdsStaged({ ...staged, offset: count + 1 }));
  /** A body whose end comes when it is told. */
  const stalling = (first: Uint8Array) => {
    const gate = Promise.withResolvers<Uint8Array>();
    const body = (async function* () {
      yield first.slice();
      yield await gate.promise;
    })();
    return { body, gate };
  };

  describe("a writer whose client is silent", () => {
    test("excludes other writers from its bytes until its last call has returned", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const { body, gate } = stalling(text("abc"));
      const first = storage.staging.append(staged, body, options());
      const second = async function* () {
        yield text("other");
      };

      const refused = await Promise.allSettled([
        storage.staging.append(staged, second(), options()),
        storage.staging.seal({ ...staged, offset: 0 }, fresh()),
      ]);
      gate.resolve(text("def"));

      for (const outcome of refused) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "UPLOAD_BUSY" } });
      }
      const appended = await first;
      expect(appended).toMatchObject({ offset: 6, cut: null });
      expect(await stagedText(storage, appended)).toBe("abcdef");
    });

    test("ends at once when its claim is lost, and leaves the bytes to the next writer", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const lost = new AbortController();
      const { body, gate } = stalling(batch);
      const append = storage.staging.append(staged, body, options(lost.signal));
      await Bun.sleep(20);
      lost.abort(new RegistryError("UPLOAD_UNKNOWN"));

      expect(await append.catch((error: unknown) => error)).toMatchObject({
        situation: "UPLOAD_UNKNOWN",
      });
      const next = async function* () {
        yield text("other");
      };
      const appended = await storage.staging.append(staged, next(), options());
      gate.resolve(batch.slice());
      await Bun.sleep(20);
      expect(await stagedText(storage, appended)).toBe("other");
    });

    test("that has lost its claim does not write its buffered bytes", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const lost = new AbortController();
      const { body, gate } = stalling(text("gathered"));
      const append = storage.staging.append(staged, body, options(lost.signal));
      lost.abort(new RegistryError("UPLOAD_UNKNOWN"));
      gate.resolve(text("more"));

      await append.catch(() => {});
      expect(await hasBytes(storage, staged, 0)).toBe(true);
    });
  });

  describe("a body that is not as long as announced", () => {
    test.each([
      ["longer", 700_000],
      ["shorter", 5_000_000],
    ])("is discarded when it is %s, and uses no space", async (_, announced) => {
      const storage = await openStore();
      const staged = await start(storage);
      let yielded = 0;
      const body = (async function* () {
        for (; yielded < 4; yielded += 1) yield batch.slice();
      })();

      const refused = storage.staging.append(staged, body, options(undefined, announced));

      expect(await refused.catch((error: unknown) => error)).toMatchObject({
        situation: "CHUNK_SIZE_MISMATCH",
      });
      expect(await hasBytes(storage, staged, 0)).toBe(true);
      // Who sends more than announced is not read to the end.
      if (announced === 700_000) expect(yielded).toBeLessThan(3);
    });
  });
}
