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
import { Scope } from "../../support/scope.ts";
import { cellBytes } from "./stores.ts";

/** What a replica keeps, at a clock that the test moves. */
async function openPlacing(scope: Scope) {
  const server = new FakeS3();
  scope.defer(() => server.stop());
  const client = new BucketClient(server.bucket);
  scope.defer(() => client.close());
  const tools = {
    ...{ objects: new Objects(client), uploads: new Uploads(client) },
    ...{ grid: { cellBytes, grows: true }, budget: new CellBudget(cellBytes) },
    ...{ latch: new WriteLatch(() => {}), newId: Bun.randomUUIDv7 },
  };
  const time = { now: 0 };
  return { time, placing: new Placing(tools, () => time.now) };
}

const newSession = () => makeUploadId(Bun.randomUUIDv7());

test("closing requests that a database refuses fill no more than 64 MiB of memory", async () => {
  await using scope = new Scope();
  const { placing } = await openPlacing(scope);
  const bytes = new Uint8Array(8 * 1024 * 1024);
  const ids = Array.from({ length: 9 }, newSession);

  const held = ids.map((id) => placing.hold(id, { offset: bytes.length, bytes }));

  expect(held).toEqual([...Array.from({ length: 8 }, () => true), false]);
  expect(ids.map((id) => placing.isHeld(id))).toEqual(held);
  // Again for the same session, and for another one when there is room.
  const [first = newSession(), second = newSession()] = ids;
  expect(placing.hold(first, { offset: bytes.length, bytes })).toBeTrue();
  placing.forget(second);
  expect(placing.hold(newSession(), { offset: bytes.length, bytes })).toBeTrue();
});

test("the bytes of uploads whose commit failed, and that another replica ended, do not stay in memory", async () => {
  await using scope = new Scope();
  const { placing, time } = await openPlacing(scope);
  const ids = Array.from({ length: 100 }, newSession);
  const [first, ...others] = ids;
  if (first === undefined) throw new Error("no id");
  const hold = (id: typeof first) => placing.hold(id, { offset: 5, bytes: new Uint8Array(5) });

  for (const id of ids) hold(id);
  time.now += 14 * 60_000;
  // Its closing request was repeated.
  hold(first);
  expect(ids.every((id) => placing.isHeld(id))).toBeTrue();
  time.now += 2 * 60_000;
  hold(newSession());

  expect(placing.isHeld(first)).toBeTrue();
  expect(others.some((id) => placing.isHeld(id))).toBeFalse();
});
