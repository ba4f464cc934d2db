// Deletions and copies of objects: together where the server can, of any size, and never half.
import { describe, expect, test } from "bun:test";
import { BucketClient } from "../../../src/storage/s3/client.ts";
import { copyObject } from "../../../src/storage/s3/copying.ts";
import { Objects } from "../../../src/storage/s3/objects.ts";
import { Uploads } from "../../../src/storage/s3/uploads.ts";
import { type FakeOptions, FakeS3 } from "../../support/fakeS3.ts";
import { noise } from "../../support/store.ts";

async function world(options: Partial<FakeOptions> = {}) {
  const server = new FakeS3(options);
  const client = new BucketClient({ ...server.bucket, prefix: "box/" });
  const keys = Array.from({ length: 5 }, (_, index) => `data/${index}`);
  for (const key of keys) server.objects.set(`box/${key}`, new Uint8Array(1));
  const calls = (name: string) => server.calls.filter((call) => call.name === name).length;
  const tools = { objects: new Objects(client), uploads: new Uploads(client) };
  const stop = async () => {
    client.close();
    await server.stop();
  };
  return { server, keys, calls, tools, stop };
}

describe("objects that are deleted at the same time", () => {
  test("are deleted in one call, the absent ones too", async () => {
    const { server, keys, calls, tools, stop } = await world();

    await Promise.all([...keys, "data/absent"].map((key) => tools.objects.remove(key)));

    expect([server.objects.size, calls("DeleteObjects"), calls("DeleteObject")]).toEqual([0, 1, 0]);
    await stop();
  });

  test("are deleted one by one where the server does not know that call, and then it is not asked again", async () => {
    const { server, keys, calls, tools, stop } = await world({ lacksDeleteObjects: true });

    await Promise.all(keys.slice(0, 3).map((key) => tools.objects.remove(key)));
    await Promise.all(keys.slice(3).map((key) => tools.objects.remove(key)));

    expect([server.objects.size, calls("DeleteObjects"), calls("DeleteObject")]).toEqual([0, 1, 5]);
    await stop();
  });

  test("fail alone", async () => {
    const { server, keys, tools, stop } = await world({
      fault: ({ name, key }) => {
        const isRefused = name === "DeleteObjects" || key.endsWith("data/2");
        return isRefused && name.startsWith("Delete") ? { when: "before", status: 403 } : null;
      },
    });

    const outcomes = await Promise.allSettled(keys.map((key) => tools.objects.remove(key)));

    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
    expect([...server.objects.keys()]).toEqual(["box/data/2"]);
    await stop();
  });
});

describe("an object that is too large for one call", () => {
  const size = 20_000;
  const part = 6_000;

  test("is copied in parts", async () => {
    const { server, tools, stop } = await world({ minPart: 4_096 });
    const bytes = noise(size);
    server.objects.set("box/data/large", bytes);

    const copy = { from: "data/large", to: "damaged/data/large", size };
    expect(await copyObject(tools, copy, part)).toBeTrue();

    expect(server.objects.get("box/damaged/data/large")).toEqual(bytes);
    expect(server.uploads.size).toBe(0);
    await stop();
  });

  test("leaves nothing when a part cannot be copied", async () => {
    const { server, tools, stop } = await world({
      minPart: 4_096,
      fault: ({ name }) => (name === "UploadPartCopy" ? { when: "before", status: 403 } : null),
    });
    server.objects.set("box/data/large", noise(size));

    const copy = { from: "data/large", to: "damaged/data/large", size };
    const failed = await copyObject(tools, copy, part).catch((error: unknown) => error);

    expect(failed).toMatchObject({ status: 403 });
    expect([server.objects.has("box/damaged/data/large"), server.uploads.size]).toEqual([false, 0]);
    await stop();
  });
});
