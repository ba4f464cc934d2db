// What bounds a sweep of uploads in parts: its limit, its end in the middle, and the rule that says which of them it may take.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { paced } from "../../src/jobs/pace.ts";
import type { OpenState } from "../../src/model/multipartState.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { isEligible } from "../../src/objects/state.ts";
import { graceMs, openMultipartRoom, type RoomDeps, ttlMs } from "./multipartRoom.ts";

type Room = Awaited<ReturnType<typeof openMultipartRoom>>;
let room: Room;

beforeEach(async () => {
  room = await openMultipartRoom();
});
afterEach(() => room.remove());

/** Expired uploads with a part each, and folders that no upload knows of. */
async function fill(expired: number, leftovers: number): Promise<void> {
  for (let count = 0; count < expired; count += 1) {
    const id = await room.initiate(`expired/${count}`);
    await room.part(id, 1, "gone");
  }
  room.store.clock.advance(ttlMs + graceMs + 1);
  for (let count = 0; count < leftovers; count += 1) await room.leaveBehind();
}

/** The storage of a process that is killed at the nth drop, before it or after it: then nothing follows. */
function endingAt(nth: number, when: "before" | "after") {
  const { metadata, storage } = room.deps();
  const killed = Promise.withResolvers<"killed">();
  let drops = 0;
  const discard: RoomDeps["storage"]["parts"]["discard"] = async (id) => {
    drops += 1;
    const isLast = drops === nth;
    if (!isLast || when === "after") await storage.parts.discard(id);
    if (!isLast) return;
    killed.resolve("killed");
    await new Promise(() => {});
  };
  const deps: RoomDeps = {
    metadata,
    storage: { parts: { list: () => storage.parts.list(), discard } },
  };
  return { deps, killed: killed.promise };
}

describe("the sweep of multipart uploads, within its limits,", () => {
  test("deletes at most the limit, leftovers included, the oldest first", async () => {
    await fill(5, 4);

    const sweeps = [];
    for (let count = 0; count < 5; count += 1) sweeps.push(await room.sweep({ limit: 2 }));
    const last = await room.sweep({ limit: 2 });

    const counts = sweeps.map(({ expired, leftovers }) => [expired, leftovers]);
    expect(counts).toEqual([
      [2, 0],
      [2, 0],
      [1, 1],
      [0, 2],
      [0, 1],
    ]);
    expect<unknown>(sweeps.flatMap(({ told }) => told.map(({ object }) => object))).toEqual(
      [0, 1, 2, 3, 4].map((count) => `expired/${count}`),
    );
    expect([last.expired, last.leftovers]).toEqual([0, 0]);
    expect(await readdir(room.folder("."))).toEqual([]);
  });

  test("finds leftovers among more open uploads than one query returns", async () => {
    const open: UploadId[] = [];
    for (let count = 0; count < 130; count += 1) {
      const id = await room.initiate(`open/${count}`);
      await room.store.rooms.storage.staging.begin(id, null);
      open.push(id);
    }
    for (let count = 0; count < 130; count += 1) await room.leaveBehind();

    const [first, second] = [await room.sweep({ limit: 120 }), await room.sweep({ limit: 120 })];

    expect([first.leftovers, second.leftovers]).toEqual([120, 10]);
    expect((await readdir(room.folder("."))).sort()).toEqual([...open].sort());
  });

  for (const when of ["before", "after"] as const) {
    test(`that ends ${when} any of its drops is finished by the next one, and no open upload is touched`, async () => {
      for (const nth of [1, 2, 3, 4]) {
        await fill(2, 2);
        const open = await room.initiate("open");
        await room.part(open, 1, "kept");

        const { deps, killed } = endingAt(nth, when);
        const ended = await Promise.race([room.sweep({ deps }), killed]);
        const next = await room.sweep();

        expect(ended).toBe("killed");
        expect(next.expired + next.leftovers).toBe(4 - nth + (when === "before" ? 1 : 0));
        expect(await room.read(open, 1)).toBe("kept");
        expect(await readdir(room.folder("."))).toEqual([open]);
        await room.store.rooms.metadata.multipartLife.removeMultipart(room.key(open), () => {});
        await room.sweep();
      }
    });
  }

  test("skips a folder that cannot be removed, at any limit, and retries it", async () => {
    await fill(3, 3);
    const { metadata, storage } = room.deps();
    const [stuck] = (await readdir(room.folder("."))).sort();
    const discard: RoomDeps["storage"]["parts"]["discard"] = async (id) => {
      if (id === stuck) throw new Error("EPERM: operation not permitted");
      await storage.parts.discard(id);
    };
    const deps: RoomDeps = {
      metadata,
      storage: { parts: { list: () => storage.parts.list(), discard } },
    };

    const swept = await room.sweep({ deps });
    const again = [await room.sweep({ deps, limit: 1 }), await room.sweep({ deps, limit: 1 })];
    const later = await room.leaveBehind();
    const behind = await room.sweep({ deps, limit: 1 });

    const left = { count: 1, cause: "EPERM: operation not permitted" };
    // Its row is gone as those of the others are.
    expect(swept).toMatchObject({ expired: 3, leftovers: 3, undeleted: left });
    for (const swept of again) expect(swept).toMatchObject({ leftovers: 0, undeleted: left });
    expect([behind.leftovers, room.isStaged(later)]).toEqual([1, false]);
    expect(await readdir(room.folder("."))).toEqual([String(stuck)]);
    expect(await room.sweep()).toMatchObject({ leftovers: 1, undeleted: null });
  });

  test("running twice at the same time deletes each upload once", async () => {
    await fill(10, 0);
    const open = await room.initiate("open");
    await room.part(open, 1, "kept");

    const [one, other] = await Promise.all([room.sweep(), room.sweep()]);

    expect(one.expired + other.expired).toBe(10);
    expect(new Set([...one.told, ...other.told].map(({ id }) => id)).size).toBe(10);
    expect(await readdir(room.folder("."))).toEqual([open]);
  });

  test("rests four times as long as each step took", async () => {
    const rests: number[] = [];
    const step = paced({ steps: 2, rest: async (ms) => void rests.push(ms) });
    const done: number[] = [];

    for (let count = 0; count < 5; count += 1) await step(async () => void done.push(count));

    expect(done).toEqual([0, 1, 2, 3, 4]);
    expect(rests).toHaveLength(2);
    expect(Math.min(...rests)).toBeGreaterThan(0);
  });
});

