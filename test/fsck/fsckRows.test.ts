// fsck against planted damage of rows: manifests, what was derived from them, sessions, names, and the database itself.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, open, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { noise } from "../support/store.ts";
import {
  app,
  full,
  type InspectionRoom,
  kinds,
  openInspectionRoom,
  problems,
  quick,
  repair,
} from "./inspectionRoom.ts";

const layer = noise(1_000);
const digest = digestOf(layer);
const day = 86_400_000;
let room: InspectionRoom;
let manifest: Digest;
beforeEach(async () => {
  room = await openInspectionRoom();
  manifest = await room.tag("1.0", [layer]);
});
afterEach(() => room.remove());

describe("fsck on a manifest", () => {
  test("reports damaged bytes with its tags and leaves them to the next push", async () => {
    room.sql("UPDATE manifests SET body = cast('{}' AS BLOB) WHERE digest = ?", manifest);

    const report = await room.fsck(repair);

    expect(report.judged[0]?.finding).toMatchObject({
      kind: "manifestDamaged",
      manifest: { repository: app, digest: manifest },
      tags: [{ repository: app, name: "1.0" }],
    });
    expect(report.judged[0]?.repair).toBeNull();
    expect((await room.fsck(quick)).clean).toBeTrue();
  });

  test("reports nothing more once it is pushed again", async () => {
    const body = "UPDATE manifests SET body = cast(substr(body, 2) AS BLOB) WHERE digest = ?";
    room.sql(body, manifest);
    expect(problems(await room.fsck(full))).toEqual(["manifestDamaged"]);

    expect(await room.tag("1.0", [layer])).toBe(manifest);

    expect(problems(await room.fsck(full))).toEqual([]);
  });

  test("restores lost references", async () => {
    room.sql("DELETE FROM manifest_references WHERE digest = ?", digest);

    expect(problems(await room.fsck(full))).toEqual(["derivedDiffers"]);
    expect((await room.fsck(repair)).clean).toBeTrue();

    expect(room.sql("SELECT manifest FROM manifest_references WHERE digest = ?", digest)).toEqual([
      [manifest],
    ]);
    expect(problems(await room.fsck(full))).toEqual([]);
  });

  test("keeps surplus references: they keep content and do no harm", async () => {
    room.sql(
      "INSERT INTO manifest_references VALUES (?, ?, ?, 'blob', 5, 0)",
      app,
      manifest,
      digestOf(noise(5)),
    );

    expect((await room.fsck(repair)).clean).toBeTrue();
    expect(room.sql("SELECT count(*) FROM manifest_references")).toEqual([[3]]);
  });

  test("restores it in the list of its subject's referrers", async () => {
    const subject = { mediaType: "application/x", digest: manifest, size: 1 };
    const signature = await room.tag("sig", [], { subject, annotations: { by: "me" } });
    room.sql("DELETE FROM referrers");

    expect(problems(await room.fsck(quick))).toEqual(["derivedDiffers"]);
    expect((await room.fsck({ full: false, repair: true })).clean).toBeTrue();

    expect(room.sql("SELECT subject, digest, annotations FROM referrers")).toEqual([
      [manifest, signature, '{"by":"me"}'],
    ]);
  });

  test("removes it from a list of referrers that its bytes do not ask for", async () => {
    room.sql("INSERT INTO referrers VALUES (?, ?, ?, NULL, NULL)", app, digest, manifest);

    expect(problems(await room.fsck(quick))).toEqual(["derivedDiffers"]);
    expect((await room.fsck({ full: false, repair: true })).clean).toBeTrue();

    expect(room.sql("SELECT * FROM referrers")).toEqual([]);
  });

  test("reports a blob that its repository lost as repairable by a push only", async () => {
    room.sql("DELETE FROM repository_contents WHERE digest = ?", digest);

    const report = await room.fsck(repair);

    expect(report.judged.map(({ finding }) => finding)).toMatchObject([
      { kind: "incomplete", missing: digest, tags: [{ name: "1.0" }] },
    ]);
    expect(report.clean).toBeFalse();
    await room.push(layer);
    expect((await room.fsck(full)).clean).toBeTrue();
  });

  test("accepts missing entries of an index: they may be deleted on purpose", async () => {
    room.sql("UPDATE manifest_references SET kind = 'child' WHERE digest = ?", digest);
    room.sql("DELETE FROM repository_contents WHERE digest = ?", digest);

    const report = await room.fsck(quick);

    expect(kinds(report)).toEqual(["entryMissing"]);
    expect(report.clean).toBeTrue();
  });
});

