// fsck against planted damage of objects: their content, their rows, their buckets' counts, and parts that are staged.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFile, mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../../src/model/digest.ts";
import type { StagedPart } from "../../src/model/staged.ts";
import { keyOf, objectsIn } from "../support/objectStore.ts";
import { noise } from "../support/store.ts";
import {
  full,
  type InspectionRoom,
  kinds,
  openInspectionRoom,
  problems,
  quick,
  repair,
} from "./inspectionRoom.ts";

const bytes = noise(1_000);
const path = "backups/path/to/it";
let room: InspectionRoom;
let objects: ReturnType<typeof objectsIn>;
let digest: Digest;
beforeEach(async () => {
  room = await openInspectionRoom();
  objects = objectsIn(room.store);
  await objects.createBucket("backups");
  digest = await objects.put(path, bytes);
});
afterEach(() => room.remove());

test("fsck counts sound objects and uploads, and finds nothing", async () => {
  const upload = await objects.initiate("backups/in-parts");
  await objects.putPart(upload, 1, noise(100));
  await objects.putPart(upload, 3, new Uint8Array());

  const { checked, judged } = await room.fsck(full);

  expect(judged).toEqual([]);
  expect(checked).toMatchObject({ contents: 1, objects: 1, multipart: 1, sessions: 0 });
});

describe("fsck on an object's content", () => {
  test("reports damage with the object, removes the file, and the next put heals it", async () => {
    await room.flip(digest);

    const found = await room.fsck(full);
    expect(found.judged[0]).toMatchObject({
      finding: {
        kind: "contentHashDiffers",
        holders: { repositories: [], tags: [], objects: { some: [keyOf(path)], others: 0 } },
      },
      repair: "setAside",
    });
    expect((await room.fsck(repair)).judged[0]?.repaired?.kind).toBe("waits");
    expect(await objects.read(path)).toBe("OBJECT_UNKNOWN");
    const waiting = await room.fsck(quick);
    expect([problems(waiting), waiting.clean]).toEqual([["contentWaits"], false]);

    await objects.put("backups/elsewhere", bytes);

    expect(await objects.read(path)).toEqual(bytes);
    expect((await room.fsck(full)).clean).toBeTrue();
  });

  test("reports loss, which a push of the same bytes heals as well", async () => {
    await room.lose(digest);
    expect(await objects.read(path)).toBe("OBJECT_UNKNOWN");
    expect(problems(await room.fsck(repair))).toEqual(["contentMissing"]);

    await room.push(bytes);

    expect(await objects.read(path)).toEqual(bytes);
    expect((await room.fsck(full)).clean).toBeTrue();
  });

  test("needs no repair for lost content that a put has replaced", async () => {
    await room.lose(digest);

    await objects.put(path, bytes);

    expect(await objects.read(path)).toEqual(bytes);
    expect((await room.fsck(full)).clean).toBeTrue();
  });

  test("reports a missing row with the object, and a put restores it", async () => {
    room.sql("DELETE FROM contents");

    expect((await room.fsck(repair)).judged[0]).toMatchObject({
      finding: {
        kind: "danglingRow",
        row: { table: "objects", row: `${path} ${digest}`, lacking: "contents" },
      },
      repair: null,
    });

    await objects.put(path, bytes);
    expect(problems(await room.fsck(full))).toEqual([]);
  });
});

describe("fsck on rows of objects", () => {
  test("corrects an object's size, and its bucket's total with it", async () => {
    room.sql("UPDATE objects SET size = 7");
    room.sql("UPDATE buckets SET object_bytes = 7");

    const found = await room.fsck(repair);

    expect(found.judged[0]?.finding).toEqual({
      kind: "objectSizeDiffers",
      ...{ object: keyOf(path), digest, size: 7, contentSize: 1_000 },
    });
    expect(found.clean).toBeTrue();
    expect(room.sql("SELECT size, object_bytes FROM objects, buckets")).toEqual([[1_000, 1_000]]);
    expect((await room.fsck(quick)).judged).toEqual([]);
  });

  test("corrects a bucket's counts", async () => {
    room.sql("UPDATE buckets SET object_count = 0, object_bytes = 9 WHERE name = 'backups'");

    const found = await room.fsck({ full: false, repair: true });

    expect(found.judged.map(({ finding }) => finding)).toEqual([
      {
        kind: "bucketMiscounted",
        bucket: keyOf(path).bucket,
        noted: { objects: 0, bytes: 9 },
        counted: { objects: 1, bytes: 1_000 },
      },
    ]);
    expect(found.clean).toBeTrue();
    expect((await room.fsck(quick)).judged).toEqual([]);
  });
});

