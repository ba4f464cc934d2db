// How long an answer keeps content: from the answer on, also when it took long, or had to be given twice.

import { expect, test } from "bun:test";
import { collectGarbage } from "../../src/gc/gc.ts";
import { digestOf } from "../../src/model/digest.ts";
import { finishUpload, startUpload, uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { chunkOf } from "../support/chunks.ts";
import { Scope } from "../support/scope.ts";
import { leaseMs } from "../support/store.ts";
import { app, hour, lease, openGcRoom } from "./gcRoom.ts";

const minute = 60_000;
const bytes = new TextEncoder().encode("layer");
const digest = digestOf(bytes);

const chunk = () => chunkOf(bytes);

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  return room;
}

test("the lease of a blob begins after it was verified and stored", async () => {
  await using scope = new Scope();
  const { store, collect, has } = await openRoom(scope);
  const { uploads } = store.rooms;
  const slow = {
    ...uploads.contents,
    findContent: async (of: typeof digest) => {
      store.clock.advance(30 * minute);
      return uploads.contents.findContent(of);
    },
  };
  await uploadInOneRequest(
    { ...uploads, contents: slow },
    { repository: app, digest, chunk: chunk() },
  );
  store.clock.advance(hour - 1);

  await collect({ minAgeMs: 0 });

  expect(await has(digest)).toBe(true);
});

test("a repeated closing request renews the lease", async () => {
  await using scope = new Scope();
  const { store, collect, has } = await openRoom(scope);
  const { uploads } = store.rooms;
  const { id } = await startUpload(uploads, app);
  await finishUpload(uploads, { repository: app, id, digest, chunk: chunk() });
  store.clock.advance(14 * minute);
  await finishUpload(uploads, { repository: app, id, digest, chunk: chunk() });
  store.clock.advance(hour - 1);

  await collect({ minAgeMs: 0 });

  expect(await has(digest)).toBe(true);
});

test("a lease of another server, whose clock may be behind, ends later by as much", async () => {
  await using scope = new Scope();
  const { store, push, deps, has } = await openRoom(scope);
  const kept = await push("layer");
  const collect = () =>
    collectGarbage(
      { ...deps(), clockErrorMs: 500 },
      {
        ...{ id: Bun.randomUUIDv7(), trigger: "command", dryRun: false, minAgeMs: 0 },
        ...{ brakeShare: 0, untaggedOlderThanMs: null, leaseMs, uploadsMs: 0, restoreGraceMs: 0 },
      },
    );

  store.clock.advance(lease + 400);
  await collect();
  expect(await has(kept)).toBe(true);

  store.clock.advance(200);
  await collect();
  expect(await has(kept)).toBe(false);
});
