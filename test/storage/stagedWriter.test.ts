import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { FreeSpace } from "../../src/storage/filesystem/freeSpace.ts";
import { QuickDisk } from "../../src/storage/filesystem/quickDisk.ts";
import {
  StagedWriter,
  type StagingFollower,
  unfollowed,
} from "../../src/storage/filesystem/stagedWriter.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { freeBytes, mountSmallDisk } from "../support/smallDisk.ts";
import { noise } from "../support/store.ts";

const quick = () => new QuickDisk({ elapsed: () => 0, waits: () => 0 });

/** A disk each of whose blocking writes took a second, by a clock that nobody else moves. */
function slow() {
  let now = 0;
  const elapsed = () => {
    now += 1_000;
    return now;
  };
  return new QuickDisk({ elapsed, waits: elapsed });
}

async function openWriter(
  scope: Scope,
  follower: StagingFollower = unfollowed,
  folder = tempFolder(scope, "writer"),
  { disk = quick(), path = join(folder, "data") } = {},
) {
  const file = await open(path, "w+");
  scope.defer(() => file.close());
  const writer = new StagedWriter(file, 0, {
    follower,
    latch: new WriteLatch(() => {}),
    space: new FreeSpace(folder, Date.now),
    disk,
    release: null,
    signal: new AbortController().signal,
  });
  return { writer, folder };
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

const batch = 128 * 1024;

test("on a quick disk, a batch of the first 8 MiB is in the file when the writer has taken it", async () => {
  await using scope = new Scope();
  const { writer, folder } = await openWriter(scope);
  const bytes = noise(9 * 2 ** 20);

  const sizes: number[] = [];
  for (let at = 0; at < bytes.length; at += batch) {
    const waiting = writer.push(bytes.subarray(at, at + batch));
    sizes.push(statSync(join(folder, "data")).size);
    if (waiting !== null) await waiting;
  }
  await writer.finish();

  expect(sizes.slice(0, 64)).toEqual(Array.from({ length: 64 }, (_, index) => (index + 1) * batch));
  // Later ones are put together to 512 KiB and written by another thread.
  expect(sizes.slice(64, 67)).toEqual([8 * 2 ** 20, 8 * 2 ** 20, 8 * 2 ** 20]);
  expect(Buffer.compare(await Bun.file(join(folder, "data")).bytes(), bytes)).toBe(0);
});

test("after one slow write, another thread writes what follows", async () => {
  await using scope = new Scope();
  const { writer, folder } = await openWriter(scope, unfollowed, undefined, { disk: slow() });
  const bytes = noise(4 * batch);
  const push = (index: number) => writer.push(bytes.subarray(index * batch, (index + 1) * batch));

  expect(push(0)).toBeNull();
  const [first, ...later] = [statSync(join(folder, "data")).size, push(1), push(2), push(3)];
  expect(statSync(join(folder, "data")).size).toBe(batch);
  await Promise.all(later);
  await writer.finish();

  expect(first).toBe(batch);
  expect(Buffer.compare(await Bun.file(join(folder, "data")).bytes(), bytes)).toBe(0);
});

test("a full disk refuses a batch that the server's thread writes as it does any other", async () => {
  await using scope = new Scope();
  const { writer } = await openWriter(scope, unfollowed, undefined, { path: "/dev/full" });

  const refusal = await Promise.resolve(writer.push(noise(batch))).catch((error: unknown) => error);

  expect(refusal).toMatchObject({ situation: "DISK_FULL" });
  expect(writer.written).toBe(0);
  await writer.settle();
});

clientTest(
  "a disk that becomes full within a batch refuses it",
  { commands: ["mount", "umount"], root: true },
  async (scope) => {
    const folder = await mountSmallDisk(scope);
    const { writer } = await openWriter(scope, unfollowed, folder);
    await Bun.write(join(folder, "other"), new Uint8Array(freeBytes(folder) - batch / 2));

    const refusal = await (async () => {
      await writer.push(noise(batch));
      await writer.finish();
    })().catch((error: unknown) => error);

    expect(refusal).toMatchObject({ situation: "DISK_FULL" });
    expect(writer.written).toBe(0);
    await writer.settle();
  },
);
