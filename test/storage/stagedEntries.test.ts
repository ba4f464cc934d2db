// What somebody else put under uploads/: it is listed at most as something without a start time, and never looked into.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const startedAt = "2026-01-02T03:04:05.678Z";

let scope: Scope;
let directory: string;
let storage: Storage;
beforeEach(async () => {
  scope = new Scope();
  directory = tempFolder(scope, "staged");
  const latch = new WriteLatch(() => {});
  storage = await openFilesystem({ directory, latch, clock: Date.now, newId: Bun.randomUUIDv7 });
});
afterEach(() => scope.close());

const place = (...names: string[]): string => join(directory, "uploads", ...names);
const newId = (): UploadId => makeUploadId(Bun.randomUUIDv7());

/** Start times by id, as they are listed. */
async function listed(): Promise<Record<string, number | null>> {
  const entries = await Array.fromAsync(
    storage.staging.list(),
    async (entry) => [entry.id, await entry.startedAt()] as const,
  );
  return Object.fromEntries(entries);
}

/** A session's folder; what is in the place of its start time is up to the test. */
async function folderOf(id: UploadId): Promise<string> {
  await mkdir(place(id));
  return join(place(id), "startedat");
}

describe("a name under uploads/ that is no session's", () => {
  const strange = [
    "latest",
    ".hidden",
    "0190A0A0-0000-7000-8000-000000000000",
    "0190a0a000007000800000000000000",
    "0190a0a0-0000-7000-8000-000000000000.tmp",
    " 0190a0a0-0000-7000-8000-000000000000",
    "0190a0a0-0000-7000-8000-00000000000g",
    "ü",
  ];
  test.each(strange)("%j is not listed and not deleted", async (name) => {
    await mkdir(place(name));
    await writeFile(place(name, "startedat"), startedAt);

    expect(await listed()).toEqual({});
    await storage.staging.tidy();
    expect(await readdir(place(name))).toEqual(["startedat"]);
  });
});

describe("a session's name that is no folder", () => {
  test("is listed without a start time: a file, a link to a folder, a dangling link", async () => {
    const ids = [newId(), newId(), newId()] as const;
    const outside = join(directory, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "startedat"), startedAt);
    await writeFile(place(ids[0]), startedAt);
    await symlink(outside, place(ids[1]));
    await symlink("/nowhere", place(ids[2]));

    expect(await listed()).toEqual(Object.fromEntries(ids.map((id) => [id, null])));
  });

  test("is dropped when it is a link, without its target", async () => {
    const id = newId();
    const outside = join(directory, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "data"), "precious");
    await symlink(outside, place(id));
    for await (const entry of storage.staging.list()) {
      await storage.staging.discard(entry.id, entry.staging);
    }

    expect(await readdir(place())).toEqual([]);
    expect(await readFile(join(outside, "data"), "utf8")).toBe("precious");
  });

  test("is dropped when it is a file", async () => {
    await writeFile(place(newId()), "");
    for await (const { id, staging } of storage.staging.list()) {
      await storage.staging.discard(id, staging);
    }

    expect(await readdir(place())).toEqual([]);
  });
});

describe("start times", () => {
  test.each([
    [startedAt, Date.parse(startedAt)],
    [`${startedAt}\n`, Date.parse(startedAt)],
    ["2026-01-02T03:04:05Z", Date.parse("2026-01-02T03:04:05Z")],
    ["2026-01-02T03:04:05.123456789+01:00", Date.parse("2026-01-02T02:04:05.123Z")],
    ["2999-12-31T23:59:59Z", Date.parse("2999-12-31T23:59:59Z")],
  ])("%j is accepted", async (content, expected) => {
    const id = newId();
    await writeFile(await folderOf(id), content);

    expect(await listed()).toEqual({ [id]: expected });
  });

  test.each([
    "",
    "yesterday",
    "12",
    "garbage 1",
    "1767225600000",
    "2026-13-45T99:99:99Z",
    "2026-01-02",
    "\0\0\0",
    `${startedAt} and more`,
    `${" ".repeat(100)}${startedAt}`,
  ])("%j is ignored", async (content) => {
    const id = newId();
    await writeFile(await folderOf(id), content);

    expect(await listed()).toEqual({ [id]: null });
  });

  test("of 10 MB are ignored, whatever they begin with", async () => {
    const id = newId();
    const file = await folderOf(id);
    await writeFile(file, `${startedAt}\n`);
    await truncate(file, 10_000_000);

    expect(await listed()).toEqual({ [id]: null });
  });

  test("that are missing, folders, links or pipes are ignored, and never block", async () => {
    const [missing, folder, link, pipe] = [newId(), newId(), newId(), newId()] as const;
    const outside = join(directory, "outside");
    await writeFile(outside, startedAt);
    await folderOf(missing);
    await mkdir(await folderOf(folder));
    await symlink(outside, await folderOf(link));
    await run(["mkfifo", await folderOf(pipe)]);

    expect(await listed()).toEqual({ [missing]: null, [folder]: null, [link]: null, [pipe]: null });
  });

  test("do not prevent a session's folder from being dropped with all its contents", async () => {
    const id = newId();
    const outside = join(directory, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "precious"), "");
    await run(["mkfifo", await folderOf(id)]);
    await symlink(outside, place(id, "data"));
    await mkdir(place(id, "deep", "deeper"), { recursive: true });
    for await (const { staging } of storage.staging.list())
      await storage.staging.discard(id, staging);

    expect(await readdir(place())).toEqual([]);
    expect(await readdir(outside)).toEqual(["precious"]);
  });
});

describe("an interrupted drop", () => {
  test("is outside the sessions' folder, and is finished later", async () => {
    const aside = join(directory, "tmp", "discarded", `${newId()}.${newId()}`);
    await mkdir(aside);
    await writeFile(join(aside, "data"), "half deleted");
    const outside = join(directory, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "precious"), "");
    await symlink(outside, join(directory, "tmp", "discarded", "a-link"));

    expect(await listed()).toEqual({});
    await storage.staging.tidy();

    expect(await readdir(join(directory, "tmp", "discarded"))).toEqual([]);
    expect(await readdir(outside)).toEqual(["precious"]);
  });
});
