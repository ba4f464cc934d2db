import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { FreeSpace } from "../../src/storage/filesystem/freeSpace.ts";
import {
  StagedWriter,
  type StagingFollower,
  unfollowed,
} from "../../src/storage/filesystem/stagedWriter.ts";
import { SyncPace } from "../../src/storage/filesystem/syncPace.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";

async function openWriter(
  scope: Scope,
  follower: StagingFollower = unfollowed,
  folder = tempFolder(scope, "writer"),
) {
  const file = await open(join(folder, "data"), "w+");
  scope.defer(() => file.close());
  const writer = new StagedWriter(file, 0, {
    follower,
    latch: new WriteLatch(() => {}),
    space: new FreeSpace(folder, Date.now),
    pace: new SyncPace(() => performance.now()),
    release: null,
    signal: new AbortController().signal,
  });
  return { writer, folder, file };
}

const sizeOf = async (folder: string) => (await stat(join(folder, "data"))).size;

test("a body in pieces of one byte is written a thousand pieces at a time, and not held in memory", async () => {
  await using scope = new Scope();
  const { writer, folder } = await openWriter(scope);

  for (let sent = 0; sent < 5000; sent += 1) await writer.push(Uint8Array.of(sent % 251));
  await waitFor("the full batches", async () => (await sizeOf(folder)) === 4096);
  await writer.finish();

  const bytes = await Bun.file(join(folder, "data")).bytes();
  expect(bytes).toEqual(Uint8Array.from({ length: 5000 }, (_, at) => at % 251));
});

test("bytes of a sender that stalls are written soon, and later ones after them", async () => {
  await using scope = new Scope();
  const { writer, folder } = await openWriter(scope);

  writer.push(Uint8Array.of(1, 2, 3));
  await waitFor("the bytes of a sender that stalls", async () => (await sizeOf(folder)) === 3);
  writer.push(Uint8Array.of(4, 5));
  await writer.finish();

  expect([...(await Bun.file(join(folder, "data")).bytes())]).toEqual([1, 2, 3, 4, 5]);
});

test("many writers together buffer a bounded amount", async () => {
  await using scope = new Scope();
  const writers = await Promise.all(Array.from({ length: 100 }, () => openWriter(scope)));

  for (const { writer } of writers) await writer.push(new Uint8Array(500_000));
  const written = async () => {
    const sizes = await Promise.all(writers.map(({ folder }) => sizeOf(folder)));
    return sizes.filter((size) => size > 0).length;
  };
  // Without a bound none would be: each has less than a batch.
  await waitFor("all but some of them", async () => (await written()) >= 60);

  for (const { writer } of writers) await writer.finish();
  expect(await written()).toBe(100);
});

test("a writer that is settled writes nothing more", async () => {
  await using scope = new Scope();
  const { writer, folder } = await openWriter(scope);

  writer.push(Uint8Array.of(1));
  await writer.settle();
  await Bun.sleep(1_500);

  expect(await sizeOf(folder)).toBe(0);
});

test("the follower gets every byte once, in order, after it can be read back", async () => {
  await using scope = new Scope();
  const folder = tempFolder(scope, "writer");
  const bytes = noise(2_500_000);
  const seen: Uint8Array[] = [];
  let end = 0;
  const follower: StagingFollower = {
    staged: (offset, chunks) => {
      expect(offset).toBe(end);
      for (const chunk of chunks) {
        seen.push(chunk.slice());
        end += chunk.byteLength;
      }
      expect(statSync(join(folder, "data")).size).toBeGreaterThanOrEqual(end);
      return null;
    },
  };
  const { writer } = await openWriter(scope, follower, folder);

  for (const chunk of [bytes.subarray(0, 7), bytes.subarray(7)]) await writer.push(chunk);
  await writer.finish();

  expect(Buffer.concat(seen).equals(bytes)).toBe(true);
});

test("the writer waits for a follower that asks it to", async () => {
  await using scope = new Scope();
  let released = 0;
  const follower: StagingFollower = {
    staged: async () => {
      await Bun.sleep(1);
      released += 1;
    },
  };
  const { writer } = await openWriter(scope, follower);

  await writer.push(noise(2_000_000));
  await writer.finish();

  expect(released).toBeGreaterThan(0);
});

test("bytes are synced while later ones arrive", async () => {
  await using scope = new Scope();
  const { writer, file, folder } = await openWriter(scope);
  let syncs = 0;
  const datasync = file.datasync.bind(file);
  file.datasync = () => {
    syncs += 1;
    return datasync();
  };

  for (let sent = 0; sent < 3; sent += 1) await writer.push(noise(1_048_576));
  await waitFor("a sync before the end", async () => syncs > 0);
  await writer.finish();

  expect(await Bun.file(join(folder, "data")).bytes()).toHaveLength(3 * 1_048_576);
});
