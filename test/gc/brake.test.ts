// The brake of collections that nobody watches: what clients let go is collected without a person, what lost its rows is not.
import { describe, expect, test } from "bun:test";
import { brakeFloor, brakeReason } from "../../src/gc/brake.ts";
import { objectsIn } from "../support/objectStore.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, lease, openGcRoom, other } from "./gcRoom.ts";

const day = 24 * hour;
const nightly = { trigger: "schedule", brakeShare: 0.25 } as const;

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const objects = objectsIn(room.store);
  await objects.createBucket("backups");
  return { ...room, objects };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** More blobs than the brake lets pass in any store. */
const layersOf = (name: string): string[] =>
  Array.from({ length: brakeFloor.blobs + 3 }, (_, at) => `${name} ${at}`);

describe("a scheduled collection needs no confirmation", () => {
  test("when an object is replaced each night", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (let night = 0; night < 4; night += 1) {
      for (const name of layersOf("dump")) {
        await room.objects.put(`backups/${name.replace(" ", "/")}`, bytesOf(`${name} ${night}`));
      }
      room.store.clock.advance(day);
      const { state, counts } = await room.collect(nightly);
      expect(state).toBe("done");
      expect(counts.deletedBlobs).toBe(night === 0 ? 0 : layersOf("").length);
    }
  });

  test("when the two latest objects are kept, and the others deleted", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (let night = 0; night < 5; night += 1) {
      await room.objects.put(`backups/${night}`, new Uint8Array(2_000_000).fill(night));
      if (night >= 2) await room.objects.remove(`backups/${night - 2}`);
      room.store.clock.advance(day);
      const { state, counts } = await room.collect(nightly);
      expect([state, counts.deletedBlobs]).toEqual(["done", night >= 2 ? 1 : 0]);
    }
  });

  test("when one image of three is deleted", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(layersOf("first"));
    await room.pushImage(layersOf("second"), other);
    const third = await room.pushImage([...layersOf("third"), "first 0"]);
    await room.deleteImage(third);
    room.store.clock.advance(day);

    const { state, counts } = await room.collect(nightly);

    expect([state, counts.deletedBlobs]).toEqual(["done", layersOf("").length]);
  });

  test("when no pushed blob was ever named by a manifest", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    for (const layer of layersOf("abandoned")) await room.push(layer);
    room.store.clock.advance(day);

    const { state, counts } = await room.collect(nightly);

    expect([state, counts.deletedBlobs]).toEqual(["done", layersOf("").length]);
  });
});

describe("a scheduled collection is refused, and deletes nothing,", () => {
  const damages: readonly (readonly [string, ...string[]])[] = [
    [
      "when all rows of a repository are lost",
      "DELETE FROM manifest_references WHERE repository = 'team/app'",
      "DELETE FROM tags WHERE repository = 'team/app'",
      "DELETE FROM manifests WHERE repository = 'team/app'",
      "DELETE FROM repository_contents WHERE repository = 'team/app'",
      "DELETE FROM repositories WHERE name = 'team/app'",
    ],
    [
      "when most references of an image are lost",
      "DELETE FROM manifest_references WHERE rowid NOT IN (SELECT min(rowid) FROM manifest_references GROUP BY repository, manifest)",
    ],
    [
      "when objects are lost, and their bucket's counts with them",
      "DELETE FROM objects",
      "UPDATE buckets SET object_count = 0, object_bytes = 0",
    ],
    [
      "when rows of content are lost",
      "DELETE FROM manifest_references WHERE repository = 'team/app'",
      "DELETE FROM tags WHERE repository = 'team/app'",
      "DELETE FROM manifests WHERE repository = 'team/app'",
      "DELETE FROM repository_contents WHERE repository = 'team/app'",
      "DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM manifest_references AS r WHERE r.digest = contents.digest) AND NOT EXISTS (SELECT 1 FROM objects AS o WHERE o.digest = contents.digest)",
    ],
  ];
  test.each(damages)("%s", async (_, ...statements) => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(layersOf("image"), app, ["latest"]);
    await room.pushImage(layersOf("other"), other, ["latest"]);
    for (const name of layersOf("object")) {
      await room.objects.put(`backups/${name.replace(" ", "/")}`, bytesOf(name));
    }
    const files = await room.storedFiles();
    room.store.clock.advance(day);
    room.spoil(...statements);

    const { state, reason, counts } = await room.collect(nightly);

    expect([state, counts.deletedBlobs]).toEqual(["refused", 0]);
    expect(reason).toMatch(/^\d+ blobs \(\d+ % of the stored content\) would be deleted that no/);
    expect(reason).toContain("Run breadbox fsck");
    expect(await room.storedFiles()).toBe(files);
  });

  test("when an image lost its rows after another one with the same layers was deleted and pushed again", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const first = await room.pushImage(layersOf("layer"), other);
    await room.deleteImage(first, other);
    await room.pushImage(layersOf("layer"), app);
    room.store.clock.advance(day);
    room.spoil("DELETE FROM manifest_references", "DELETE FROM manifests");

    expect((await room.collect(nightly)).state).toBe("refused");
  });

  test("when an image is deleted whose layers are those of an image that lost its rows", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    await room.pushImage(layersOf("layer"), app);
    const second = await room.pushImage(layersOf("layer"), other);
    await room.deleteImage(second, other);
    room.store.clock.advance(day);
    room.spoil("DELETE FROM manifest_references", "DELETE FROM manifests");

    expect((await room.collect(nightly)).state).toBe("refused");
  });
});

