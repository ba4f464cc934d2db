// The object store on SQLite beyond the port's contract: claims after a restart, rows that go with others, older databases, refusals.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { migrate } from "../../src/metadata/sqlite/migrate.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import {
  backups,
  builds,
  commit,
  findRow,
  part,
  put,
  record,
  start,
} from "../contract/metadataObjectRows.ts";
import { app, digest, finish, locator, now, session } from "../contract/metadataRows.ts";
import { nextTurn } from "../support/nextTurn.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, openIn } from "./database.ts";

describe("claims on multipart uploads", () => {
  test("of an earlier server are void, those of a running one are not voided by a command", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "claims");
    const server = await openIn(scope, directory);
    const claim = "a";
    const [inParts, whole] = [start(), start()];
    await server.metadata.objects.createBucket(backups, now);
    await server.metadata.multipartLife.startMultipart(inParts, null);
    await server.metadata.multipart.claimMultipart(inParts, claim, () => null);
    await server.metadata.multipartLife.startMultipart(whole, claim);
    const expiry = { expiredBefore: inParts.expiresAt + 1, limit: 9 };

    const tool = await openIn(scope, directory, { role: "tool" });
    const beside = await tool.metadata.multipartLife.expireMultipart(expiry);
    await tool.metadata.close();
    await server.metadata.close();
    const { metadata } = await openIn(scope, directory);

    expect(beside).toEqual([]);
    expect(await metadata.multipart.peekMultipart(inParts)).toMatchObject({ claimOwner: null });
    const expired = await metadata.multipartLife.expireMultipart(expiry);
    expect(expired.map(({ id }) => id)).toEqual([inParts.id, whole.id]);
    const late = commit("path/to/file.bin", "one", { upload: { id: whole.id, owner: "a" } });
    expect(await metadata.objects.commitObject(late)).toEqual({ kind: "sessionGone" });
  });
});

describe("an object's row", () => {
  test("is read once while nobody writes, and again after another process has", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "kept");
    const { metadata } = await openIn(scope, directory);
    await metadata.objects.createBucket(backups, now);
    await put(metadata, "a", "one");
    const look = () => findRow(metadata, "a");

    const [first, again] = [await look(), await look()];
    const tool = await openIn(scope, directory, { role: "tool" });
    await put(tool.metadata, "a", "two");
    await nextTurn();
    const replaced = await look();

    expect(first?.digest).toBe(digest("one"));
    expect(again === first).toBeTrue();
    expect(replaced?.digest).toBe(digest("two"));
  });
});

describe("the end of a multipart upload", () => {
  test("deletes the rows of its parts", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "parts");
    const { metadata } = await openIn(scope, directory);
    const { objects, multipart, multipartLife } = metadata;
    await objects.createBucket(backups, now);
    const rows = inspect(scope, directory).query("SELECT count(*) FROM multipart_parts");
    const counts: unknown[] = [];
    const claim = "a";
    const ends = [
      (id: ReturnType<typeof start>["id"]) =>
        objects.commitObject(commit("path/to/file.bin", "one", { upload: { id, owner: "a" } })),
      (id: ReturnType<typeof start>["id"]) =>
        multipartLife.removeMultipart({ bucket: backups, id }, () => {}),
      async (id: ReturnType<typeof start>["id"]) => {
        await multipart.releaseMultipart(id, claim);
        await multipartLife.expireMultipart({ expiredBefore: now * 2, limit: 9 });
      },
    ];

    for (const end of ends) {
      const upload = start();
      await multipartLife.startMultipart(upload, null);
      await record(metadata, upload, part(1));
      await multipart.claimMultipart(upload, claim, () => null);
      counts.push(...rows.values().flat());
      await end(upload.id);
      counts.push(...rows.values().flat());
    }

    expect(counts).toEqual([1, 0, 1, 0, 1, 0]);
  });
});

describe("a database of a version without objects", () => {
  test("keeps its rows, and accepts buckets and objects", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "upgraded");
    const id = session().id;
    const before = new Database(join(directory, "breadbox.db"));
    migrate(
      before,
      now,
      migrations.filter(({ tag }) => tag < "0005"),
    );
    const { keptUntil } = finish("layer");
    for (const [text, ...values] of [
      ["INSERT INTO store VALUES (?, 1)", "the store"],
      ["INSERT INTO repositories (name, created_at) VALUES (?, 1)", app],
      [
        "INSERT INTO contents (digest, size, locator, created_at, kept_until) VALUES (?, 100, ?, 1, ?)",
        digest("layer"),
        locator("stored-layer"),
        keptUntil,
      ],
      ["INSERT INTO repository_contents VALUES (?, ?, 1)", app, digest("layer")],
      [
        "INSERT INTO upload_sessions (id, repository, offset, staging, started_at, updated_at, claim_until) VALUES (?, ?, 5, '', 1, 1, 0)",
        id,
        app,
      ],
    ] as const) {
      before.query(text).run(...values);
    }
    before.close(true);

    const { metadata, storeId, upgraded } = await openIn(scope, directory);
    const { registry, uploads, objects, contents } = metadata;

    expect([storeId, upgraded]).toEqual(["the store", true]);
    expect(await registry.findBlob(app, digest("layer"))).toEqual({
      size: 100,
      locator: locator("stored-layer"),
    });
    expect(await uploads.findUpload(id, app)).toMatchObject({ offset: 5 });
    expect(await objects.createBucket(backups, now)).toBeTrue();
    const linked = await put(metadata, "a", "layer", { found: true });
    expect(linked).toEqual({ kind: "finished", locator: locator("stored-layer") });
    expect(await contents.listObjectHolders(digest("layer"), { after: null, limit: 9 })).toEqual([
      backups,
    ]);
  });
});

test("a read-only store refuses every change of buckets, objects and uploads, and still serves reads", async () => {
  await using scope = new Scope();
  const latch = new WriteLatch(() => {});
  const { metadata } = await openIn(scope, tempFolder(scope, "latch"), { latch });
  const { objects, multipart, contents, multipartLife } = metadata;
  const upload = start();
  const { object } = upload;
  const claim = "a";
  const allows = () => true;
  await objects.createBucket(backups, now);
  await multipartLife.startMultipart(upload, null);
  await put(metadata, "a", "one");
  const from = { repository: app, digest: digest("one"), locator: locator("stored-one") };
  const mount = { ...from, bucket: backups, now, keptUntil: now };
  latch.trip("a test", null);

  const refused = await Promise.allSettled([
    objects.createBucket(builds, now),
    objects.removeBucket(backups),
    objects.commitObject(commit("a", "two", { upload: { id: upload.id, owner: "a" } })),
    objects.linkObject({ bucket: backups, object, contentType: "x/y", allows, from, now }),
    objects.removeObject({ bucket: backups, object, allows, now }),
    contents.mountObject(mount),
    multipartLife.startMultipart(start(), null),
    multipartLife.startMultipart(start(), claim),
    record(metadata, upload, part(1)),
    multipart.claimMultipart(upload, claim, () => null),
    multipart.releaseMultipart(upload.id, "a"),
    multipartLife.removeMultipart(upload, () => {}),
    multipartLife.removeWhole(upload.id, "a"),
    multipartLife.expireMultipart({ expiredBefore: now * 2, limit: 1 }),
    multipartLife.forgetCompleted(now),
  ]);

  for (const outcome of refused) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "READ_ONLY" } });
  }
  expect(await objects.findBucket(backups)).toMatchObject({ objects: 1 });
  expect(await multipart.peekMultipart(upload)).toMatchObject({ state: "initiated" });
});
