import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { chunkOf } from "../support/chunks.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const other = parseRepositoryName("team/other");

describe("content that is already stored", () => {
  let store: Awaited<ReturnType<typeof openStore>>;
  beforeEach(async () => {
    store = await openStore();
  });
  afterEach(() => store.remove());

  const deps = () => store.rooms.uploads;
  const blobs = () => storedFiles(store.directory);
  const stored = async (bytes: Uint8Array) => {
    const found = await store.rooms.metadata.registry.findBlob(repository, digestOf(bytes));
    if (found === null) return null;
    return readFile(join(store.directory, "blobs", found.locator));
  };

  test("is stored once by twenty uploads at once", async () => {
    const bytes = noise(400_000);
    const digest = digestOf(bytes);

    await Promise.all(
      Array.from({ length: 20 }, () =>
        uploadInOneRequest(deps(), { repository, digest, chunk: chunkOf(bytes) }),
      ),
    );

    expect(await blobs()).toHaveLength(1);
    expect((await stored(bytes))?.equals(bytes)).toBe(true);
  });

  test("is linked from another repository, not stored twice", async () => {
    const bytes = noise(1_000);
    const digest = digestOf(bytes);
    await uploadInOneRequest(deps(), { repository: other, digest, chunk: chunkOf(bytes) });

    await uploadInOneRequest(deps(), { repository, digest, chunk: chunkOf(bytes) });

    expect(await blobs()).toHaveLength(1);
    expect((await stored(bytes))?.equals(bytes)).toBe(true);
  });

  test("is healed by a push when its file is missing or has another size", async () => {
    const bytes = noise(1_000);
    const digest = digestOf(bytes);
    const push = () => uploadInOneRequest(deps(), { repository, digest, chunk: chunkOf(bytes) });
    await push();
    const [first] = await blobs();
    await Bun.write(join(store.directory, "blobs", first ?? ""), "short");

    await push();

    expect((await stored(bytes))?.equals(bytes)).toBe(true);
    expect(await blobs()).toHaveLength(1);
  });
});
