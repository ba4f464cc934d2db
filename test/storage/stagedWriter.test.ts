import { expect, test } from "bun:test";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/content/writeLatch.ts";
import { FreeSpace } from "../../src/storage/freeSpace.ts";
import { StagedWriter } from "../../src/storage/stagedWriter.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test("a body in pieces of one byte is written a thousand pieces at a time, not held in memory", async () => {
  await using scope = new Scope();
  const folder = tempFolder(scope, "writer");
  const file = await open(join(folder, "data"), "w+");
  scope.defer(() => file.close());
  const writer = new StagedWriter(file, 0, {
    follower: { staged: () => null },
    latch: new WriteLatch(() => {}),
    space: new FreeSpace(folder, Date.now),
    release: null,
    signal: new AbortController().signal,
  });

  for (let sent = 0; sent < 5000; sent += 1) await writer.push(Uint8Array.of(sent % 251));
  await writer.settle();
  const early = (await stat(join(folder, "data"))).size;
  await writer.finish();

  expect(early).toBe(4096);
  const bytes = await Bun.file(join(folder, "data")).bytes();
  expect(bytes).toEqual(Uint8Array.from({ length: 5000 }, (_, at) => at % 251));
});