test("expires in the database the same uploads as the rule in memory", async () => {
  const { multipart, multipartLife } = room.store.rooms.metadata;
  const id = await room.initiate("a");
  const database = new Database(join(room.store.directory, "breadbox.db"));
  const around = fc.integer({ min: 995, max: 1005 });
  const lifetime = fc.record({
    state: fc.constantFrom<OpenState>("initiated", "uploading"),
    expiresAt: around,
    claimOwner: fc.constantFrom(null, "a request"),
  });
  const cases = fc.record({
    lifetimes: fc.array(lifetime, { maxLength: 8 }),
    now: around,
    graceMs: fc.integer({ min: 0, max: 8 }),
    limit: fc.integer({ min: 1, max: 8 }),
  });
  try {
    const [row] = database.query("SELECT bucket_id FROM multipart_uploads").values();
    const insert = database.query(
      "INSERT INTO multipart_uploads (upload_id, bucket_id, object_name, state, expires_at, created_at, updated_at, content_type, claim_owner) VALUES (?, ?, 'a', ?, ?, 0, 0, '', ?)",
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ lifetimes, now, graceMs, limit }) => {
        database.run("DELETE FROM multipart_uploads");
        const uploads = lifetimes.map((each) => ({ ...each, id: room.newUploadId() }));
        for (const { id, state, expiresAt, claimOwner } of uploads) {
          insert.run(id, Number(row?.[0]), state, expiresAt, claimOwner);
        }
        const eligible = uploads.filter((each) => isEligible(each, now, graceMs));

        const gone = await multipartLife.expireMultipart({ expiredBefore: now - graceMs, limit });

        const latest = Math.max(...gone.map((each) => each.expiresAt));
        const left = eligible.filter((each) => !gone.some(({ id }) => id === each.id));
        expect(left.every((each) => each.expiresAt >= latest)).toBe(true);
        const goneIds = gone.map((each) => each.id);
        expect(goneIds).toHaveLength(Math.min(limit, eligible.length));
        expect(eligible.map((each) => each.id)).toEqual(expect.arrayContaining(goneIds));
        const known = await multipartLife.knownMultipart(uploads.map((each) => each.id));
        expect(known.size).toBe(uploads.length - gone.length);
      }),
      { numRuns: 150 },
    );
  } finally {
    database.close();
  }
  expect(await multipart.findMultipart(room.key(id))).toBeNull();
}, 60_000);
