// Parts put together: whatever their order, size or history, the whole has the digest that its bytes have.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFile, stat } from "node:fs/promises";
import { digestOf } from "../../src/model/digest.ts";
import type { Assembly } from "../../src/storage/filesystem/assembly/assembly.ts";
import { partsState } from "../../src/storage/filesystem/stagedPlaces.ts";
import type { Session } from "../../src/storage/staging.ts";
import { readContent, sealed } from "../support/contents.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
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

async function put(upload: StagedUpload, number: number, bytes: Uint8Array): Promise<void> {
  assembly.partRecorded(upload.id, await store.stage(upload, number, bytes), allOf(upload));
}

async function wholeSize(upload: StagedUpload): Promise<number> {
  return (await stat(store.fileOf(upload, "whole")).catch(() => null))?.size ?? -1;
}

async function untilWhole(upload: StagedUpload, size: number): Promise<void> {
  await waitFor(`${size} bytes stand`, async () => (await wholeSize(upload)) === size);
}

/** Completes with these numbers and compares file and answer with the bytes that were sent. */
async function expectComplete(upload: StagedUpload, numbers: readonly number[]): Promise<void> {
  const expected = together(upload, numbers);

  expect(await assembly.complete(upload.id, listOf(upload, numbers))).toEqual(expected);

  const whole = await readFile(store.fileOf(upload, "whole"));
  expect(digestOf(whole)).toBe(expected.digest);
}

describe("assembled parts", () => {
  test("have the order of their numbers, in whatever order they arrived", async () => {
    const upload = await store.start();
    for (const number of [3, 1, 5, 4, 2]) await put(upload, number, noise(300_000 + number));

    await expectComplete(upload, [1, 2, 3, 4, 5]);
  });

  test("are written before completion, up to the first gap", async () => {
    const upload = await store.start();
    for (const number of [1, 2, 4]) await put(upload, number, noise(100_000));
    await untilWhole(upload, 200_000);

    await put(upload, 3, noise(100_000));

    await untilWhole(upload, 400_000);
    await expectComplete(upload, [1, 2, 3, 4]);
  });

  test("may be a part of those that were sent, and a different part the next time", async () => {
    const upload = await store.start();
    for (const number of [1, 2, 3, 4, 5]) await put(upload, number, noise(100_000));

    await expectComplete(upload, [1, 3, 5]);
    await expectComplete(upload, [1, 2, 3, 4, 5]);
    await expectComplete(upload, [1, 2]);
    await expectComplete(upload, [2]);
  });

  test("may have gaps in their numbers, and need not start at 1", async () => {
    const upload = await store.start();
    for (const number of [10_000, 7, 300]) await put(upload, number, noise(5000));

    await expectComplete(upload, [7, 300, 10_000]);
  });

  test("have the latest bytes of each number", async () => {
    const upload = await store.start();
    for (const number of [1, 2, 3]) await put(upload, number, noise(100_000));
    await untilWhole(upload, 300_000);

    await put(upload, 2, noise(50_000));
    await untilWhole(upload, 250_000);
    await put(upload, 1, noise(70_000));
    await put(upload, 3, noise(1));

    await expectComplete(upload, [1, 2, 3]);
  });

  test("may be empty, some of them or all", async () => {
    const [some, all] = [await store.start(), await store.start()];
    const empty = new Uint8Array();
    for (const number of [1, 3, 4]) await put(some, number, empty);
    await put(some, 2, noise(10));
    for (const number of [1, 2]) await put(all, number, empty);

    await expectComplete(some, [1, 2, 3, 4]);
    await expectComplete(all, [1, 2]);
  });

  test("around the sizes of buffers and blocks are whole", async () => {
    const upload = await store.start();
    const sizes = [1_048_576, 1_048_575, 1, 1_048_577, 65_536, 2_097_152, 4096, 3_000_000];
    for (const [at, size] of sizes.entries()) await put(upload, at + 1, noise(size));

    await expectComplete(upload, [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("larger than one turn let other uploads work meanwhile, and are whole", async () => {
    const [large, small] = [await store.start(), await store.start()];
    await store.stage(large, 1, noise(150_000_000));
    await store.stage(large, 2, noise(10_000_000));
    await store.stage(small, 1, noise(1000));

    await Promise.all([expectComplete(large, [1, 2]), expectComplete(small, [1])]);
  });

  test("of 30 uploads at once stay separate", async () => {
    const uploads = await Promise.all(Array.from({ length: 30 }, () => store.start()));
    for (const number of [2, 1, 3]) {
      await Promise.all(uploads.map((upload) => put(upload, number, noise(20_000))));
    }

    await Promise.all(uploads.map((upload) => expectComplete(upload, [1, 2, 3])));
  });

  test("are those of the last of two concurrent completions; the other one fails", async () => {
    const upload = await store.start();
    for (const number of [1, 2]) await store.stage(upload, number, noise(100_000));

    const first = failureOf(assembly.complete(upload.id, listOf(upload)));
    await expectComplete(upload, [2]);

    expect(await first).toMatchObject({ situation: "MULTIPART_COMPLETING" });
  });

  test("are assembled again when a completed upload is completed once more", async () => {
    const upload = await store.start();
    for (const number of [1, 2]) await put(upload, number, noise(100_000));
    await expectComplete(upload, [2]);

    await put(upload, 3, noise(100_000));

    await untilWhole(upload, 300_000);
    await expectComplete(upload, [1, 2, 3]);
  });
});

describe("10,000 parts of 1 KiB", () => {
  test("are assembled, and again after one of them was replaced", async () => {
    const upload = await store.start();
    const numbers = Array.from({ length: 10_000 }, (_, at) => at + 1);
    for (let at = 0; at < numbers.length; at += 100) {
      const some = numbers.slice(at, at + 100);
      await Promise.all(some.map((number) => store.plant(upload, number, noise(1024))));
    }

    await expectComplete(upload, numbers);
    for (const number of [9_999, 5_000, 1]) {
      await put(upload, number, noise(1025));
      await expectComplete(upload, numbers);
    }
    await store.storage.parts.discard(upload.id);
  }, 60_000);
});

describe("bytes of published content", () => {
  test("are never written again, whatever the upload does next", async () => {
    const upload = await store.start();
    for (const number of [1, 2]) await put(upload, number, noise(100_000));
    const { size, digest } = await assembly.complete(upload.id, listOf(upload));
    const whole = { id: upload.id, offset: size, staging: partsState };
    const session: Session = { ...whole, algorithm: "sha256", boundaries: async () => [] };
    const locator = await sealed(store.storage, session);

    await expectComplete(upload, [1, 2]);
    await put(upload, 2, noise(100_000));
    await expectComplete(upload, [1, 2]);
    await expectComplete(upload, [1]);

    const found = await readContent(store.storage, locator);
    expect(found && digestOf(found)).toBe(digest);
  });
});
