// What every storage promises of stored content.
import { expect, test } from "bun:test";
import type { Locator } from "../../src/model/locator.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, readContent, sealed } from "../support/contents.ts";
import { noise } from "../support/store.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function publish(storage: Storage, bytes: Uint8Array): Promise<Locator> {
  const body = (async function* () {
    yield bytes;
  })();
  const options = { expected: null, resumable: true, signal: new AbortController().signal };
  return sealed(storage, await storage.staging.append(await beginSession(storage), body, options));
}

/** Part of the suite. @param openStore returns an empty store. */
export function contentContract(openStore: () => Promise<Storage>): void {
  test("content opened for sending reads back equal, local or fetched", async () => {
    const storage = await openStore();
    const bytes = noise(700_000);
    const file = await storage.content.reader(await publish(storage, bytes));
    const into = new Uint8Array(new SharedArrayBuffer(1000));

    const fetched = await file?.fetch(0, bytes.length, () => true);
    const missing = await file?.missing(0, bytes.length);
    for (let at = 0; at < into.length; ) {
      at += (await file?.read(5000 + at, into.subarray(at))) ?? into.length;
    }

    expect(missing).toBe(fetched === true ? 0 : bytes.length);
    expect(await file?.read(bytes.length, new Uint8Array(new SharedArrayBuffer(1)))).toBe(0);
    expect(Uint8Array.from(into)).toEqual(bytes.subarray(5000, 6000));
    await file?.close();
  });

  test("absent content cannot be opened for sending", async () => {
    const storage = await openStore();
    const locator = await publish(storage, text("gone"));

    await storage.content.delete(locator);

    expect(await storage.content.reader(locator)).toBeNull();
  });

  test("content whose length differs from its row is not opened", async () => {
    const storage = await openStore();
    const locator = await publish(storage, text("four"));

    expect(await storage.content.open({ locator, size: 5 })).toBeNull();
    expect(await storage.content.open({ locator, size: 3 })).toBeNull();
    expect(await storage.content.open({ locator, size: 4 })).not.toBeNull();
  });

  test("the same content published twice has two names", async () => {
    const storage = await openStore();

    const [first, second] = [await publish(storage, text("x")), await publish(storage, text("x"))];

    expect(first).not.toBe(second);
    await storage.content.delete(first);
    expect(await readContent(storage, second)).toEqual(text("x"));
  });

  test("content that no row names is released, and not in the way of its session", async () => {
    const storage = await openStore();
    const body = (async function* () {
      yield text("again");
    })();
    const options = { expected: null, resumable: true, signal: new AbortController().signal };
    const session = await storage.staging.append(await beginSession(storage), body, options);

    await storage.content.release(await sealed(storage, session));

    const locator = await sealed(storage, session);
    await storage.staging.discard(session.id, session.staging);
    expect(await readContent(storage, locator)).toEqual(text("again"));
  });

  test("deleted content is absent, and deleting it again is no error", async () => {
    const storage = await openStore();
    const locator = await publish(storage, text("x"));

    await storage.content.delete(locator);
    await storage.content.delete(locator);

    expect(await storage.content.open({ locator, size: 1 })).toBeNull();
  });
}
