// Contract of staged bytes under two writers: never do they share a file, whatever their rows say.
import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import type { Staged, StagingFollower } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";

const quiet: StagingFollower = { staged: () => null };
const text = (value: string) => new TextEncoder().encode(value);
/** More than a writer gathers before it writes. */
const batch = new Uint8Array(600_000).fill(7);

/** Part of `storageContract`. */
export function writersContract(openStore: () => Promise<Storage>): void {
  const start = async (storage: Storage): Promise<Staged> => {
    const id = makeUploadId(Bun.randomUUIDv7());
    return { id, offset: 0, staging: await storage.staging.begin(id, 0) };
  };
  const options = (signal = new AbortController().signal, expected: number | null = null) => ({
    ...{ expected, signal },
    resumable: true,
  });
  const readAll = async (storage: Storage, { id, staging }: Staged): Promise<number> => {
    const reader = await storage.staging.openStaged(id, staging);
    const read = await reader.read(0, new Uint8Array(2_000_000));
    await reader.close();
    return read;
  };
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
    test("keeps everybody else from its bytes until its last call has returned", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const { body, gate } = stalling(text("abc"));
      const first = storage.staging.append(staged, body, quiet, options());
      const second = async function* () {
        yield text("other");
      };

      const refused = await Promise.allSettled([
        storage.staging.append(staged, second(), quiet, options()),
        storage.staging.separateStaged(staged),
        storage.staging.publish(staged, digestOf(text("abc")), Bun.randomUUIDv7()),
      ]);
      gate.resolve(text("def"));

      for (const outcome of refused) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "UPLOAD_BUSY" } });
      }
      const appended = await first;
      expect(appended).toMatchObject({ offset: 6, cut: null });
      expect(
        await storage.staging.publish(appended, digestOf(text("abcdef")), Bun.randomUUIDv7()),
      ).toBeString();
    });

    test("ends at once when its claim is lost, writes nothing more and takes nothing back", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const lost = new AbortController();
      const { body, gate } = stalling(batch);
      const follower = Promise.withResolvers<void>();
      const seen: StagingFollower = {
        staged: () => {
          follower.resolve();
          return null;
        },
      };

      const append = storage.staging.append(staged, body, seen, options(lost.signal));
      await follower.promise;
      lost.abort(new RegistryError("UPLOAD_UNKNOWN"));

      expect(await append.catch((error: unknown) => error)).toMatchObject({
        situation: "UPLOAD_UNKNOWN",
      });
      gate.resolve(batch.slice());
      await Bun.sleep(20);
      expect(await readAll(storage, staged)).toBe(batch.length);
    });

    test("that has lost its claim writes none of what it gathered before", async () => {
      const storage = await openStore();
      const staged = await start(storage);
      const lost = new AbortController();
      const { body, gate } = stalling(text("gathered"));
      const append = storage.staging.append(staged, body, quiet, options(lost.signal));
      lost.abort(new RegistryError("UPLOAD_UNKNOWN"));
      gate.resolve(text("more"));

      await append.catch(() => {});
      expect(await readAll(storage, staged)).toBe(0);
    });
  });

  describe("a body that is not as long as it was announced", () => {
    test.each([
      ["longer", 700_000],
      ["shorter", 5_000_000],
    ])("counts for nothing when it is %s, and takes no space", async (_, announced) => {
      const storage = await openStore();
      const staged = await start(storage);
      let yielded = 0;
      const body = (async function* () {
        for (; yielded < 4; yielded += 1) yield batch.slice();
      })();

      const refused = storage.staging.append(staged, body, quiet, options(undefined, announced));

      expect(await refused.catch((error: unknown) => error)).toMatchObject({
        situation: "CHUNK_SIZE_MISMATCH",
      });
      expect(await readAll(storage, staged)).toBe(0);
      // Who sends more than announced is not read to the end.
      if (announced === 700_000) expect(yielded).toBeLessThan(3);
    });
  });
}
