// A collection with the rule for untagged manifests: what it takes, what its dry run says, and who may stop it before the first goes.
import { describe, expect, test } from "bun:test";
import type { GcDeps, GcListener, GcPlan, GcRequest } from "../../src/gc/gcRun.ts";
import { tag } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, openGcRoom } from "./gcRoom.ts";

const week = 7 * 24 * hour;
const rule: Partial<GcRequest> = {
  trigger: "schedule",
  dryRun: false,
  minAgeMs: hour,
  brakeShare: 0,
  untaggedOlderThanMs: week,
};

/** More blobs than the brake lets pass in any store. */
const layersOf = (name: string): string[] => Array.from({ length: 8 }, (_, at) => `${name} ${at}`);

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { metadata } = room.store.rooms;
  return {
    ...room,
    run: (
      request: Partial<GcRequest> = {},
      changes: Partial<GcDeps> = {},
      listener: GcListener = {},
    ) => room.collect({ ...rule, ...request }, changes, listener),
    isStored: async (digest: Awaited<ReturnType<typeof room.pushImage>>) =>
      (await metadata.registry.findManifestSummary(app, { digest })) !== null,
  };
}

/** An old image of two layers, a young one that shares a layer with it, and an orphan. */
async function openWithImages(scope: Scope) {
  const room = await openRoom(scope);
  const old = await room.pushImage(["old layer", "shared layer"]);
  const orphan = await room.push("orphan");
  room.store.clock.advance(week);
  const young = await room.pushImage(["shared layer", "young layer"]);
  room.store.clock.advance(hour);
  return { ...room, old, young, orphan };
}

describe("content is looked through", () => {
  /** A run, and how often it asked for the content's rows. */
  async function count(room: Awaited<ReturnType<typeof openRoom>>, request: Partial<GcRequest>) {
    const { metadata } = room.deps();
    let windows = 0;
    const markWindow: typeof metadata.markWindow = (...asked) => {
      windows += 1;
      return metadata.markWindow(...asked);
    };
    const { counts } = await room.run(request, { metadata: { ...metadata, markWindow } });
    return { windows, deleted: counts.deletedBlobs };
  }

  test("once, for the plan: the run deletes the rows that the plan counts", async () => {
    await using scope = new Scope();
    const room = await openWithImages(scope);

    expect(await count(room, { untaggedOlderThanMs: null })).toEqual({ windows: 1, deleted: 1 });
  });

  test("again after manifests were deleted, which release what only they named", async () => {
    await using scope = new Scope();
    const room = await openWithImages(scope);

    expect(await count(room, {})).toEqual({ windows: 2, deleted: 2 });
  });
});