describe("fsck on rows with broken foreign keys", () => {
  test("reports them by table and subject", async () => {
    room.sql("INSERT INTO tags VALUES (?, 'lost', ?, 0)", app, digest);
    room.sql("INSERT INTO repository_contents VALUES (?, ?, 0)", app, manifest);

    const report = await room.fsck(quick);

    const rows = report.judged.map(({ finding }) => finding);
    expect(rows).toContainEqual({
      kind: "danglingRow",
      row: { table: "tags", row: "team/app:lost", lacking: "manifests" },
    });
    expect(rows).toContainEqual({
      kind: "danglingRow",
      row: { table: "repository_contents", row: `team/app ${manifest}`, lacking: "contents" },
    });
    expect(report.clean).toBeFalse();
  });

  test("rolls back a deletion that would delete stored content as well", async () => {
    room.sql("INSERT INTO trash SELECT locator, size, 0 FROM contents WHERE digest = ?", digest);

    expect(problems(await room.fsck(quick))).toEqual(["trashInUse"]);
    expect((await room.fsck(repair)).clean).toBeTrue();
    expect(room.sql("SELECT * FROM trash")).toEqual([]);
    expect(await room.pull(digest)).toEqual(layer);
  });
});

describe("fsck on an upload session", () => {
  const start = async (bytes: Uint8Array): Promise<UploadId> => {
    const session = await startUpload(room.store.rooms.uploads, app);
    const body = (async function* () {
      yield bytes;
    })();
    const chunk = { body, length: bytes.length, start: null, end: null };
    await appendChunk(room.store.rooms.uploads, { repository: app, id: session.id, chunk });
    return session.id;
  };
  const staged = (id: UploadId, name = "data") => join(room.directory, "uploads", id, name);

  test("reports nothing while all its bytes are staged", async () => {
    await start(noise(100));

    const report = await room.fsck(full);

    expect(report.judged).toEqual([]);
    expect(report.checked.sessions).toBe(1);
  });

  test("ends one that lost acknowledged bytes, so that its client starts again", async () => {
    const [short, gone] = [await start(noise(100)), await start(noise(100))];
    await truncate(staged(short), 99);
    await rm(join(room.directory, "uploads", gone), { recursive: true });

    expect(problems(await room.fsck(quick))).toEqual(["sessionShort", "sessionShort"]);
    expect((await room.fsck(repair)).clean).toBeTrue();

    expect((await room.fsck(quick)).checked.sessions).toBe(0);
  });

  test("accepts bytes beyond its offset: they were never acknowledged", async () => {
    const id = await start(noise(100));
    await writeFile(staged(id), noise(50), { flag: "a" });

    expect((await room.fsck(quick)).judged).toEqual([]);
  });

  test("leaves staged bytes without a session to the server's cleanup", async () => {
    const id = makeUploadId(Bun.randomUUIDv7());
    await mkdir(join(room.directory, "uploads", id));

    const report = await room.fsck(repair);

    expect(kinds(report)).toEqual(["stagedWithoutSession"]);
    expect(report.clean).toBeTrue();
  });
});

describe("fsck on file names", () => {
  const forget = () => {
    room.sql("DELETE FROM manifest_references");
    room.sql("DELETE FROM repository_contents");
    room.sql("DELETE FROM contents");
  };

  test("accepts stored files without a row while a push may be running", async () => {
    forget();
    room.sql("DELETE FROM manifests");
    room.sql("DELETE FROM tags");

    const report = await room.fsck(quick);

    expect(kinds(report)).toEqual(["strayYoung", "strayYoung"]);
    expect(report.clean).toBeTrue();
    room.store.clock.advance(2 * day);
    expect(problems(await room.fsck(quick))).toEqual(["strayOld", "strayOld"]);
  });

  test("reports unknown names as information only", async () => {
    await writeFile(join(room.directory, "notes"), "");

    const report = await room.fsck(quick);

    expect(report.judged[0]?.finding).toEqual({ kind: "unknownName", name: "notes" });
    expect(report.clean).toBeTrue();
  });
});

test("fsck of a damaged database reports it, checks nothing else and repairs nothing", async () => {
  await room.lose(digest);
  room.sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const root = Number(room.sql("SELECT rootpage FROM sqlite_schema WHERE name = 'tags'")[0]?.[0]);
  const size = Number(room.sql("PRAGMA page_size")[0]?.[0]);
  const file = await open(join(room.directory, "breadbox.db"), "r+");
  await file.write(Buffer.alloc(size, 7), 0, size, (root - 1) * size);
  await file.close();
  await expect(room.store.reopen("server")).rejects.toThrow("breadbox fsck shows what is wrong");
  await room.store.reopen("tool");

  const report = await room.fsck(repair);

  expect(new Set(problems(report))).toEqual(new Set(["databaseDamaged"]));
  expect(report.refusal).not.toBeNull();
  expect(report.clean).toBeFalse();
  expect(room.sql("SELECT count(*) FROM contents WHERE damaged_at IS NOT NULL")).toEqual([[0]]);
});
