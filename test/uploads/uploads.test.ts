import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { longestLease } from "../../src/content/lease.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { Chunk } from "../../src/uploads/session.ts";
import {
  appendChunk,
  cancelUpload,
  finishUpload,
  startUpload,
  uploadInOneRequest,
  uploadStatus,
} from "../../src/uploads/uploads.ts";
import { chunkOf } from "../support/chunks.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { leaseMs, noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const other = parseRepositoryName("team/other");

/** A streamed chunk whose connection is cut after `bytes`. */
function cutAfter(bytes: Uint8Array): Chunk {
  const body = (async function* () {
    yield bytes;
    throw new Error("the connection was cut");
  })();
  return { body, length: null, start: null, end: null };
}

describe("upload sessions", () => {
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

  test("turn chunks into one blob of the repository", async () => {
    const [first, second] = [noise(700_000), noise(1_500_000)];
    const bytes = Buffer.concat([first, second]);
    const { id } = await startUpload(deps(), repository);

    const one = await appendChunk(deps(), { repository, id, chunk: chunkOf(first, 0) });
    const two = await appendChunk(deps(), { repository, id, chunk: chunkOf(second) });
    const nothing = { body: null, length: 0, start: null, end: null };
    const done = await finishUpload(deps(), {
      repository,
      id,
      digest: digestOf(bytes),
      chunk: nothing,
    });

    expect([one.offset, two.offset, done.size]).toEqual([first.length, bytes.length, bytes.length]);
    expect((await stored(bytes))?.equals(bytes)).toBe(true);
    await expect(uploadStatus(deps(), repository, id)).rejects.toMatchObject({
      situation: "UPLOAD_UNKNOWN",
    });
    expect(await readdir(join(store.directory, "uploads"))).toEqual([]);
  });

  test("accept the last bytes in the closing request", async () => {
    const bytes = noise(300);
    const { id } = await startUpload(deps(), repository);
    await appendChunk(deps(), { repository, id, chunk: chunkOf(bytes.subarray(0, 100)) });

    await finishUpload(deps(), {
      repository,
      id,
      digest: digestOf(bytes),
      chunk: chunkOf(bytes.subarray(100), 100),
    });

    expect((await stored(bytes))?.equals(bytes)).toBe(true);
  });

  test("are not needed for a single request, which leaves none", async () => {
    const bytes = noise(300_000);

    await uploadInOneRequest(deps(), {
      repository,
      digest: digestOf(bytes),
      chunk: chunkOf(bytes),
    });

    expect((await stored(bytes))?.equals(bytes)).toBe(true);
    expect(await readdir(join(store.directory, "uploads"))).toEqual([]);
  });

  test("accept sha512, and the same bytes under both digests are two contents", async () => {
    const bytes = noise(1_000);
    const digests = [digestOf(bytes), digestOf(bytes, "sha512")] as const;

    for (const digest of digests) {
      await uploadInOneRequest(deps(), { repository, digest, chunk: chunkOf(bytes) });
    }

    for (const digest of digests) {
      expect(await store.rooms.metadata.registry.findBlob(repository, digest)).toMatchObject({
        size: 1_000,
      });
    }
  });

  test("give a finished blob a lease, without a manifest", async () => {
    const bytes = noise(10);
    await uploadInOneRequest(deps(), {
      repository,
      digest: digestOf(bytes),
      chunk: chunkOf(bytes),
    });

    const keptUntil = store.clock.now() + longestLease(leaseMs);
    const asked = { repository, digest: digestOf(bytes), atLeast: keptUntil, keptUntil };

    expect(await store.rooms.metadata.contents.keepBlob(asked)).toMatchObject({ keptUntil });
  });

  test("end when the bytes do not match the digest, and nothing is published", async () => {
    const { id } = await startUpload(deps(), repository);
    await appendChunk(deps(), { repository, id, chunk: chunkOf(noise(2_000_000)) });

    const finish = finishUpload(deps(), {
      repository,
      id,
      digest: digestOf(noise(5)),
      chunk: { body: null, length: 0, start: null, end: null },
    });

    // `rejects` waits without letting a worker's message in: the failure is awaited before.
    const failure = await finish.catch((error: unknown) => error);
    expect(failure).toMatchObject({ situation: "DIGEST_INVALID", status: 400 });
    expect(await blobs()).toEqual([]);
    expect(await readdir(join(store.directory, "uploads"))).toEqual([]);
  });

  test("keep the bytes of a cut connection, and continue from there", async () => {
    const bytes = noise(900_000);
    const { id } = await startUpload(deps(), repository);

    const cut = appendChunk(deps(), {
      repository,
      id,
      chunk: cutAfter(bytes.subarray(0, 600_001)),
    });

    await expect(cut).rejects.toThrow("the connection was cut");
    expect((await uploadStatus(deps(), repository, id)).offset).toBe(600_001);
    await finishUpload(deps(), {
      repository,
      id,
      digest: digestOf(bytes),
      chunk: chunkOf(bytes.subarray(600_001), 600_001),
    });
    expect((await stored(bytes))?.equals(bytes)).toBe(true);
  });

  test("continue after a restart with the right digest", async () => {
    const bytes = noise(3_000_000);
    const { id } = await startUpload(deps(), repository);
    await appendChunk(deps(), { repository, id, chunk: chunkOf(bytes.subarray(0, 2_000_000)) });

    await store.reopen();
    await appendChunk(deps(), {
      repository,
      id,
      chunk: chunkOf(bytes.subarray(2_000_000), 2_000_000),
    });
    await finishUpload(deps(), {
      repository,
      id,
      digest: digestOf(bytes),
      chunk: { body: null, length: 0, start: null, end: null },
    });

    expect((await stored(bytes))?.equals(bytes)).toBe(true);
  });

  for (const [what, start] of [
    ["a gap", 150],
    ["an overlap", 50],
    ["a repeat", 0],
  ] as const) {
    test(`refuse ${what} with the offset, and stay unchanged`, async () => {
      const bytes = noise(200);
      const { id } = await startUpload(deps(), repository);
      await appendChunk(deps(), { repository, id, chunk: chunkOf(bytes.subarray(0, 100), 0) });

      const refused = appendChunk(deps(), { repository, id, chunk: chunkOf(noise(100), start) });

      await expect(refused).rejects.toMatchObject({
        situation: "CHUNK_OUT_OF_ORDER",
        status: 416,
        detail: { offset: 100 },
      });
      await finishUpload(deps(), {
        repository,
        id,
        digest: digestOf(bytes),
        chunk: chunkOf(bytes.subarray(100), 100),
      });
      expect((await stored(bytes))?.equals(bytes)).toBe(true);
    });
  }

  test("ignore a body of another length than its range announces", async () => {
    const bytes = noise(100);
    const { id } = await startUpload(deps(), repository);

    const refused = appendChunk(deps(), {
      repository,
      id,
      chunk: { ...chunkOf(noise(40)), length: null, start: 0, end: 99 },
    });

    await expect(refused).rejects.toMatchObject({ situation: "CHUNK_SIZE_MISMATCH" });
    expect((await uploadStatus(deps(), repository, id)).offset).toBe(0);
    await finishUpload(deps(), {
      repository,
      id,
      digest: digestOf(bytes),
      chunk: chunkOf(bytes, 0),
    });
    expect((await stored(bytes))?.equals(bytes)).toBe(true);
  });

  test("have one writer: others are refused with Retry-After, and the first proceeds", async () => {
    const bytes = noise(100);
    const { id } = await startUpload(deps(), repository);
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const slow = (async function* () {
      arrived.resolve();
      yield bytes;
      await gate.promise;
    })();
    const writing = appendChunk(deps(), {
      repository,
      id,
      chunk: { body: slow, length: null, start: null, end: null },
    });
    await arrived.promise;

    const second = appendChunk(deps(), { repository, id, chunk: chunkOf(noise(5)) });

    await expect(second).rejects.toMatchObject({ situation: "UPLOAD_BUSY", status: 429 });
    gate.resolve();
    expect(await writing).toEqual({ offset: 100 });
  });

  test("are unknown under another repository's name", async () => {
    const { id } = await startUpload(deps(), repository);
    const unknown = { situation: "UPLOAD_UNKNOWN" };

    await expect(uploadStatus(deps(), other, id)).rejects.toMatchObject(unknown);
    await expect(cancelUpload(deps(), other, id)).rejects.toMatchObject(unknown);
    await expect(
      appendChunk(deps(), { repository: other, id, chunk: chunkOf(noise(1)) }),
    ).rejects.toMatchObject(unknown);
    expect((await uploadStatus(deps(), repository, id)).offset).toBe(0);
  });

  test("are deleted by a cancel, row and bytes, and a running append ends as unknown", async () => {
    const { id } = await startUpload(deps(), repository);
    const body = (async function* () {
      yield noise(10);
      await cancelUpload(deps(), repository, id);
      yield noise(10);
    })();

    const append = appendChunk(deps(), {
      repository,
      id,
      chunk: { body, length: null, start: null, end: null },
    });

    await expect(append).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    await expect(cancelUpload(deps(), repository, id)).rejects.toMatchObject({
      situation: "UPLOAD_UNKNOWN",
    });
    expect(await readdir(join(store.directory, "uploads"))).toEqual([]);
  });
});
