// The sweep of upload sessions by clocks that are in doubt, or that were ahead.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dropped, sweepUploads } from "../../src/jobs/sweep.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const timeoutMs = 3_600_000;
const minute = 60_000;

describe("the sweep of upload sessions, after clock steps,", () => {
  let store: Awaited<ReturnType<typeof openStore>>;
  let firstSeen: Map<UploadId, number>;
  beforeEach(async () => {
    store = await openStore();
    firstSeen = new Map();
  });
  afterEach(() => store.remove());

  const deps = () => store.rooms.uploads;
  const sweep = async (ageNow: () => number | null = store.clock.now): Promise<Dropped[]> => {
    const dropped: Dropped[] = [];
    const { uploadRows: metadata, storage } = store.rooms;
    const rest = async () => {};
    const onDropped = (it: Dropped) => void dropped.push(it);
    const clocks = { clock: store.clock.now, ageNow, firstSeen };
    await sweepUploads({ metadata, storage, ...clocks, rest, onDropped }, timeoutMs);
    return dropped;
  };
  const append = (id: UploadId, bytes: Uint8Array) => {
    const body = (async function* () {
      yield bytes;
    })();
    const chunk = { body, length: bytes.length, start: null, end: null };
    return appendChunk(deps(), { repository, id, chunk });
  };
  const folder = (name: string) => join(store.directory, "uploads", name);
  /** A folder under uploads/ that no session knows of. */
  const stray = async (startedAt: string | null): Promise<string> => {
    const name = Bun.randomUUIDv7();
    await mkdir(folder(name));
    if (startedAt !== null) await writeFile(join(folder(name), "startedat"), startedAt);
    return name;
  };
  const ago = (ms: number) => new Date(store.clock.now() - ms).toISOString();

  test("deletes nothing while the clock is in doubt but finishes drops", async () => {
    const { id } = await startUpload(deps(), repository);
    const left = await stray(ago(10 * timeoutMs));
    const half = join(store.directory, "tmp", "discarded", "half");
    await mkdir(half, { recursive: true });
    store.clock.advance(100 * timeoutMs);

    const dropped = await sweep(() => null);

    expect(dropped).toEqual([]);
    expect((await readdir(folder("."))).sort()).toEqual([id, left].sort());
    expect(existsSync(half)).toBe(false);
    expect(await sweep()).toHaveLength(2);
  });

  test("deletes a session that began while the clock was a year ahead one timeout after it first saw it", async () => {
    const year = 365 * 24 * 60 * minute;
    store.clock.advance(year);
    const [{ id }, withoutBytes] = [
      await startUpload(deps(), repository),
      await startUpload(deps(), repository),
    ];
    await append(id, noise(100));
    await deps().storage.staging.discard(withoutBytes.id, withoutBytes.staging);
    const name = await stray(ago(0));
    store.clock.advance(-year);

    const first = await sweep();
    store.clock.advance(2 * minute);
    const second = await sweep();
    store.clock.advance(timeoutMs - 2 * minute);
    const third = await sweep();
    // A server that has started again has not seen the stray before, but knows of the session.
    if (third.length === 0) firstSeen.clear();
    store.clock.advance(1);
    const last = await sweep();

    expect([first, third.map(({ id }) => String(id))]).toEqual([[], [name]]);
    expect(second.map(({ id, reason }) => [id, reason])).toEqual([
      [withoutBytes.id, "without bytes"],
    ]);
    expect(last).toEqual([{ id, reason: "expired", repository, bytes: 100 }]);
  });

  test("deletes bytes without a row, first seen while the clock was ahead, one timeout after the correction", async () => {
    const name = await stray(null);
    store.clock.advance(1000 * timeoutMs);
    const first = await sweep();
    store.clock.advance(-1000 * timeoutMs);
    const second = await sweep();
    store.clock.advance(timeoutMs);

    expect([first, second].flat()).toEqual([]);
    expect((await sweep()).map(({ id }) => String(id))).toEqual([name]);
  });
});
