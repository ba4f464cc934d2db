// What only files promise, beyond the contract of every storage.
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import type { Session } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, contentText, fresh, sealed } from "../support/contents.ts";
import { serving } from "../support/serving.ts";

const never = new AbortController().signal;
const options = (signal = never) => ({ expected: null, resumable: true, signal });
/** More than a writer gathers before it writes. */
const batch = new Uint8Array(600_000).fill(7);
const text = (value: string) => new TextEncoder().encode(value);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.slice();
}

describe("bytes in files", () => {
  const opened: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });

  async function open(): Promise<Storage> {
    const directory = await mkdtemp(join(tmpdir(), "breadbox-files-"));
    const latch = new WriteLatch(() => {});
    const tools = { directory, latch, clock: Date.now, newId: Bun.randomUUIDv7 };
    const storage = await openFilesystem({ ...tools, serving: serving() });
    opened.push(async () => {
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    });
    return storage;
  }
  const stage = async (storage: Storage, bytes: Uint8Array): Promise<Session> =>
    storage.staging.append(await beginSession(storage), once(bytes), options());
  const names = async ({ content }: Storage) => (await Array.fromAsync(content.list())).flat();

  test("stay as they are when their writer loses its claim", async () => {
    const storage = await open();
    const session = await beginSession(storage);
    const hasBytes = async (offset: number) => storage.repair.holdsStaged({ ...session, offset });
    const lost = new AbortController();
    const gate = Promise.withResolvers<void>();
    const body = (async function* () {
      yield batch.slice();
      await gate.promise;
      yield batch.slice();
    })();
    const append = storage.staging.append(session, body, options(lost.signal));
    while (!(await hasBytes(batch.length))) await Bun.sleep(1);
    lost.abort(new RegistryError("UPLOAD_UNKNOWN"));

    await expect(append).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    gate.resolve();
    await Bun.sleep(20);
    expect([await hasBytes(batch.length), await hasBytes(batch.length + 1)]).toEqual([true, false]);
  });

  test("get no stored name while they are others than expected, or stored already", async () => {
    const storage = await open();
    const session = await stage(storage, text("these"));

    await storage.staging.seal(session, fresh([digestOf(text("others"))]));
    await storage.staging.seal(session, { ...fresh(), isStored: async () => true });

    expect(await names(storage)).toEqual([]);
  });

  test("get another stored name each time they are sealed", async () => {
    const storage = await open();
    const session = await stage(storage, text("abc"));

    const [first, second] = [await sealed(storage, session), await sealed(storage, session)];
    await storage.content.delete(first);
    await storage.staging.discard(session.id, session.staging);

    expect(second).not.toBe(first);
    expect(await contentText(storage, second)).toBe("abc");
  });

  test("are files of this machine, whose bytes are in memory once they were fetched", async () => {
    const storage = await open();
    const locator = await sealed(storage, await stage(storage, batch));
    const found = await storage.content.open({ locator, size: batch.length });
    const reader = await storage.content.reader(locator);

    expect(found?.kind).toBe("file");
    expect(await reader?.fetch(0, batch.length, () => true)).toBe(true);
    expect(await reader?.missing(0, batch.length)).toBe(0);
    await reader?.close();
  });

  test("of a session without a byte are there as long as its folder is", async () => {
    const storage = await open();
    const session = await beginSession(storage);

    const before = await storage.repair.holdsStaged(session);
    await storage.staging.discard(session.id, session.staging);

    expect([before, await storage.repair.holdsStaged(session)]).toEqual([true, false]);
  });
});
