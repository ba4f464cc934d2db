// Reading stored content back, setting it aside, and naming what somebody else put into the data directory.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { link, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import type { Locator } from "../../src/model/locator.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { beginSession, sealed } from "../support/contents.ts";
import { Scope } from "../support/scope.ts";

async function openInTemp(scope: Scope) {
  const directory = await mkdtemp(join(tmpdir(), "breadbox-repair-"));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const latch = new WriteLatch(() => {});
  const options = { directory, latch, clock: Date.now, newId: Bun.randomUUIDv7 };
  const storage = await openFilesystem(options);
  scope.defer(() => storage.close());
  const publish = async (text: string): Promise<Locator> => {
    const body = (async function* () {
      yield new TextEncoder().encode(text);
    })();
    const options = { expected: null, resumable: true, signal: new AbortController().signal };
    const session = await beginSession(storage);
    const locator = await sealed(storage, await storage.staging.append(session, body, options));
    await storage.staging.discard(session.id, session.staging);
    return locator;
  };
  return { directory, latch, storage, publish, repair: storage.repair };
}

const collect = async (names: AsyncIterable<string>): Promise<string[]> =>
  (await Array.fromAsync(names)).sort();

describe("reading stored content back", () => {
  test("starts at any offset, and continues when the content is deleted meanwhile", async () => {
    await using scope = new Scope();
    const { storage, repair, publish } = await openInTemp(scope);
    const locator = await publish("stored");
    const reader = await repair.read(locator);
    await storage.content.delete(locator);

    const into = new Uint8Array(10);
    const count = await reader?.read(2, into);
    await reader?.close();

    expect(Buffer.from(into.subarray(0, count)).toString()).toBe("ored");
    expect(await repair.read(locator)).toBeNull();
  });

  test("reports it as absent when a folder or a link has replaced it", async () => {
    await using scope = new Scope();
    const { directory, repair, publish } = await openInTemp(scope);
    const [folder, linked] = [await publish("folder"), await publish("link")];
    for (const locator of [folder, linked]) await rm(join(directory, "blobs", locator));
    await mkdir(join(directory, "blobs", folder));
    await symlink("/dev/zero", join(directory, "blobs", linked));

    expect(await repair.read(folder)).toBeNull();
    expect(await repair.read(linked)).toBeNull();
  });
});

describe("content that is moved to damaged/", () => {
  test("is absent from then on, and every byte of it is kept under its name", async () => {
    await using scope = new Scope();
    const { directory, storage, repair, publish } = await openInTemp(scope);
    const locator = await publish("damaged");

    expect(await repair.setAside(locator)).toBeTrue();

    expect(await storage.content.stat(locator)).toBeNull();
    expect(await readFile(join(directory, "damaged", locator), "utf8")).toBe("damaged");
    const listed = (await Array.fromAsync(repair.listSetAside())).flat();
    expect(listed.map((name) => name.locator)).toEqual([locator]);
    expect(await repair.setAside(locator)).toBeFalse();
  });

  test("may have both names after a crash: repeating the move ends it", async () => {
    await using scope = new Scope();
    const { directory, storage, repair, publish } = await openInTemp(scope);
    const locator = await publish("damaged");
    await repair.setAside(locator);
    await link(join(directory, "damaged", locator), join(directory, "blobs", locator));

    expect(await repair.setAside(locator)).toBeTrue();

    expect(await storage.content.stat(locator)).toBeNull();
    expect(existsSync(join(directory, "damaged", locator))).toBeTrue();
  });

  test("may be a folder that replaced a file", async () => {
    await using scope = new Scope();
    const { directory, storage, repair, publish } = await openInTemp(scope);
    const locator = await publish("damaged");
    await rm(join(directory, "blobs", locator));
    await mkdir(join(directory, "blobs", locator));

    expect(await repair.setAside(locator)).toBeTrue();

    expect(await storage.content.stat(locator)).toBeNull();
  });

  test("stays where it is once the store is read-only", async () => {
    await using scope = new Scope();
    const { latch, storage, repair, publish } = await openInTemp(scope);
    const locator = await publish("damaged");
    latch.trip("a test", null);

    const refused = await repair.setAside(locator).catch((error: unknown) => error);

    expect(refused).toMatchObject({ situation: "READ_ONLY" });
    expect((await storage.content.stat(locator))?.size).toBe(7);
  });
});

describe("unknown names in the data directory", () => {
  test("do not occur in a store in use", async () => {
    await using scope = new Scope();
    const { storage, repair, publish } = await openInTemp(scope);
    await publish("content");
    await repair.setAside(await publish("damaged"));
    await storage.staging.begin(makeUploadId(Bun.randomUUIDv7()), Date.now());

    expect(await collect(repair.listUnknown())).toEqual([]);
  });

  test("are listed in every folder, and links are not followed", async () => {
    await using scope = new Scope();
    const { directory, repair, publish } = await openInTemp(scope);
    const locator = await publish("content");
    const prefix = locator.slice(0, "sha256/xx".length);
    await writeFile(join(directory, "notes.txt"), "");
    await writeFile(join(directory, "blobs", prefix, "x.tmp"), "");
    await mkdir(join(directory, "blobs", "md5", "aa"), { recursive: true });
    await writeFile(join(directory, "uploads", "nothing"), "");
    await symlink("/", join(directory, "blobs", "sha512"));
    const other = `${prefix === "sha256/00" ? "sha256/01" : "sha256/00"}/${locator.slice(10)}`;
    await rename(join(directory, "blobs", locator), join(directory, "blobs", other));

    expect(await collect(repair.listUnknown())).toEqual(
      [
        "blobs/md5",
        `blobs/${other}`,
        `blobs/${prefix}/x.tmp`,
        "blobs/sha512",
        "notes.txt",
        "uploads/nothing",
      ].sort(),
    );
  });
});
