// Objects that are put in one request, when something goes wrong: nothing of them is left, and what was there stays.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import type { ObjectsDeps } from "../../src/objects/deps.ts";
import { openObject, removeObject } from "../../src/objects/objects.ts";
import { type ObjectBytes, type ObjectPut, putObject } from "../../src/objects/put.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { problemsOf } from "../support/inspect.ts";
import { noise } from "../support/store.ts";
import { refusalOf } from "./refusal.ts";
import { bodyOf, openRoom } from "./room.ts";

let room: Awaited<ReturnType<typeof openRoom>>;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const key = { bucket: parseBucketName("backups"), object: parseObjectName("it") };
const before = noise(1000);
const later = noise(600_000);

const bytesOf = (bytes: Uint8Array): ObjectBytes => ({
  kind: "bytes",
  body: bodyOf(bytes, 100_000),
  length: bytes.length,
  digests: [],
});
const put = (
  receive: ObjectPut["receive"],
  changes: Partial<ObjectsDeps> = {},
  more: Partial<ObjectPut> = {},
) =>
  putObject(
    { ...room.deps(), ...changes },
    {
      ...key,
      contentType: "text/plain",
      allows: () => true,
      receive,
      rights: { mayPull: () => true, mayRead: () => true },
      ...more,
    },
  );

const staged = () => readdir(join(room.store.directory, "tmp", "multipart"));

/** The object is as before, and nothing stands beside it. @param strays files that belong to nothing. */
async function expectAsBefore(strays = 0): Promise<void> {
  expect(digestOf(await room.read())).toBe(digestOf(before));
  expect(await staged()).toEqual([]);
  expect(await storedFiles(room.store.directory)).toHaveLength(1 + strays);
  const { multipartLife } = room.deps();
  const everything = { expiredBefore: Number.MAX_SAFE_INTEGER, now: Number.MAX_SAFE_INTEGER };
  expect(await multipartLife.expireMultipart({ ...everything, limit: 9 })).toEqual([]);
  await put(async () => bytesOf(later));
  expect(digestOf(await room.read())).toBe(digestOf(later));
  const problems = await problemsOf(room.store.directory);
  expect(problems.filter((problem) => !problem.includes("belongs to no row"))).toEqual([]);
  expect(problems).toHaveLength(strays);
}

describe("a put that fails leaves no bytes", () => {
  beforeEach(() => put(async () => bytesOf(before)));

  test("when its body breaks", async () => {
    const broken = async function* () {
      yield* bodyOf(later.subarray(0, 300_000), 100_000);
      throw new RegistryError("REQUEST_INVALID");
    };

    const error = await refusalOf(put(async () => ({ ...bytesOf(later), body: broken() })));

    expect(error.situation).toBe("REQUEST_INVALID");
    await expectAsBefore();
  });

  test.each([later.length - 1, later.length + 1])(
    "when %p bytes were announced",
    async (length) => {
      const error = await refusalOf(put(async () => ({ ...bytesOf(later), length })));

      expect([error.situation, error.status]).toEqual(["CHUNK_SIZE_MISMATCH", 400]);
      await expectAsBefore();
    },
  );

  test("when its bytes do not match the digest", async () => {
    const digests = [digestOf(later), digestOf(before, "sha512")];
    const error = await refusalOf(put(async () => ({ ...bytesOf(later), digests })));

    expect(error.situation).toBe("CONTENT_DIGEST_DIFFERS");
    await expectAsBefore();
  });

  test.each(["DISK_FULL", "PRECONDITION_FAILED"] as const)(
    "when its row is refused with %s",
    async (situation) => {
      const metadata = {
        ...room.deps().metadata,
        commitObject: () => Promise.reject(new RegistryError(situation)),
      };

      const error = await refusalOf(put(async () => bytesOf(later), { metadata }));

      expect(error.situation).toBe(situation);
      // After a failure of the server nobody knows whether the row was written: the file is the collection's.
      await expectAsBefore(situation === "DISK_FULL" ? 1 : 0);
    },
  );

  test("when its upload is lost while it arrives: the client may retry", async () => {
    const swept = async function* () {
      yield later.slice(0, 1000);
      const database = new Database(join(room.store.directory, "breadbox.db"));
      database.run("DELETE FROM multipart_uploads");
      database.close();
      yield later.slice(1000);
    };

    const error = await refusalOf(put(async () => ({ ...bytesOf(later), body: swept() })));

    expect([error.situation, error.status]).toEqual(["BUSY", 503]);
    await expectAsBefore();
  });

  test("when its bucket is deleted before it begins", async () => {
    await removeObject(room.deps(), key, () => true);
    const vanishing = async () => {
      await room.deps().metadata.removeBucket(key.bucket);
      return bytesOf(later);
    };

    const error = await refusalOf(put(vanishing));

    expect(error.situation).toBe("BUCKET_UNKNOWN");
    expect(await staged()).toEqual([]);
  });

  test("when the store becomes read-only, which the error says", async () => {
    const { latch } = room.store.rooms;
    const tripping = async function* () {
      yield later.slice(0, 1000);
      latch.trip("a sync failed", new Error("EIO"));
      yield later.slice(1000);
    };

    const error = await refusalOf(put(async () => ({ ...bytesOf(later), body: tripping() })));

    expect([error.situation, error.status]).toEqual(["READ_ONLY", 503]);
    expect(digestOf(await room.read())).toBe(digestOf(before));
  });
});

describe("while an object is received", () => {
  test("its upload is in no list and is ended by no sweep", async () => {
    const { multipart, clock, multipartLife } = room.deps();
    let seen: unknown[] = [];
    const looked = async function* () {
      yield later.slice(0, 1000);
      const page = { after: null, limit: 9, prefix: "" };
      const expiry = { expiredBefore: clock() + 1000, limit: 9 };
      const ids = await staged();
      seen = [
        (await multipart.listMultipart(key.bucket, page))?.uploads.length,
        (await multipartLife.expireMultipart(expiry)).length,
        ids.length,
      ];
      yield later.slice(1000);
    };

    await put(async () => ({ ...bytesOf(later), body: looked() }));

    expect(seen).toEqual([0, 0, 1]);
  });

  test("the previous object is still served", async () => {
    await put(async () => bytesOf(before));
    let during: Uint8Array | null = null;
    const looked = async function* () {
      yield later.slice(0, 500_000);
      during = await room.read();
      yield later.slice(500_000);
    };

    const { replaced } = await put(async () => ({ ...bytesOf(later), body: looked() }));

    expect(replaced).toBe(true);
    expect(digestOf(during ?? new Uint8Array())).toBe(digestOf(before));
    const { body, record } = await openObject(room.deps(), key);
    expect([body?.constructor.name, record.size]).toEqual(["Blob", later.length]);
  });
});

describe("linking a blob", () => {
  test("from a repository without pull permission answers like one without the blob", async () => {
    const repository = parseRepositoryName("team/app");
    const digest = digestOf(before);
    const chunk = { body: bodyOf(before), length: before.length, start: null, end: null };
    await uploadInOneRequest(room.store.rooms.uploads, { repository, digest, chunk });
    const link = async () => ({ kind: "link", repository, digest }) as const;

    const error = await refusalOf(
      put(link, {}, { rights: { mayPull: () => false, mayRead: () => true } }),
    );

    expect(error.situation).toBe("BLOB_UNKNOWN");
    expect((await put(link)).record.size).toBe(before.length);
  });
});
