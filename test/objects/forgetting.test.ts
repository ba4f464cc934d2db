// What the assembly is told of an upload that ends while one of its parts is being stored.
import { expect, test } from "bun:test";
import type { UploadId } from "../../src/model/uploadId.ts";
import type { ObjectsDeps, PartsAssembly } from "../../src/objects/deps.ts";
import type { Parts } from "../../src/storage/parts.ts";
import { openRoom, wordsFor } from "./room.ts";

/** The same storage, whose parts wait for `gate` before they get their name. */
function waiting(storage: ObjectsDeps["storage"], gate: Promise<void>): ObjectsDeps["storage"] {
  const settle: Parts["settle"] = async (place) => {
    await gate;
    await storage.parts.settle(place);
  };
  const bound = <T extends object>(port: T, own: Partial<T>): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(name in own ? own : target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  return bound(storage, { parts: bound(storage.parts, { settle }) });
}

test("an upload that is aborted is forgotten after the last of its parts was told, not before", async () => {
  await using room = await openRoom();
  const told: string[] = [];
  const assembly: PartsAssembly = {
    partRecorded: (_, { number }) => void told.push(`part ${number}`),
    complete: (id, parts) => room.deps().assembly.complete(id, parts),
    forget: () => void told.push("forget"),
  };
  const gate = Promise.withResolvers<void>();
  const storage = waiting(room.deps().storage, gate.promise);
  const words = wordsFor(room.store, () => ({ ...room.deps(), assembly, storage }));
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

  expect(told).toEqual(["part 1", "forget"]);
});
