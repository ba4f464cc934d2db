// The bytes of a part as they come: limited, and compared with what they must be.
import { expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { putPart } from "../../src/objects/parts.ts";
import type { Body } from "../../src/storage/staging.ts";
import { bodyOf, openRoom } from "./room.ts";

test("a part that exceeds its limit is refused, its body is cancelled, and it leaves no bytes", async () => {
  await using room = await openRoom();
  const deps = room.deps();
  const limits = { ...deps.limits, maxPartBytes: 5_000_000 };
  let ended = false;
  const body: Body = (async function* () {
    try {
      for (;;) yield new Uint8Array(1_048_576);
    } finally {
      ended = true;
    }
  })();
  const put = { key: room.key(await room.initiate()), number: 1, body, length: null, digests: [] };

  const refused = putPart({ ...deps, limits }, put);

  expect(await refused.catch((error: unknown) => error)).toMatchObject({
    situation: "PART_TOO_LARGE",
  });
  expect(ended).toBe(true);
  expect(await Array.fromAsync(deps.storage.parts.list())).toEqual([]);
});

test("the memory of a part's chunks is released once they are written", async () => {
  await using room = await openRoom();
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const released: number[] = [];
  const body = {
    ...bodyOf(bytes, 2),
    release: (chunk: Uint8Array) => void released.push(...chunk),
  };
  const key = room.key(await room.initiate());
  const digests = [digestOf(bytes), digestOf(bytes, "sha512")];

  const part = await putPart(room.deps(), { key, number: 1, body, length: 5, digests });

  expect(part.size).toBe(5);
  expect(released).toEqual([...bytes]);
});
