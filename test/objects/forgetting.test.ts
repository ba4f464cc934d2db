// What the storage is told of an upload that ends while one of its parts is being recorded.
import { expect, test } from "bun:test";
import type { UploadId } from "../../src/model/uploadId.ts";
import type { ObjectsDeps } from "../../src/objects/deps.ts";
import type { Parts } from "../../src/storage/parts.ts";
import { openRoom, wordsFor } from "./room.ts";

/** The same storage, whose parts wait for `gate` before they are recorded, and which notes what it is told. */
function waiting(
  storage: ObjectsDeps["storage"],
  gate: Promise<void>,
  told: string[],
): ObjectsDeps["storage"] {
  const { parts } = storage;
  const recorded: Parts["recorded"] = async (id, recorded, all) => {
    await gate;
    await parts.recorded(id, recorded, all);
    told.push(`part ${recorded.part.number}`);
  };
  const discard: Parts["discard"] = (id) => {
    told.push("discard");
    return parts.discard(id);
  };
  const receive: Parts["receive"] = (...asked) => parts.receive(...asked);
  const bound = Object.assign(Object.create(parts), { receive, recorded, discard });
  return { ...storage, parts: bound };
}

test("an aborted upload is dropped after the last of its parts was recorded, not before", async () => {
  await using room = await openRoom();
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const storage = waiting(room.deps().storage, gate.promise, told);
  const words = wordsFor(room.store, () => ({ ...room.deps(), storage }));
  const isOpen = (id: UploadId) =>
    words.status(id).then(
      () => true,
      () => false,
    );
  const id = await words.initiate();
  const storing = words.put(id, 1, Buffer.from("bytes"));
  while ((await words.status(id)).parts === 0) await Bun.sleep(1);

  const aborting = words.abort(id);
  while (await isOpen(id)) await Bun.sleep(1);
  expect(told).toEqual([]);
  gate.resolve();
  await Promise.all([storing, aborting]);

  expect(told).toEqual(["part 1", "discard"]);
});
