// When a collection does not take place, or breaks off: any doubt, a lock that another holds, a clock that was set.
import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { watchSetBacks } from "../../src/gc/gcExecute.ts";
import type { GcDeps } from "../../src/gc/gcRun.ts";
import { Scope } from "../support/scope.ts";
import { hour, lease, openGcRoom } from "./gcRoom.ts";

const year = 365 * 24 * hour;

/** A store with one image, and `orphans` that nothing keeps. */
async function openRoom(scope: Scope, orphans = 1) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  await room.pushImage(["layer"]);
  for (let each = 0; each < orphans; each += 1) await room.push(`orphan ${each}`);
  room.store.clock.advance(lease);
  return room;
}

type Content = GcDeps["storage"]["content"];
type Room = Awaited<ReturnType<typeof openRoom>>;

describe("a collection fails, with nothing deleted, when", () => {
  test("a folder of stored files cannot be read", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const content: Content = {
      ...contentOf(room),
      async *list() {
        yield [];
        throw new Error("EIO: i/o error, scandir");
      },
    };

    const outcome = await room.collect({}, { storage: { content } });

    expect(outcome).toMatchObject({ state: "failed", reason: "EIO: i/o error, scandir" });
    expect(outcome.counts.deletedBlobs).toBe(0);
    expect(await room.storedFiles()).toBe(2);
  });

  test.each([
    ["a reference is no digest", "UPDATE manifest_references SET digest = upper(digest)"],
    ["a digest is cut short", "UPDATE contents SET digest = substr(digest, 1, 70)"],
    ["a digest is no text", "UPDATE manifest_references SET digest = CAST(digest AS BLOB)"],
    ["a stored name is damaged", "UPDATE contents SET locator = replace(locator, 'sha256/', '')"],
    [
      "a stored name is another content's",
      "UPDATE contents SET locator = (SELECT locator FROM contents ORDER BY digest LIMIT 1)",
    ],
    ["a size is none", "UPDATE contents SET size = -1"],
    ["an image has lost its references", "DELETE FROM manifest_references"],
    [
      "a tag has lost its manifest",
      "INSERT INTO tags SELECT repository, '1.0', 'sha256:' || hex(zeroblob(32)), 0 FROM manifests",
    ],
    ["an index is missing", "DROP INDEX manifest_references_by_digest"],
    ["what is on its way out is needed", "INSERT INTO trash SELECT locator, size, 0 FROM contents"],
  ])("%s", async (_, statement) => {
    await using scope = new Scope();
    const room = await openRoom(scope, 2);
    room.spoil(statement);

    const outcome = await room.collect();

    expect(outcome.state).toBe("failed");
    expect(outcome.reason).not.toBeNull();
    expect(await room.storedFiles()).toBe(3);
  });
});

function contentOf({ store }: Room): Content {
  const { content } = store.rooms.storage;
  return {
    list: () => content.list(),
    nameOf: (locator) => content.nameOf(locator),
    stat: (locator) => content.stat(locator),
    delete: (locator) => content.delete(locator),
  };
}

describe("a collection that was interrupted", () => {
  test("is finished by the next run", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope, 3);
    const refused = async (): Promise<void> => {
      throw new RegistryError("READ_ONLY");
    };

    const broken = await room.collect(
      {},
      { storage: { content: { ...contentOf(room), delete: refused } } },
    );
    expect(broken).toMatchObject({ state: "failed", counts: { deletedBlobs: 0 } });
    expect(await room.storedFiles()).toBe(4);
    const next = await room.collect();

    expect(next).toMatchObject({ state: "done", finished: { blobs: 3, bytes: 24 } });
    expect(next.counts).toMatchObject({ totalBlobs: 1, deletedBlobs: 0 });
    expect(await room.storedFiles()).toBe(1);
  });

  test("deletes nothing more once another run has its lock", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const changes = room.meanwhile(async () => {
      const request = { name: "gc", owner: "thief", lastsMs: hour } as const;
      const { locks } = room.store.rooms.metadata;
      const now = room.store.clock.now() + hour;
      await locks.acquireLock({ ...request, now, dead: null });
    });

    const outcome = await room.collect({}, changes);

    expect(outcome).toMatchObject({
      state: "failed",
      reason: "another garbage collection has taken over",
      counts: { deletedBlobs: 0 },
    });
    expect(await room.storedFiles()).toBe(2);
  });
});

