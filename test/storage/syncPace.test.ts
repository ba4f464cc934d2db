import { expect, test } from "bun:test";
import { SyncPace } from "../../src/storage/filesystem/syncPace.ts";

const mebibyte = 1_048_576;

/** A pace whose clock the test moves. Unit: ms. */
function paceAt(start = 1_000) {
  const clock = { now: start };
  return { clock, pace: new SyncPace(() => clock.now) };
}

/** One background sync that takes so long. */
async function syncOnce({ clock, pace }: ReturnType<typeof paceAt>, ms: number, bytes = mebibyte) {
  await pace.watch(bytes, async () => {
    clock.now += ms;
  });
}

/** Sizes in MiB after which an append is synced, when each sync has ended before the next batch. */
function syncedAt(pace: SyncPace, mebibytes: number): number[] {
  const places: number[] = [];
  for (let written = 0.5; written <= mebibytes; written += 0.5) {
    const synced = places.at(-1) ?? 0;
    if (pace.isDue(synced * mebibyte, (written - synced) * mebibyte)) places.push(written);
  }
  return places;
}

test("on a quick disk bytes are synced after the first MiB, then each time as many have come again", async () => {
  const quick = paceAt();
  await syncOnce(quick, 3);

  expect(syncedAt(quick.pace, 100)).toEqual([1, 2, 4, 8, 16, 32, 64, 96]);
});

test("on a slow disk bytes are synced every 32 MiB, and after a minute it is tried again", async () => {
  const slow = paceAt();
  await syncOnce(slow, 30);

  expect(syncedAt(slow.pace, 100)).toEqual([32, 64, 96]);
  slow.clock.now += 59_000;
  expect(syncedAt(slow.pace, 8)).toEqual([]);
  slow.clock.now += 1_000;
  expect(syncedAt(slow.pace, 8)).toEqual([1, 2, 4, 8]);
});

test("a disk is quick that takes long only because there is much to write", async () => {
  const large = paceAt();
  await syncOnce(large, 90, 16 * mebibyte);

  expect(syncedAt(large.pace, 4)).toEqual([1, 2, 4]);
});

test("until the disk is known one early sync runs at a time", async () => {
  const unknown = paceAt();
  const first = Promise.withResolvers<void>();

  expect(unknown.pace.isDue(0, mebibyte)).toBe(true);
  const watched = unknown.pace.watch(mebibyte, () => first.promise);
  expect(unknown.pace.isDue(0, mebibyte)).toBe(false);
  expect(unknown.pace.isDue(0, 32 * mebibyte)).toBe(true);
  unknown.clock.now += 2;
  first.resolve();
  await watched;

  const second = unknown.pace.watch(mebibyte, () => Promise.resolve());
  expect(unknown.pace.isDue(0, mebibyte)).toBe(true);
  await second;
});

test("a sync that waits for others says nothing about the disk, one that fails is thrown", async () => {
  const busy = paceAt();
  await syncOnce(busy, 2);
  const other = Promise.withResolvers<void>();
  const watched = busy.pace.watch(mebibyte, () => other.promise);

  await syncOnce(busy, 500);
  expect(busy.pace.isDue(0, mebibyte)).toBe(true);
  other.resolve();
  await watched;

  const failure = new Error("the disk failed");
  await expect(busy.pace.watch(mebibyte, () => Promise.reject(failure))).rejects.toBe(failure);
});
