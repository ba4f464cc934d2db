// What the server remembers of uploads that clients begin and leave: a bounded number of them, however many there are.
import { expect, test } from "bun:test";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { Fingerprint } from "../../src/model/fingerprint.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { Assembly } from "../../src/storage/filesystem/assembly/assembly.ts";
import type { AssemblyRequest } from "../../src/storage/filesystem/assembly/protocol.ts";
import { Hashing } from "../../src/storage/filesystem/hashing/hashing.ts";
import { partPlace } from "../../src/storage/filesystem/partNames.ts";
import { noState } from "../../src/storage/filesystem/stagedPlaces.ts";
import { Scope } from "../support/scope.ts";

/** A worker that says nothing. @param sent gets what it is asked. */
function silent(sent: AssemblyRequest[] = []): Worker {
  const worker = new Worker("data:text/javascript,self.onmessage = () => {};");
  worker.postMessage = (request) => void sent.push(request);
  return worker;
}

const ids = (count: number): readonly UploadId[] =>
  Array.from({ length: count }, () => makeUploadId(Bun.randomUUIDv7()));

test("hash states of sessions are 10,000 at most, the latest, and those that a request waits for", async () => {
  await using scope = new Scope();
  const hashing = new Hashing({
    ...{ spawn: silent, workers: 1, directory: "/nowhere", onWorkerLost: () => {} },
    ...{ onNotice: () => {}, onDamaged: () => {} },
  });
  scope.defer(() => hashing.close());
  const write = (id: UploadId) =>
    hashing.follow(id, noState, 0).staged(0, [new Uint8Array([1, 2, 3])]);
  const [waiting, ...sessions] = ids(10_501);
  if (waiting === undefined) throw new Error("no id");
  const digest = hashing.digest(waiting, noState, { size: 100, algorithm: "sha256" });
  digest.catch(() => {});

  for (const id of sessions.slice(0, 9_999)) write(id);
  // The first one goes on.
  const [first] = sessions;
  if (first !== undefined) write(first);
  for (const id of sessions.slice(9_999)) write(id);

  const known = sessions.filter((id) => hashing.knows(id));
  expect(known).toEqual([...sessions.slice(0, 1), ...sessions.slice(502)]);
  expect(hashing.knows(waiting)).toBeTrue();
});

test("parts of uploads are remembered up to a bound: the upload that was left the longest time ago starts over", async () => {
  await using scope = new Scope();
  const sent: AssemblyRequest[] = [];
  const assembly = new Assembly({
    ...{ spawn: () => silent(sent), directory: "/nowhere" },
    ...{ latch: new WriteLatch(() => {}), onWorkerLost: () => {} },
  });
  scope.defer(() => assembly.close());
  const [waiting, ...uploads] = ids(5_001);
  if (waiting === undefined) throw new Error("no id");
  assembly.complete(waiting, []).catch(() => {});

  for (const id of uploads) {
    const etag = new Fingerprint().etag();
    const part = { number: 1, size: 0, etag, place: partPlace(id, 1, "v"), createdAt: 0 };
    assembly.partRecorded(id, part, async () => [part]);
  }

  const forgotten = sent.flatMap((request) => (request.kind === "forget" ? [request.id] : []));
  // An upload counts as fifty parts, and has one; the one that is being completed has none.
  const kept = Math.floor((200_000 - 50) / 51);
  expect(forgotten).toEqual(uploads.slice(0, uploads.length - kept));
});