describe("a second collection", () => {
  test("is refused while the first is running, and not afterwards", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    let second = null;
    const changes = room.meanwhile(async () => {
      second = await room.collect();
    });

    const first = await room.collect({}, changes);

    expect(second).toMatchObject({
      state: "refused",
      reason: "another garbage collection is running",
    });
    expect(first).toMatchObject({ state: "done", counts: { deletedBlobs: 1 } });
    expect((await room.collect()).state).toBe("done");
  });

  test("starts at once when the process of the first was killed", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { locks } = room.store.rooms.metadata;
    const now = room.store.clock.now();
    const request = { name: "gc", owner: "killed/run", now, lastsMs: 30_000, dead: null } as const;
    await locks.acquireLock(request);

    expect((await room.collect()).state).toBe("refused");
    const isAlive = (process: string) => process !== "killed";
    expect((await room.collect({}, { isAlive })).state).toBe("done");
  });
});

describe("after the clock was set", () => {
  test("forward, nothing is deleted until every lease has run out by the machine's uptime", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.collect({ minAgeMs: 2 * hour });
    const leased = await room.push("leased");
    room.setClock(10 * year);

    const refused = await room.collect();
    expect(refused).toMatchObject({ state: "refused", counts: { deletedBlobs: 0 } });
    expect(refused.reason).toBe(
      "the clock was set forward by 3650 days: the age of content cannot be trusted yet, so nothing was deleted; it can run again in 2 hours",
    );
    expect((await room.collect({ dryRun: true })).state).toBe("refused");
    room.store.clock.advance(lease - 1);
    expect((await room.collect()).state).toBe("refused");
    expect(await room.has(leased)).toBe(true);
    room.store.clock.advance(1);
    expect(await room.collect()).toMatchObject({ state: "done", counts: { deletedBlobs: 2 } });
  });

  test("forward, the doubt lasts as long as open uploads are kept, if that is longer than a lease", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const changes = { uploadsMs: 3 * lease };
    await room.collect(changes);
    room.setClock(10 * year);

    const states = [(await room.collect(changes)).state];
    room.store.clock.advance(3 * lease - 1);
    states.push((await room.collect(changes)).state);
    room.store.clock.advance(1);
    states.push((await room.collect(changes)).state);

    expect(states).toEqual(["refused", "refused", "done"]);
  });

  test("back, content is kept for longer, which is reported", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.collect({ minAgeMs: 2 * hour });
    room.setClock(-24 * hour);

    const outcome = await room.collect();

    expect(outcome).toMatchObject({ state: "done", counts: { deletedBlobs: 0 } });
    expect(outcome.notes).toEqual([
      "the clock was set back by 1 day: older content is kept for that much longer",
    ]);
  });
});

describe("a clock that is set back and forward again within one run", () => {
  test("ends no lease that was given in between", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const givenUp = await room.push("given up");
    room.store.clock.advance(lease);
    let looks = 0;
    // The first look of the run is at a clock that is ahead.
    const clock = (): number => {
      looks += 1;
      const now = room.store.clock.now();
      if (looks === 1) room.setClock(-year);
      return now;
    };
    const meanwhile = room.meanwhile(async () => {
      await room.push("given up");
      room.setClock(year);
    });

    const { state } = await room.collect({}, { ...meanwhile, clock });

    expect(state).toBe("done");
    expect(await room.has(givenUp)).toBe(true);
  });

  test("is remembered by every look after it", () => {
    let wall = 1_000;
    const setBackMs = watchSetBacks(() => wall, 1_000);

    expect(setBackMs()).toBe(0);
    wall = 400;
    expect(setBackMs()).toBe(600);
    wall = 90_000;
    expect(setBackMs()).toBe(600);
  });
});
