// Sessions whose client has said that it will close with a sha512 digest (distribution-spec, end-4c).

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type Algorithm, type Digest, digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import type { Chunk } from "../../src/uploads/session.ts";
import {
  appendChunk,
  finishUpload,
  startUpload,
  uploadInOneRequest,
} from "../../src/uploads/uploads.ts";
import { fresh, openedBytes } from "../support/contents.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const nothing: Chunk = { body: null, length: 0, start: null, end: null };
const mebibyte = 1_048_576;

async function* bodyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.slice();
}

let store: Awaited<ReturnType<typeof openStore>>;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.remove());

const deps = () => store.rooms.uploads;
const start = async (algorithm: Algorithm): Promise<UploadId> =>
  (await startUpload(deps(), repository, algorithm)).id;
const append = (id: UploadId, bytes: Uint8Array) =>
  appendChunk(deps(), { repository, id, chunk: { ...nothing, body: bodyOf(bytes), length: null } });
const finish = (id: UploadId, digest: Digest) =>
  finishUpload(deps(), { repository, id, digest, chunk: nothing });
const stagedFile = (id: UploadId) => join(store.directory, "uploads", id, "data");
const boundaries = async (id: UploadId) =>
  (await store.rooms.metadata.uploads.listBoundaries(id)).map(({ digest }) => digest);
const isStored = async (digest: Digest): Promise<boolean> => {
  const row = await store.rooms.metadata.registry.findBlob(repository, digest);
  const file = row === null ? null : await store.rooms.storage.content.open(row);
  const algorithm = digest.startsWith("sha512:") ? "sha512" : "sha256";
  const bytes = await openedBytes(file);
  return bytes !== null && digestOf(bytes, algorithm) === digest;
};

const sizes = [1000, 3 * mebibyte];

describe("a sha512 session", () => {
  test.each(sizes)("of %p bytes has its digest before the closing request", async (size) => {
    const bytes = noise(size);
    const id = await start("sha512");
    await append(id, bytes);
    expect(await boundaries(id)).toEqual([digestOf(bytes, "sha512")]);

    // Nothing can be read any more: what is answered was hashed as it came.
    await truncate(stagedFile(id), 0);
    const session = await store.rooms.metadata.uploads.findUpload(id, repository);
    if (session === null) throw new Error("no session");
    const known = { ...session, boundaries: async () => [] };
    const asked = { ...fresh(), as: "sha512", isStored: async () => true } as const;
    expect(await store.rooms.storage.staging.seal(known, asked)).toMatchObject({
      digest: digestOf(bytes, "sha512"),
      size,
    });
  });

  test.each(sizes)("of %p bytes can be closed with either digest", async (size) => {
    for (const algorithm of ["sha256", "sha512"] as const) {
      const bytes = noise(size);
      const digest = digestOf(bytes, algorithm);
      const id = await start("sha512");
      await append(id, bytes);

      expect(await finish(id, digest)).toEqual({ digest, size });
      expect(await isStored(digest)).toBe(true);
    }
  });

  test.each(sizes)("of %p bytes continues after a restart", async (size) => {
    const [one, two] = [noise(size), noise(size)];
    const whole = Buffer.concat([one, two]);
    const id = await start("sha512");
    await append(id, one);

    await store.reopen();
    await append(id, two);
    await finish(id, digestOf(whole, "sha512"));

    expect(await isStored(digestOf(whole, "sha512"))).toBe(true);
  });

  test("whose staged bytes were damaged meanwhile ends when it is resumed", async () => {
    const id = await start("sha512");
    await append(id, noise(2 * mebibyte));
    await store.reopen();
    const file = await open(stagedFile(id), "r+");
    await file.write(Uint8Array.of(1, 2, 3), 0, 3, mebibyte);
    await file.close();

    const failure = await finish(id, digestOf(noise(1), "sha512")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ situation: "UPLOAD_DAMAGED" });
  });

  test("accepts an empty chunk", async () => {
    const bytes = noise(10);
    const id = await start("sha512");
    await append(id, new Uint8Array());
    await append(id, bytes);
    await append(id, new Uint8Array());
    await finish(id, digestOf(bytes, "sha512"));
    expect(await isStored(digestOf(bytes, "sha512"))).toBe(true);
  });
});

test("a sha256 session can be closed with sha512 after a restart", async () => {
  const bytes = noise(2 * mebibyte);
  const id = await start("sha256");
  await append(id, bytes);
  await store.reopen();
  await finish(id, digestOf(bytes, "sha512"));
  expect(await isStored(digestOf(bytes, "sha512"))).toBe(true);
});

test("a blob pushed in one request is hashed with its digest's algorithm", async () => {
  for (const algorithm of ["sha256", "sha512"] as const) {
    const bytes = noise(2 * mebibyte);
    const digest = digestOf(bytes, algorithm);
    const chunk = { ...nothing, body: bodyOf(bytes), length: bytes.byteLength };
    await uploadInOneRequest(deps(), { repository, digest, chunk });
    expect(await isStored(digest)).toBe(true);
  }
});
