// A bucket that is not this store's, or that cannot be used, ends the start with words that help.
import { afterAll, describe, expect, test } from "bun:test";
import { WriteLatch } from "../../../src/durability/writeLatch.ts";
import type { BucketOptions } from "../../../src/storage/s3/client.ts";
import { assertKeys } from "../../../src/storage/s3/guard.ts";
import { openS3 } from "../../../src/storage/s3/s3.ts";
import { FakeS3 } from "../../support/fakeS3.ts";

const server = new FakeS3();
afterAll(() => server.stop());

const open = (bucket: Partial<BucketOptions>, store = "mine") =>
  openS3({
    bucket: { ...server.bucket, ...bucket },
    ...{ store, latch: new WriteLatch(() => {}), newId: Bun.randomUUIDv7 },
  });

describe("a bucket", () => {
  test("is this store's from its first start on, and refused to another one", async () => {
    await open({ prefix: "one/" });
    await open({ prefix: "one/" });

    await expect(open({ prefix: "one/" }, "another")).rejects.toThrow(
      'holds the bytes of another store below "one/"',
    );
    await open({ prefix: "two/" }, "another");
  });

  test("with content and without a word whose it is is refused", async () => {
    server.objects.set("three/data/00/something", new Uint8Array(1));

    await expect(open({ prefix: "three/" })).rejects.toThrow("restore that object");
    expect(server.objects.has("three/format")).toBe(false);
  });

  test("without a key to sign with is refused at once, with the places where one may be", async () => {
    const nowhere = async () => {
      throw new Error("Could not load credentials from any providers");
    };

    await expect(assertKeys({ keys: nowhere })).rejects.toThrow("AWS_ACCESS_KEY_ID");
  });

  test("that refuses the key is named with what to check", async () => {
    const refusing = new FakeS3({ fault: () => ({ when: "before", status: 403 }) });

    await expect(open(refusing.bucket)).rejects.toThrow("check the access key");
    await refusing.stop();
  });
});
