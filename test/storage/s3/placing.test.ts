// What a replica remembers of sessions whose end it is never told of.
import { expect, test } from "bun:test";
import { WriteLatch } from "../../../src/durability/writeLatch.ts";
import { makeUploadId } from "../../../src/model/uploadId.ts";
import { CellBudget } from "../../../src/storage/s3/budget.ts";
import { BucketClient } from "../../../src/storage/s3/client.ts";
import { Objects } from "../../../src/storage/s3/objects.ts";
import { Placing } from "../../../src/storage/s3/placing.ts";
import { Uploads } from "../../../src/storage/s3/uploads.ts";
import { FakeS3 } from "../../support/fakeS3.ts";
import { cellBytes } from "./stores.ts";

test("the bytes of uploads whose commit failed, and that another replica ended, do not stay in memory", async () => {
  const server = new FakeS3();
  const client = new BucketClient(server.bucket);
  const tools = {
    ...{ objects: new Objects(client), uploads: new Uploads(client) },
    ...{ grid: { cellBytes, grows: true }, budget: new CellBudget(cellBytes) },
    ...{ latch: new WriteLatch(() => {}), newId: Bun.randomUUIDv7 },
  };
  let now = 0;
  const placing = new Placing(tools, () => now);
  const ids = Array.from({ length: 100 }, () => makeUploadId(Bun.randomUUIDv7()));
  const [first, ...others] = ids;
  if (first === undefined) throw new Error("no id");
  const hold = (id: typeof first) => placing.hold(id, { offset: 5, bytes: new Uint8Array(5) });

  for (const id of ids) hold(id);
  now += 14 * 60_000;
  // Its closing request was repeated.
  hold(first);
  expect(ids.every((id) => placing.isHeld(id))).toBeTrue();
  now += 2 * 60_000;
  hold(makeUploadId(Bun.randomUUIDv7()));

  expect(placing.isHeld(first)).toBeTrue();
  expect(others.some((id) => placing.isHeld(id))).toBeFalse();
  client.close();
  await server.stop();
});
