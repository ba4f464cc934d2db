// Parts put together when something is in the way: parts that are damaged, workers that die, restarts, a full disk.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/model/digest.ts";
import type { Assembly } from "../../src/storage/filesystem/assembly/assembly.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import {
  allOf,
  failureOf,
  listOf,
  openAssemblies,
  type StagedUpload,
  together,
} from "./stagedUploads.ts";

let scope: Scope;
let store: Awaited<ReturnType<typeof openAssemblies>>;
let assembly: Assembly;
beforeEach(async () => {
  scope = new Scope();
  store = await openAssemblies(scope, tempFolder(scope, "assembly"));
  assembly = store.open();
});
afterEach(() => scope.close());

/** An upload with three parts, that the assembly was told of or not. */
async function withParts(isTold: boolean, size = 100_000): Promise<StagedUpload> {
  const upload = await store.start();
  for (const number of [1, 2, 3]) {
    const part = await store.stage(upload, number, noise(size));
    if (isTold) assembly.partRecorded(upload.id, part, allOf(upload));
  }
  return upload;
}

async function expectComplete(upload: StagedUpload): Promise<void> {
  const expected = together(upload, [...upload.parts.keys()]);
  expect(await assembly.complete(upload.id, listOf(upload))).toEqual(expected);
  expect(digestOf(await readFile(store.fileOf(upload, "whole")))).toBe(expected.digest);
}

describe("assembly with a part", () => {
  const damages: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    "that is missing": (path) => rm(path),
    "that is shorter": (path) => truncate(path, 99_999),
    "that is longer": (path) => truncate(path, 100_001),
    "that is empty": (path) => truncate(path, 0),
    "with other bytes": (path) => writeFile(path, noise(100_000)),
    "that became a folder": async (path) => {
      await rm(path);
      await mkdir(path);
    },
    "that became a link": async (path) => {
      await rename(path, `${path}-elsewhere`);
      await symlink(`${path}-elsewhere`, path);
    },
    "that became a pipe": async (path) => {
      await rm(path);
      await run(["mkfifo", path]);
    },
  };
  test.each(Object.keys(damages))(
    "%s is named in the error, and sending it again heals the upload",
    async (how) => {
      const upload = await withParts(false);
      const path = store.fileOf(upload, "part-00002");
      await damages[how]?.(path);

      const failure = await failureOf(assembly.complete(upload.id, listOf(upload)));

      expect(failure).toMatchObject({ situation: "PART_DIFFERS", detail: { part_number: 2 } });
      expect(String(failure)).toContain("part 2 ");
      expect(String(failure)).not.toContain(store.directory);
      await rm(path, { recursive: true, force: true });
      assembly.partRecorded(upload.id, await store.stage(upload, 2, noise(5000)), allOf(upload));
      await expectComplete(upload);
    },
  );

  test("that is damaged continues in the background, and names it at completion", async () => {
    const upload = await store.start();
    const first = await store.stage(upload, 1, noise(100_000));
    const second = await store.stage(upload, 2, noise(100_000));
    await truncate(store.fileOf(upload, "part-00002"), 5);
    assembly.partRecorded(upload.id, first, allOf(upload));
    assembly.partRecorded(upload.id, second, allOf(upload));
    const other = await withParts(true);
    await expectComplete(other);

    const failure = await failureOf(assembly.complete(upload.id, listOf(upload)));

    expect(failure).toMatchObject({ situation: "PART_DIFFERS", detail: { part_number: 2 } });
  });

  test("whose row is durable uses it before it has its final name", async () => {
    const upload = await withParts(false);
    const [{ place } = { place: { version: "" } }] = listOf(upload, [2]);
    const plain = store.fileOf(upload, "part-00002");
    await rename(plain, `${plain}.${place.version}`);
    await writeFile(plain, "an earlier version");

    await expectComplete(upload);
  });
});

describe("assembly after a restart", () => {
  test("trusts no file from before, and joins parts of before and after", async () => {
    const upload = await withParts(true);
    await expectComplete(upload);
    await assembly.close();
    await writeFile(store.fileOf(upload, "whole"), noise(300_000));

    assembly = store.open();
    assembly.partRecorded(upload.id, await store.stage(upload, 4, noise(100_000)), allOf(upload));

    // What stood is gone for a moment, before a file of the new process is there.
    const read = () => readFile(store.fileOf(upload, "whole")).catch(() => new Uint8Array());
    const stands = async () => digestOf(await read()) === together(upload, [1, 2, 3, 4]).digest;
    await waitFor("the parts of both processes stand", stands);
    await expectComplete(upload);
  });

  test("replaces a link in place of the assembled file, and does not touch its target", async () => {
    const upload = await withParts(false);
    const outside = join(store.directory, "outside");
    await writeFile(outside, "precious");
    await symlink(outside, store.fileOf(upload, "whole"));

    await expectComplete(upload);

    expect(await readFile(outside, "utf8")).toBe("precious");
  });
});

describe("an assembly worker that dies", () => {
  test("during an assembly is replaced, and the completion succeeds", async () => {
    const upload = await withParts(false, 30_000_000);
    const background = await withParts(true);
    const completed = expectComplete(upload);
    await waitFor("something stands", () => Bun.file(store.fileOf(upload, "whole")).size > 0);

    store.workers.at(-1)?.terminate();

    await completed;
    expect(store.lost.length).toBe(1);
    await expectComplete(background);
  });

  test("three times in a row fails the completion with a retryable error, and the retry succeeds", async () => {
    const upload = await withParts(false, 30_000_000);
    const failing = failureOf(assembly.complete(upload.id, listOf(upload)));
    for (let death = 1; death <= 3; death += 1) {
      store.workers.at(-1)?.terminate();
      await waitFor("it is noticed", () => store.lost.length === death);
    }

    expect(await failing).toMatchObject({ situation: "BUSY" });
    await expectComplete(upload);
  });
});

describe("the assembly of an upload that is over", () => {
  test("is forgotten while it is running, and others continue", async () => {
    const upload = await withParts(true, 30_000_000);
    const other = await withParts(true);
    const failing = failureOf(assembly.complete(upload.id, listOf(upload)));

    await store.storage.parts.discard(upload.id);
    assembly.forget(upload.id);

    expect(await failing).toMatchObject({ situation: "MULTIPART_UNKNOWN" });
    await expectComplete(other);
  });

  test("leaves nothing that a late part could restart", async () => {
    const upload = await withParts(true);
    await store.storage.parts.discard(upload.id);
    assembly.forget(upload.id);

    const failure = await failureOf(assembly.complete(upload.id, listOf(upload)));

    expect(failure).toMatchObject({ situation: "MULTIPART_UNKNOWN" });
    expect(await Array.fromAsync(store.storage.parts.list())).toEqual([]);
  });

  test("or was idle for an hour starts from the beginning", async () => {
    const upload = await withParts(true);
    await expectComplete(upload);

    assembly.forgetIdle(performance.now() + 61 * 60_000);
    await writeFile(store.fileOf(upload, "whole"), noise(300_000));

    await expectComplete(upload);
  });
});

test("nothing is assembled once the store is read-only", async () => {
  const upload = await withParts(false);
  store.latch.trip("a sync failed", null);

  const failure = await failureOf(assembly.complete(upload.id, listOf(upload)));

  expect(failure).toMatchObject({ situation: "READ_ONLY" });
});