describe("a collection with the rule for untagged manifests", () => {
  test("deletes old untagged manifests, and in the same run the content that only they named", async () => {
    await using scope = new Scope();
    const room = await openWithImages(scope);

    const { state, counts } = await room.run();

    expect(state).toBe("done");
    expect(counts).toMatchObject({
      totalBlobs: 4,
      deletedManifests: 1,
      deletedBlobs: 2,
      deletedBytes: "old layer".length + "orphan".length,
    });
    expect(await room.isStored(room.old)).toBe(false);
    expect(await room.isStored(room.young)).toBe(true);
    expect(await room.storedFiles()).toBe(2);
  });

  test("deletes exactly what its dry run reported", async () => {
    await using scope = new Scope();
    const room = await openWithImages(scope);

    const { counts: foreseen, plan } = await room.run({ dryRun: true });
    expect(await room.isStored(room.old)).toBe(true);
    const { counts, plan: executed } = await room.run();

    expect(plan).not.toBeNull();
    expect(executed).toEqual(plan);
    expect(plan?.orphaned).toEqual({ blobs: counts.deletedBlobs, bytes: counts.deletedBytes });
    expect(foreseen).toMatchObject({
      orphanedBlobs: counts.deletedBlobs,
      orphanedBytes: counts.deletedBytes,
      referencedBlobs: counts.referencedBlobs,
      deletedManifests: counts.deletedManifests,
    });
  });

  test("queries for manifests once, and reads each row once for the plan and once for the deletion", async () => {
    await using scope = new Scope();
    const room = await openWithImages(scope);
    const looks: string[] = [];
    const { metadata, untagged } = room.deps();
    const changes: Partial<GcDeps> = {
      metadata: {
        ...metadata,
        markWindow: (...asked) => {
          looks.push("rows");
          return metadata.markWindow(...asked);
        },
      },
      untagged: {
        ...untagged,
        planUntagged: (...asked) => {
          looks.push("manifests");
          return untagged.planUntagged(...asked);
        },
      },
    };

    const { counts } = await room.run({}, changes);

    expect(looks).toEqual(["rows", "manifests", "rows"]);
    expect(counts).toMatchObject({ deletedManifests: 1, deletedBlobs: 2 });
  });

  test("needs no confirmation for a tag that moves each night", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (let night = 0; night < 4; night += 1) {
      await room.pushImage(layersOf(`night ${night}`), app, ["latest"]);
      room.store.clock.advance(week + hour);
      const { state, counts } = await room.run({ brakeShare: 0.25 });
      const expected = night === 0 ? [0, 0] : [1, layersOf("").length];
      expect([state, counts.deletedManifests, counts.deletedBlobs]).toEqual(["done", ...expected]);
    }
  });

  test("needs none for an image whose tag was deleted, or an index whose tag moved, with its children", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const { registry } = room.store.rooms.metadata;
    await room.pushImage(layersOf("image"), app, ["one"]);
    await room.pushIndex([await room.pushImage(layersOf("child"))], ["two"]);
    await room.pushIndex([], ["two"]);
    const removal = { repository: app, tag: tag("one"), immutable: () => null };
    await registry.removeTag({ ...removal, now: room.store.clock.now() });
    room.store.clock.advance(week + hour);

    const { state, counts } = await room.run({ brakeShare: 0.25 });

    expect([state, counts.deletedManifests]).toEqual(["done", 3]);
    expect(counts.deletedBlobs).toBe(2 * layersOf("").length);
  });

  const damages: readonly (readonly [string, ...string[]])[] = [
    ["tags", "DELETE FROM tags"],
    [
      "indexes",
      "DELETE FROM manifest_references WHERE kind = 'child'",
      "DELETE FROM tags WHERE name = 'multi'",
      "DELETE FROM manifests WHERE digest NOT IN (SELECT manifest FROM manifest_references)",
    ],
  ];
  test.each(damages)(
    "refuses before it deletes a manifest when %s were lost",
    async (_, ...damage) => {
      await using scope = new Scope();
      const room = await openRoom(scope);
      await room.pushImage(layersOf("image"), app, ["latest"]);
      await room.pushIndex([await room.pushImage(layersOf("child"))], ["multi"]);
      room.spoil(...damage);
      room.store.clock.advance(week + hour);

      const outcome = await room.run({ brakeShare: 0.25 });

      expect(outcome.state).toBe("refused");
      expect(outcome.reason).toContain("rows of the database may be lost");
      expect(outcome.counts).toMatchObject({ deletedManifests: 0, deletedBlobs: 0 });
      expect(await room.storedFiles()).toBe(2 * layersOf("").length);
      const dry = await room.run({ dryRun: true, brakeShare: 0.25 });
      expect([dry.state, dry.reason]).toEqual(["done", outcome.reason]);
    },
  );

  test("asks once on a terminal: no keeps every manifest", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const image = await room.pushImage(layersOf("image"), app, ["latest"]);
    room.spoil("DELETE FROM tags");
    room.store.clock.advance(week + hour);
    const asked: GcPlan[] = [];
    const ask = (answer: boolean) => ({
      confirm: async (plan: GcPlan) => {
        asked.push(plan);
        return answer;
      },
    });
    const command = { trigger: "command", brakeShare: 0.25 } as const;

    expect((await room.run(command)).state).toBe("refused");
    expect((await room.run(command, {}, ask(false))).state).toBe("refused");
    expect(await room.isStored(image)).toBe(true);
    expect((await room.run(command, {}, ask(true))).counts.deletedManifests).toBe(1);

    expect(asked.map(({ orphaned }) => orphaned.blobs)).toEqual([8, 8]);
  });

  test("deletes no manifest after it lost its lock", async () => {
    await using scope = new Scope();
    const room = await openWithImages(scope);
    const { metadata } = room.deps();
    const thief = { name: "gc", owner: "thief", lastsMs: hour, dead: null } as const;
    const emptyTrash: typeof metadata.emptyTrash = async (...asked) => {
      const emptied = await metadata.emptyTrash(...asked);
      await metadata.acquireLock({ ...thief, now: room.store.clock.now() + hour });
      return emptied;
    };

    const outcome = await room.run({}, { metadata: { ...metadata, emptyTrash } });

    expect(outcome).toMatchObject({
      ...{ state: "failed", reason: "another garbage collection has taken over" },
      counts: { deletedManifests: 0, deletedBlobs: 0 },
    });
    expect(await room.isStored(room.old)).toBe(true);
  });

  test("that was stopped is finished by the next run", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (let count = 0; count < 120; count += 1) await room.pushImage([`layer ${count}`]);
    room.store.clock.advance(week + hour);
    let removed = 0;
    const { untagged } = room.store.rooms.metadata;
    const stopping: Partial<GcDeps> = {
      untagged: {
        ...untagged,
        removeUntagged: async (...batch) => {
          const gone = await untagged.removeUntagged(...batch);
          removed += gone ?? 0;
          return gone;
        },
      },
      rest: async () => {
        if (removed > 0) throw new Error("the server was stopped");
      },
    };

    const stopped = await room.run({}, stopping);
    const { state, counts } = await room.run();

    expect(stopped).toMatchObject({
      ...{ state: "failed", reason: "the server was stopped" },
      counts: { deletedManifests: 50 },
    });
    expect(removed).toBe(50);
    expect(state).toBe("done");
    expect(counts).toMatchObject({ deletedManifests: 70, deletedBlobs: 120 });
    expect(await room.storedFiles()).toBe(0);
  });
});
