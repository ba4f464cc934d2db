import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { digestOf } from "../../src/model/digest.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import type { Session } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { storageContract } from "../contract/storage.ts";
import { beginSession, fresh, sealed } from "../support/contents.ts";
import { serving } from "../support/serving.ts";

const resumable = { expected: null, resumable: true, signal: new AbortController().signal };

async function openInTemp() {
  const directory = await mkdtemp(join(tmpdir(), "breadbox-storage-"));
  const latch = new WriteLatch(() => {});
  const storage = await openFilesystem({
    directory,
    latch,
    clock: Date.now,
    newId: Bun.randomUUIDv7,
    serving: serving(),
  });
  const remove = () => rm(directory, { recursive: true, force: true });
  return { storage, directory, latch, remove };
}

const start = (storage: Storage): Promise<Session> =>
  beginSession(storage, Date.UTC(2026, 0, 2, 3, 4, 5));

async function* once(value: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(value);
}

storageContract("filesystem", openInTemp);

describe("filesystem storage", () => {
  test("creates a missing folder of stored content again", async () => {
    const { storage, directory, remove } = await openInTemp();
    const push = async () => {
      const staged = await storage.staging.append(await start(storage), once("abc"), resumable);
      return sealed(storage, staged);
    };
    const first = await push();
    await rm(join(directory, "blobs", first, ".."), { recursive: true });

    const second = await push();

    expect((await storage.content.stat(second))?.size).toBe(3);
    await remove();
  });

  test("without its folders fails the check", async () => {
    const { storage, directory, remove } = await openInTemp();
    await rm(join(directory, "uploads"), { recursive: true });

    await expect(storage.check()).rejects.toThrow();
    await remove();
  });

  test("keeps a session's bytes and start time in the session's folder", async () => {
    const { storage, directory, remove } = await openInTemp();

    const staged = await storage.staging.append(await start(storage), once("abc"), resumable);

    const folder = join(directory, "uploads", staged.id);
    expect(await readFile(join(folder, "data"), "utf8")).toBe("abc");
    expect(await readFile(join(folder, "startedat"), "utf8")).toBe("2026-01-02T03:04:05.000Z");
    await remove();
  });

  test("stores content under its digest and a fresh id, readable by its owner only", async () => {
    const { storage, directory, remove } = await openInTemp();
    const staged = await storage.staging.append(await start(storage), once("abc"), resumable);
    const digest = digestOf(new TextEncoder().encode("abc"));
    const hex = digest.slice(7);

    const locator = await sealed(storage, staged);

    expect(locator).toMatch(new RegExp(`^sha256/${hex.slice(0, 2)}/${hex}\\.[0-9a-f-]{36}$`));
    const found = await stat(join(directory, "blobs", locator));
    expect(found.mode & 0o077).toBe(0);
    await storage.staging.discard(staged.id, staged.staging);
    expect(await readdir(join(directory, "uploads"))).toEqual([]);
    await remove();
  });

  test("does not follow a link in place of the staged file", async () => {
    const { storage, directory, remove } = await openInTemp();
    const staged = await start(storage);
    const outside = join(directory, "outside");
    await writeFile(outside, "precious");
    await symlink(outside, join(directory, "uploads", staged.id, "data"));

    const append = storage.staging.append(staged, once("overwrite"), resumable);

    await expect(append).rejects.toThrow();
    expect(await readFile(outside, "utf8")).toBe("precious");
    await remove();
  });

  test("does not serve a link in place of content, whatever its target", async () => {
    const { storage, directory, remove } = await openInTemp();
    const staged = await storage.staging.append(await start(storage), once("abc"), resumable);
    const locator = await sealed(storage, staged);
    const [place, outside] = [join(directory, "blobs", locator), join(directory, "outside")];
    await writeFile(outside, "abc");
    await rm(place);
    await symlink(outside, place);

    expect(await storage.content.open({ locator, size: 3 })).toBeNull();
    await rm(outside);
    expect(await storage.content.open({ locator, size: 3 })).toBeNull();
    await remove();
  });

  test("does not serve a folder in place of content", async () => {
    const { storage, directory, remove } = await openInTemp();
    const staged = await storage.staging.append(await start(storage), once("abc"), resumable);
    const locator = await sealed(storage, staged);
    await rm(join(directory, "blobs", locator));
    await mkdir(join(directory, "blobs", locator));

    expect(await storage.content.open({ locator, size: 3 })).toBeNull();
    await remove();
  });

  test("reports content that cannot be examined as an error, not as absent", async () => {
    const { storage, directory, remove } = await openInTemp();
    const staged = await storage.staging.append(await start(storage), once("abc"), resumable);
    const locator = await sealed(storage, staged);
    const folder = join(directory, "blobs", locator, "..");
    await rm(folder, { recursive: true });
    await writeFile(folder, "a file where the folder was");

    await expect(storage.content.open({ locator, size: 3 })).rejects.toThrow();
    await chmod(folder, 0o600);
    await remove();
  });

  test("with a tripped latch refuses every write and still reads", async () => {
    const { storage, latch, remove } = await openInTemp();
    const staged = await storage.staging.append(await start(storage), once("abc"), resumable);
    const locator = await sealed(storage, staged);
    const open = await start(storage);
    latch.trip("a sync failed", null);

    const refused = { situation: "READ_ONLY" };
    await expect(storage.staging.append(open, once("x"), resumable)).rejects.toMatchObject(refused);
    await expect(storage.staging.seal(open, fresh())).rejects.toMatchObject(refused);
    await expect(start(storage)).rejects.toMatchObject(refused);
    expect((await storage.content.stat(locator))?.size).toBe(3);
    await remove();
  });

  test("has neither content nor folder of a session cancelled during an append", async () => {
    const { storage, directory, remove } = await openInTemp();
    const staged = await start(storage);
    const body = (async function* () {
      yield new TextEncoder().encode("before");
      await storage.staging.discard(staged.id, staged.staging);
      yield new TextEncoder().encode("after");
    })();

    const append = storage.staging.append(staged, body, resumable);

    await expect(append).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    expect(existsSync(join(directory, "uploads", staged.id))).toBe(false);
    await remove();
  });
});