describe("the brake (gc.brake)", () => {
  const lost = async (scope: Scope) => {
    const room = await openRoom(scope);
    for (const layer of layersOf("layer")) await room.push(layer);
    room.spoil("UPDATE contents SET released_at = NULL");
    room.store.clock.advance(lease);
    return room;
  };

  test("does not stop a dry run, which reports it", async () => {
    await using scope = new Scope();
    const room = await lost(scope);

    const outcome = await room.collect({ ...nightly, dryRun: true });

    expect(outcome.state).toBe("done");
    expect(outcome.reason).toContain("gc.brake allows 25 %");
  });

  test("refuses a command without a terminal, and one whose user answers no", async () => {
    await using scope = new Scope();
    const room = await lost(scope);
    const command = { trigger: "command", brakeShare: 0.25 } as const;

    expect((await room.collect(command)).state).toBe("refused");
    const refused = await room.collect(command, {}, { confirm: async () => false });
    expect(refused).toMatchObject({ state: "refused", reason: "nothing was deleted" });
    expect(await room.storedFiles()).toBe(layersOf("").length);

    const agreed = await room.collect(command, {}, { confirm: async () => true });
    expect(agreed.counts.deletedBlobs).toBe(layersOf("").length);
  });

  test("refuses rows lost during the run: they are not deleted instead of the judged ones", async () => {
    await using scope = new Scope();
    const room = await openRoom(scope);
    const deleted = await room.pushImage(layersOf("deleted"));
    await room.deleteImage(deleted);
    const kept = await Promise.all(layersOf("kept").map((layer) => room.push(layer, other)));
    await room.pushImage(layersOf("kept"), other, ["latest"]);
    room.store.clock.advance(day);
    const loss = room.meanwhile(async () => {
      room.spoil("DELETE FROM manifest_references", "DELETE FROM tags", "DELETE FROM manifests");
    });

    const { state, counts } = await room.collect(nightly, loss);

    expect([state, counts.deletedBlobs]).toEqual(["done", layersOf("").length]);
    for (const digest of kept) expect(await room.has(digest)).toBe(true);
  });

  test.each([
    ["few small blobs pass in any store", brakeFloor, null],
    ["one blob more does not", { ...brakeFloor, blobs: brakeFloor.blobs + 1 }, "100 %"],
    ["one byte more does not", { ...brakeFloor, bytes: brakeFloor.bytes + 1 }, "100 %"],
  ])("%s", (_, unexplained, told) => {
    const total = { total: unexplained.blobs, totalBytes: unexplained.bytes };
    const reason = brakeReason({ brakeShare: 0.25 }, { unexplained, ...total });
    if (told === null) expect(reason).toBeNull();
    else expect(reason).toContain(told);
  });

  test("is off at 0, and allows anything up to its share", () => {
    const plan = { unexplained: { blobs: 25, bytes: 25 }, total: 100, totalBytes: 100 };

    expect(brakeReason({ brakeShare: 0 }, { ...plan, total: 1 })).toBeNull();
    expect(brakeReason({ brakeShare: 0.25 }, plan)).toBeNull();
    expect(brakeReason({ brakeShare: 0.24 }, plan)).toContain("25 blobs (25 % of");
  });
});
