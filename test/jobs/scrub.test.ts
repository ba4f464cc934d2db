// The scrub: reads what was not read for the longest, at its rate, in slices, and takes damaged content out.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DamagedContent, Scrub, type UnreadableContent } from "../../src/jobs/scrub.ts";
import { digestOf } from "../../src/model/digest.ts";
import { app, type InspectionRoom, openInspectionRoom } from "../fsck/inspectionRoom.ts";
import { waitFor } from "../support/processes.ts";
import { noise } from "../support/store.ts";

const hour = 3_600_000;
const mebibyte = 1_048_576;
let room: InspectionRoom;
let scrub: Scrub;
let damaged: DamagedContent[];
let unreadable: UnreadableContent[];
/** Monotonic ms, which only sleeping moves. */
let uptime: number;
/** How much too early a wait of more than a millisecond ends, ms. */
let early: number;
let openScrubs: Scrub[];

const startScrub = (): Scrub => {
  const { metadata, storage } = room.store.rooms;
  const started = new Scrub({
    metadata: { ...metadata.inspection, ...metadata.manifestInspection },
    storage,
    clock: room.store.clock.now,
    now: () => uptime,
    sleep: async (ms) => {
      uptime += ms > 1 ? ms - early : ms;
    },
    onDamaged: (found) => damaged.push(found),
    onUnreadable: (found) => unreadable.push(found),
  });
  openScrubs.push(started);
  return started;
};

beforeEach(async () => {
  room = await openInspectionRoom();
  [damaged, unreadable, uptime, early, openScrubs] = [[], [], 0, 0, []];
  scrub = startScrub();
});
afterEach(async () => {
  for (const each of openScrubs) await each.close();
  await room.remove();
});

const now = () => room.store.clock.now();
/** So fast that a slice of a second reads everything. */
const fast = () => ({ since: now(), bytesPerSecond: Number.MAX_SAFE_INTEGER, forMs: 1_000 });

describe("a scrub round", () => {
  test("reads all due content, once", async () => {
    for (const size of [0, 1, 3 * mebibyte]) await room.push(noise(size));
    room.store.clock.advance(hour);
    const order = fast();

    expect(await scrub.slice(order)).toEqual({
      bytes: 3 * mebibyte + 1,
      verified: 3,
      finished: true,
    });
    expect(await scrub.slice(order)).toEqual({ bytes: 0, verified: 0, finished: true });
  });

  test("skips content that was stored since the round was due", async () => {
    const order = { ...fast(), since: now() };
    await room.push(noise(10));

    expect(await scrub.slice(order)).toMatchObject({ bytes: 0, finished: true });
  });

  test("continues after a restart with the rest, the longest unread first", async () => {
    const first = await room.push(noise(2 * mebibyte));
    room.store.clock.advance(hour);
    const second = await room.push(noise(mebibyte));
    room.store.clock.advance(hour);
    const order = { since: now(), bytesPerSecond: 2 * mebibyte, forMs: 1_100 };
    await scrub.slice(order);
    await scrub.close();
    const unverified = await room.store.rooms.metadata.inspection.listUnverified({
      since: now(),
      now: now(),
      limit: 9,
    });
    expect(unverified.map(({ digest }) => digest)).toEqual([second]);
    expect(first).not.toBe(second);

    const rest = await startScrub().slice({ ...order, forMs: 10_000 });

    expect(rest).toEqual({ bytes: mebibyte, verified: 1, finished: true });
  });

  test("starts again when the next one is due", async () => {
    await room.push(noise(10));
    room.store.clock.advance(hour);
    await scrub.slice(fast());
    room.store.clock.advance(hour);

    expect(await scrub.slice(fast())).toEqual({ bytes: 10, verified: 1, finished: true });
  });
});

