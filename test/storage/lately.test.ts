// Small content that was just read is served from memory, and only while the file is the one that was read.
import { describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import type { Locator } from "../../src/model/locator.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { Lately, smallest } from "../../src/storage/filesystem/reading/lately.ts";
import { beginSession, sealed } from "../support/contents.ts";
import { nextTurn } from "../support/nextTurn.ts";
import { forgetContent } from "../support/pageCache.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";

const locator = (name: string) => name as Locator;
const look = { size: 4, changedAt: 1 };
const bytes = () => new Uint8Array([1, 2, 3, 4]);

async function publishedIn(scope: Scope, content: Uint8Array) {
  const directory = tempFolder(scope, "lately");
  const latch = new WriteLatch(() => {});
  const storage = await openFilesystem({
    ...{ directory, latch, clock: Date.now, newId: Bun.randomUUIDv7 },
  });
  scope.defer(() => storage.close());
  const body = (async function* () {
    yield content;
  })();
  const options = { expected: null, resumable: true, signal: new AbortController().signal };
  const session = await storage.staging.append(await beginSession(storage), body, options);
  const name = await sealed(storage, session);
  const open = () => storage.content.open({ locator: name, size: content.length });
  const forget = () => forgetContent(directory);
  const readWhole = async () => {
    const reader = await storage.content.reader(name);
    await reader?.read(0, new Uint8Array(new SharedArrayBuffer(content.length)));
    await reader?.close();
  };
  return { path: join(directory, "blobs", name), open, readWhole, forget };
}

describe("content of a file", () => {
  test("that is small is read as it is opened while the system has it in memory", async () => {
    await using scope = new Scope();
    const content = noise(smallest);
    const { open } = await publishedIn(scope, content);

    expect(await open()).toEqual({ kind: "bytes", body: content });
  });

  test("that was read whole from a disk is opened from memory", async () => {
    await using scope = new Scope();
    const content = noise(1_000);
    const { open, readWhole, forget } = await publishedIn(scope, content);

    await forget();
    const before = await open();
    await readWhole();

    expect(before?.kind).toBe("file");
    expect(await open()).toEqual({ kind: "bytes", body: content });
  });

  test("that was written to since is not what was read", async () => {
    await using scope = new Scope();
    const { open, readWhole, path } = await publishedIn(scope, noise(1_000));
    await open();
    await readWhole();

    const changedAt = async () => (await stat(path)).ctimeMs;
    const before = await changedAt();
    // The file system's clock ticks every few milliseconds.
    do await writeFile(path, new Uint8Array(1_000));
    while ((await changedAt()) === before);
    await nextTurn();

    expect((await open())?.kind).toBe("file");
  });

  test("that was deleted or cut by hand is absent at once", async () => {
    await using scope = new Scope();
    const { open, readWhole, path } = await publishedIn(scope, noise(1_000));
    await open();
    await readWhole();

    await writeFile(path, new Uint8Array(999));
    await nextTurn();
    const cut = await open();
    await unlink(path);
    await nextTurn();

    expect([cut, await open()]).toEqual([null, null]);
  });

  test("is looked at once for all who ask in the same turn of the event loop", async () => {
    await using scope = new Scope();
    const { open, path } = await publishedIn(scope, noise(1_000));
    await open();
    await nextTurn();

    const before = open();
    truncateSync(path, 999);
    const together = await Promise.all([before, open()]);
    await nextTurn();

    expect(together.map((each) => each?.kind)).toEqual(["bytes", "bytes"]);
    expect(await open()).toBeNull();
  });

  test("that is not small is never kept in memory", async () => {
    await using scope = new Scope();
    const { open, readWhole } = await publishedIn(scope, noise(smallest + 1));
    await open();
    await readWhole();

    expect((await open())?.kind).toBe("file");
  });
});

describe("what was seen lately", () => {
  const seen = { path: "p", at: 0, turn: 0 };

  test("is forgotten after ten seconds, but not its bytes", () => {
    const lately = new Lately();
    lately.note(locator("a"), look, seen);
    lately.keep(locator("a"), look, bytes());

    expect(lately.find(locator("a"), 10_000)?.path).toBe("p");
    expect(lately.find(locator("a"), 10_001)).toBeNull();
    expect(lately.note(locator("a"), look, { ...seen, at: 20_000 }).bytes).toEqual(bytes());
    expect(lately.find(locator("a"), 20_000)?.path).toBe("p");
  });

  test("keeps no bytes that were read of another look, and none of a part", () => {
    const lately = new Lately();
    lately.note(locator("a"), look, seen);

    lately.keep(locator("a"), { size: 4, changedAt: 2 }, bytes());
    lately.keep(locator("a"), look, bytes().slice(1));
    lately.keep(locator("b"), look, bytes());

    expect(lately.note(locator("a"), look, seen).bytes).toBeNull();
    expect(lately.note(locator("b"), look, seen).bytes).toBeNull();
  });

  test("stays below 8 MiB, and the latest are kept", () => {
    const lately = new Lately();
    const large = { size: smallest, changedAt: 1 };
    const names = Array.from({ length: 513 }, (_, number) => locator(`${number}`));
    for (const name of names) {
      lately.note(name, large, seen);
      lately.keep(name, large, new Uint8Array(smallest));
    }

    const kept = names.filter((name) => lately.find(name, 0) !== null);

    expect(kept).toEqual(names.slice(1));
  });

  test("is forgotten with its bytes when others come and nobody asked for it in five minutes", () => {
    const lately = new Lately();
    for (const [name, at] of [
      ["a", 0],
      ["b", 1_000],
      ["c", 300_500],
    ] as const) {
      lately.note(locator(name), look, { ...seen, at });
      lately.keep(locator(name), look, bytes());
    }

    const bytesAfter = (name: string) =>
      lately.note(locator(name), look, { ...seen, at: 300_600 }).bytes;
    expect([bytesAfter("a"), bytesAfter("b")]).toEqual([null, bytes()]);
  });

  test("is at most 4,096 files", () => {
    const lately = new Lately();
    for (let number = 0; number < 5_000; number += 1) lately.note(locator(`${number}`), look, seen);

    expect(lately.find(locator("903"), 0)).toBeNull();
    expect(lately.find(locator("904"), 0)?.path).toBe("p");
  });
});
