// A machine whose clock is an hour off: S3 refuses what it signs, until it signs with S3's clock.
import { afterAll, expect, test } from "bun:test";
import { beginSession, readContent, sealed } from "../../support/contents.ts";
import { FakeS3 } from "../../support/fakeS3.ts";
import { noise } from "../../support/store.ts";
import { cellBytes, newPrefix, openReplica } from "./stores.ts";

const hour = 60 * 60 * 1_000;
const server = new FakeS3({ aheadMs: hour });
afterAll(() => server.stop());

test("a bucket whose clock is an hour ahead is used, without URLs for clients", async () => {
  const links = { endpoint: server.bucket.endpoint, ttlMs: 60_000 };
  const storage = await openReplica(server.bucket, newPrefix(), { links });
  const bytes = noise(cellBytes + 10);
  const body = (async function* () {
    yield bytes;
  })();
  const signal = new AbortController().signal;
  const options = { expected: null, resumable: true, signal };

  const appended = await storage.staging.append(await beginSession(storage), body, options);
  const locator = await sealed(storage, appended);

  expect(await readContent(storage, locator)).toEqual(bytes);
  const opened = await storage.content.open({ locator, size: bytes.length });
  expect(opened).toEqual({ kind: "remote", link: null });
  await storage.close();
});