describe("fsck on a part", () => {
  const upload = async () => {
    const started = await objects.initiate("backups/in-parts");
    const parts: StagedPart[] = [];
    for (const number of [1, 2]) parts.push(await objects.putPart(started, number, noise(100)));
    const file = (number: number): string =>
      join(room.directory, parts[number - 1]?.place.name ?? "no part");
    return { started, parts, file };
  };

  test.each([
    ["missing", (file: string) => rm(file)],
    ["shorter", (file: string) => truncate(file, 99)],
    ["longer", (file: string) => appendFile(file, "x")],
  ] as const)(
    "that is %s is removed, the others stay, and it can be sent again",
    async (fault, spoil) => {
      const { started, parts, file } = await upload();
      await spoil(file(2));

      const found = await room.fsck({ full: false, repair: true });

      expect(found.judged.map(({ finding }) => finding)).toEqual([
        {
          kind: "partLost",
          part: {
            upload: started.id,
            number: 2,
            version: parts[1]?.place.version ?? "",
            object: keyOf("backups/in-parts"),
            size: 100,
          },
          fault,
        },
      ]);
      expect(found.clean).toBeTrue();
      expect(room.sql("SELECT part_number FROM multipart_parts")).toEqual([[1]]);
      await objects.putPart(started, 2, noise(50));
      expect((await room.fsck(quick)).judged).toEqual([]);
    },
  );

  test("keeps it while its upload is being completed, and says so", async () => {
    const { started, file } = await upload();
    await rm(file(1));
    const { multipart } = room.store.rooms.metadata;
    await multipart.claimMultipart(started, "me", () => {});

    const found = await room.fsck(repair);

    expect(found.judged[0]?.repaired).toEqual({
      kind: "failed",
      reason: "its upload is being completed",
    });
    expect(room.sql("SELECT count(*) FROM multipart_parts")).toEqual([[2]]);
  });

  test("does not report one as lost that is replaced, or whose upload ends, between two looks", async () => {
    const { started, parts } = await upload();
    const [first] = parts;
    if (first === undefined) throw new Error("there is no part");
    const { storage, metadata } = room.store.rooms;
    let times = 0;
    // What is done between fsck's look at a row and its look at the file.
    room.beforePart = async () => {
      times += 1;
      if (times === 1) {
        await objects.putPart(started, 1, noise(70));
        return;
      }
      if (times > 2) return;
      await metadata.multipartLife.removeMultipart(started, () => {});
      await storage.parts.discard(started.id);
    };

    expect((await room.fsck(quick)).judged).toEqual([]);
    // Twice the first part, once the one after it.
    expect(times).toBe(3);
  });
});

describe("fsck on staged bytes of objects", () => {
  test("reports those without an upload as information and leaves them to the cleanup", async () => {
    const [id, other] = [Bun.randomUUIDv7(), "not-a-uuid"];
    for (const name of [id, other]) {
      const folder = join(room.directory, "tmp", "multipart", name);
      await mkdir(folder);
      await writeFile(join(folder, "part-00001"), "x");
    }

    const report = await room.fsck(repair);

    expect(kinds(report)).toEqual(["stagedWithoutSession", "unknownName"]);
    expect(report.clean).toBeTrue();
  });

  test("counts a put of one request as an upload", async () => {
    const { storage, metadata } = room.store.rooms;
    const { id } = await objects.initiate("backups/whole");
    room.sql("UPDATE multipart_uploads SET whole = 1 WHERE upload_id = ?", id);
    await storage.staging.begin(id, null);

    expect((await room.fsck(quick)).judged).toEqual([]);
    expect(await metadata.multipartLife.knownMultipart([id])).toEqual(new Set([id]));
  });
});