describe("the rate limit of a scrub", () => {
  test("holds across slices, in the middle of a blob", async () => {
    await room.push(noise(8 * mebibyte));
    room.store.clock.advance(hour);
    const order = { since: now(), bytesPerSecond: mebibyte, forMs: 1_000 };

    let [bytes, slices, finished] = [0, 0, false];
    while (!finished) {
      const slice = await scrub.slice(order);
      bytes += slice.bytes;
      slices += 1;
      finished = slice.finished;
      // A portion that is begun is read to its end.
      expect(bytes).toBeLessThanOrEqual((uptime / 1_000 + 1) * mebibyte);
    }

    expect(bytes).toBe(8 * mebibyte);
    expect(uptime).toBe(8_000);
    expect(slices).toBe(9);
  });

  test("holds when a timer ends a moment early", async () => {
    await room.push(noise(4 * mebibyte));
    room.store.clock.advance(hour);
    const order = { since: now(), bytesPerSecond: 1_024, forMs: 500 };
    const { bytes } = await scrub.slice(order);

    early = 0.5;

    expect(await startScrub().slice(order)).toMatchObject({ bytes });
    expect(uptime).toBe(1_000);
  });

  test("lets a slice end on time, however slow it is", async () => {
    await room.push(noise(4 * mebibyte));
    room.store.clock.advance(hour);
    const order = { since: now(), bytesPerSecond: 1_024, forMs: 500 };

    for (let slice = 1; slice <= 5; slice += 1) {
      await scrub.slice(order);
      expect(uptime).toBe(slice * 500);
    }
  });
});

describe("a scrub that finds damaged content", () => {
  test("removes it from service at once, and reports it with the affected tags", async () => {
    const layer = noise(2 * mebibyte);
    await room.tag("1.0", [layer]);
    const digest = digestOf(layer);
    const path = await room.path(digest);
    await room.flip(digest, mebibyte + 1);
    room.store.clock.advance(hour);

    await scrub.slice(fast());

    expect(damaged).toMatchObject([
      {
        digest,
        fault: "contentHashDiffers",
        holders: { repositories: [app], tags: [{ repository: app, name: "1.0" }] },
      },
    ]);
    expect(await room.pull(digest)).toBe("BLOB_UNKNOWN");
    expect(existsSync(path.replace("/blobs/", "/damaged/"))).toBeTrue();
    await room.push(layer);
    expect(await room.pull(digest)).toEqual(layer);
  });

  test("also notices truncated and missing files", async () => {
    const [short, gone] = [await room.push(noise(10)), await room.push(noise(10))];
    await room.cut(short, 9);
    await room.lose(gone);
    room.store.clock.advance(hour);

    expect(await scrub.slice(fast())).toMatchObject({ verified: 0, finished: true });

    expect(new Map(damaged.map(({ digest, fault }) => [digest, fault]))).toEqual(
      new Map([
        [short, "contentSizeDiffers"],
        [gone, "contentMissing"],
      ]),
    );
  });

  test("ignores content that was pushed again, or collected, while it was read", async () => {
    const layer = noise(2 * mebibyte);
    const digest = await room.push(layer);
    await room.flip(digest);
    room.store.clock.advance(hour);
    const order = { since: now(), bytesPerSecond: mebibyte, forMs: 500 };
    await scrub.slice(order);
    await room.fsck({ full: true, repair: true });
    await room.push(layer);

    await scrub.slice({ ...order, forMs: 60_000 });

    expect(damaged).toEqual([]);
    expect(await room.pull(digest)).toEqual(layer);
  });
});

describe("a scrub that cannot read a file", () => {
  test("reports it, judges it neither intact nor damaged, and reads the rest", async () => {
    const lost = await room.push(noise(10));
    const folder = dirname(await room.path(lost));
    let bytes = noise(20);
    while (folder.endsWith(digestOf(bytes).slice(7, 9))) bytes = noise(20);
    await room.push(bytes);
    // A store that was opened makes them beside its first work, and would make this one again.
    const hasFolders = async () => (await readdir(dirname(folder))).length === 256;
    await waitFor("the folders of the store", hasFolders);
    await rename(folder, join(room.directory, "kept"));
    await symlink(folder, folder);
    room.store.clock.advance(hour);
    const order = fast();

    const slice = await scrub.slice(order);

    expect(slice).toEqual({ bytes: 20, verified: 1, finished: true });
    expect(unreadable.map(({ digest }) => digest)).toEqual([lost]);
    expect(damaged).toEqual([]);
    // Not again in this round, but in the next one.
    expect((await scrub.slice(order)).finished).toBeTrue();
    expect(unreadable).toHaveLength(1);
    await rm(folder);
    await rename(join(room.directory, "kept"), folder);
    room.store.clock.advance(hour);
    expect(await scrub.slice(fast())).toMatchObject({ bytes: 30, verified: 2 });
  });

  test("a scrub slice ends with READ_ONLY when the store turns read-only", async () => {
    const digest = await room.push(noise(10));
    await room.flip(digest);
    room.store.clock.advance(hour);
    room.store.rooms.latch.trip("a test", null);

    const failure = await scrub.slice(fast()).catch((error: unknown) => error);

    expect(failure).toMatchObject({ situation: "READ_ONLY" });
    expect(damaged).toEqual([]);
  });
});
