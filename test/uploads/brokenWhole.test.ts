// Requests that bring all of a blob or an object and break: nothing of them is left in a bucket.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import { putObject } from "../../src/objects/put.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { inventory } from "../storage/s3/sessions.ts";
import { cellBytes, newPrefix, openReplica } from "../storage/s3/stores.ts";
import { FakeS3 } from "../support/fakeS3.ts";
import { noise, openStore } from "../support/store.ts";

let server: FakeS3;
beforeAll(() => {
  server = new FakeS3();
});
afterAll(() => server.stop());

async function* brokenAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new Error("the connection was cut");
}

/** Rows in SQLite, bytes in a bucket. */
async function openRooms() {
  const prefix = newPrefix();
  const store = await openStore();
  const storage = await openReplica(server.bucket, prefix);
  return {
    uploads: { ...store.rooms.uploads, storage },
    objects: { ...store.rooms.objects, storage },
    close: async () => {
      await storage.close();
      await store.remove();
      return inventory(server.bucket, prefix);
    },
  };
}

for (const [what, size] of [
  ["short", 1_000],
  ["of several parts", cellBytes + 1_000],
] as const) {
  test(`a blob in one request, ${what}`, async () => {
    const { uploads, close } = await openRooms();
    const bytes = noise(size);
    const chunk = { body: brokenAfter(bytes), start: null, end: null, length: size + 1 };
    const repository = parseRepositoryName("team/app");

    const upload = uploadInOneRequest(uploads, { repository, digest: digestOf(bytes), chunk });

    await expect(upload).rejects.toThrow("the connection was cut");
    expect(await close()).toEqual({ keys: [], uploads: [] });
  });

  test(`an object, ${what}`, async () => {
    const { objects, close } = await openRooms();
    const bucket = parseBucketName("backups");
    const object = parseObjectName("database");
    await objects.metadata.createBucket(bucket, 0);

    const put = putObject(objects, {
      ...{ bucket, object, contentType: "text/plain", allows: () => true },
      rights: { mayPull: () => true, mayRead: () => true },
      receive: async () => ({
        kind: "bytes",
        body: brokenAfter(noise(size)),
        length: size + 1,
        digests: [],
      }),
    });

    await expect(put).rejects.toThrow("the connection was cut");
    expect(await close()).toEqual({ keys: [], uploads: [] });
  });
}
