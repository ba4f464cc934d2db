// The sweep of upload sessions by clocks that are in doubt, or that were ahead.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { startUpload } from "../../src/uploads/uploads.ts";
import { noise } from "../support/store.ts";
import { minute, openSweepRoom, repository, type SweepRoom, timeoutMs } from "./sweepRoom.ts";

describe("the sweep of upload sessions, after clock steps,", () => {
  let room: SweepRoom;
  beforeEach(async () => {
    room = await openSweepRoom();
  });
  afterEach(() => room.store.remove());

  test("deletes nothing while the clock is in doubt but finishes drops", async () => {
    const { id } = await startUpload(room.deps(), repository);
    const left = await room.stray(room.ago(10 * timeoutMs));
    const half = join(room.store.directory, "tmp", "discarded", "half");
    await mkdir(half, { recursive: true });
    room.store.clock.advance(100 * timeoutMs);

    const dropped = await room.sweep(() => null);

    expect(dropped).toEqual([]);
    expect((await readdir(room.folder("."))).sort()).toEqual([id, left].sort());
    expect(existsSync(half)).toBe(false);
    expect(await room.sweep()).toHaveLength(2);
  });

  test("deletes a session that began while the clock was a year ahead one timeout after it first saw it", async () => {
    const year = 365 * 24 * 60 * minute;
    room.store.clock.advance(year);
    const [{ id }, withoutBytes] = [
      await startUpload(room.deps(), repository),
      await startUpload(room.deps(), repository),
    ];
    await room.append(id, noise(100));
    await room.deps().storage.staging.discard(withoutBytes.id, withoutBytes.staging);
    const name = await room.stray(room.ago(0));
    room.store.clock.advance(-year);

    const first = await room.sweep();
    room.store.clock.advance(2 * minute);
    const second = await room.sweep();
    room.store.clock.advance(timeoutMs - 2 * minute);
    const third = await room.sweep();
    // A server that has started again has not seen the stray before, but knows of the session.
    if (third.length === 0) room.firstSeen.clear();
    room.store.clock.advance(1);
    const last = await room.sweep();

    expect([first, third.map(({ id }) => String(id))]).toEqual([[], [name]]);
    expect(second.map(({ id, reason }) => [id, reason])).toEqual([
      [withoutBytes.id, "without bytes"],
    ]);
    expect(last).toEqual([{ id, reason: "expired", repository, bytes: 100 }]);
  });

  test("deletes bytes without a row, first seen while the clock was ahead, one timeout after the correction", async () => {
    const name = await room.stray(null);
    room.store.clock.advance(1000 * timeoutMs);
    const first = await room.sweep();
    room.store.clock.advance(-1000 * timeoutMs);
    const second = await room.sweep();
    room.store.clock.advance(timeoutMs);

    expect([first, second].flat()).toEqual([]);
    expect((await room.sweep()).map(({ id }) => String(id))).toEqual([name]);
  });
});
