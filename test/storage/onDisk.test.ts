import { expect, test } from "bun:test";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { OnDisk } from "../../src/storage/filesystem/onDisk.ts";

const newId = () => makeUploadId(Bun.randomUUIDv7());

test("what was synced of a session is known until it changes, or is forgotten", () => {
  const [onDisk, id] = [new OnDisk(), newId()];
  expect([onDisk.hasFolder(id), onDisk.hasBytes(id, 5)]).toEqual([false, false]);

  onDisk.noteFolder(id);
  onDisk.noteBytes(id, 5);
  expect([onDisk.hasFolder(id), onDisk.hasBytes(id, 5), onDisk.hasBytes(id, 4)]).toEqual([
    ...[true, true, false],
  ]);

  onDisk.bytesChange(id);
  expect([onDisk.hasFolder(id), onDisk.hasBytes(id, 5)]).toEqual([true, false]);

  onDisk.forget(id);
  expect(onDisk.hasFolder(id)).toBe(false);
});

test("the sessions that nothing was noted of for longest are forgotten beyond 4,096", () => {
  const onDisk = new OnDisk();
  const [first, second, ...others] = Array.from({ length: 4_097 }, newId);
  if (first === undefined || second === undefined) throw new Error("there are more");
  for (const id of [first, second, ...others.slice(0, -1)]) onDisk.noteFolder(id);
  onDisk.noteBytes(first, 5);

  for (const id of others.slice(-1)) onDisk.noteFolder(id);

  expect([onDisk.hasFolder(first), onDisk.hasFolder(second)]).toEqual([true, false]);
});
