// Contract of single objects: content, name, counts and the end of the upload change together, or nothing does.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { Precondition } from "../../src/metadata/objects.ts";
import {
  backups,
  builds,
  commit,
  object,
  part,
  put,
  record,
  start,
  withBucket,
} from "./metadataObjectRows.ts";
import { countInParts, digest, locator, minute, now, uploadId } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function objectsContract(open: () => Promise<Metadata>): void {
  /** An upload in parts that somebody completes. */
  const claimed = async ({ multipart, multipartLife }: Metadata, owner: string) => {
    const upload = start();
    await multipartLife.startMultipart(upload, null);
    await multipart.claimMultipart(upload, owner, () => null);
    return { key: upload, upload: { id: upload.id, owner } };
  };
  const name = "path/to/file.bin";

  describe("finding an object", () => {
    test("returns its content", async () => {
      const metadata = await withBucket(open);

      await put(metadata, "a", "one", { contentType: "image/png" });

      expect(await metadata.objects.findObject(backups, object("a"))).toEqual({
        kind: "found",
        object: {
          bucket: backups,
          object: object("a"),
          size: 100,
          digest: digest("one"),
          contentType: "image/png",
          createdAt: now,
          locator: locator("stored-one"),
          damagedAt: null,
        },
      });
    });

    test("distinguishes an unknown object from an unknown bucket", async () => {
      const metadata = await withBucket(open);
      await put(metadata, "a", "one");
      const { objects } = metadata;

      expect((await objects.findObject(backups, object("A"))).kind).toBe("objectUnknown");
      expect((await objects.findObject(backups, object("a/b"))).kind).toBe("objectUnknown");
      expect((await objects.findObject(builds, object("a"))).kind).toBe("bucketUnknown");
    });

    test("reports known damage of its content until it is put again", async () => {
      const metadata = await withBucket(open);
      await put(metadata, "a", "one");
      await metadata.inspection.markDamaged(
        { digest: digest("one"), locator: locator("stored-one") },
        now,
      );

      const damaged = await metadata.objects.findObject(backups, object("a"));
      const outcome = await put(metadata, "b", "one", { locator: locator("healed") });
      const healed = await metadata.objects.findObject(backups, object("a"));

      expect(damaged).toMatchObject({ object: { damagedAt: now } });
      expect(outcome).toEqual({ kind: "finished", locator: locator("healed") });
      expect(healed).toMatchObject({ object: { damagedAt: null, locator: locator("healed") } });
    });
  });

  describe("committing an object", () => {
    test("deletes its upload and parts, and remembers the list that completed it", async () => {
      const metadata = await withBucket(open);
      const { objects, multipart, multipartLife } = metadata;
      const { key, upload } = await claimed(metadata, "a");
      await record(metadata, key, part(1));

      const outcome = await objects.commitObject(
        commit(name, "one", { upload, parts: "the list", now: now + 5 }),
      );

      expect(outcome).toEqual({ kind: "finished", locator: locator("stored-one") });
      expect(await multipart.findMultipart(key)).toBeNull();
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 0, bytes: 0 });
      const known = {
        bucket: backups,
        object: object(name),
        size: 100,
        digest: digest("one"),
        contentType: "text/plain",
        createdAt: now + 5,
      };
      expect(await multipart.findCompleted(key, now + 4)).toEqual({
        parts: "the list",
        record: known,
      });
      expect(await multipart.findCompleted(key, now + 5)).toBeNull();
      expect(await multipart.findCompleted({ ...key, bucket: builds }, now)).toBeNull();
    });

    test("put in one request is not remembered as a completion", async () => {
      const metadata = await withBucket(open);
      const id = uploadId();
      const claim = "a";
      await metadata.multipartLife.startMultipart(start({ id, object: object("a") }), claim);

      await metadata.objects.commitObject(commit("a", "one", { upload: { id, owner: "a" } }));

      expect(await metadata.multipart.findCompleted({ bucket: backups, id }, 0)).toBeNull();
      expect((await metadata.multipartLife.knownMultipart([id])).size).toBe(0);
    });

    test("replaces the previous one, and records when its content was released", async () => {
      const metadata = await withBucket(open);
      const { objects, usage } = metadata;
      await put(metadata, "a", "one");

      await put(metadata, "a", "two", { size: 7, contentType: "x/y", now: now + 1 });
      await put(metadata, "a", "two", { size: 7, contentType: "x/z", now: now + 2 });

      expect(await objects.findObject(backups, object("a"))).toMatchObject({
        object: { digest: digest("two"), size: 7, contentType: "x/z", createdAt: now + 2 },
      });
      expect((await usage.findAges(digest("one")))?.releasedAt).toBe(now + 1);
      expect((await usage.findAges(digest("two")))?.releasedAt).toBeNull();
    });

    test("gives new content no lease, and keeps a longer one", async () => {
      const metadata = await withBucket(open);
      const { usage, contents } = metadata;
      await put(metadata, "a", "one");
      const fresh = await usage.findAges(digest("one"));
      await contents.raiseLease(digest("one"), now + minute);

      await put(metadata, "b", "one", { now: now + 1 });

      expect(fresh).toMatchObject({ keptUntil: now, createdAt: now, releasedAt: null });
      expect((await usage.findAges(digest("one")))?.keptUntil).toBe(now + minute);
    });

    test("changes nothing when its precondition fails", async () => {
      const metadata = await withBucket(open);
      const { objects, multipart, usage } = metadata;
      const { key, upload } = await claimed(metadata, "a");
      const asked: unknown[] = [];
      const refuse = (current: unknown) => {
        asked.push(current);
        return false;
      };

      const absent = await objects.commitObject(
        commit(name, "two", { upload, allows: refuse, parts: "x" }),
      );
      await put(metadata, name, "one");
      const present = await objects.commitObject(
        commit(name, "two", { upload, allows: refuse, parts: "x" }),
      );

      expect([absent.kind, present.kind]).toEqual(["refused", "refused"]);
      expect(asked).toMatchObject([null, { digest: digest("one"), createdAt: now }]);
      expect(await multipart.findMultipart(key)).toMatchObject({ claimOwner: "a" });
      expect(await objects.findObject(backups, object(name))).toMatchObject({
        object: { digest: digest("one") },
      });
      expect(await usage.findAges(digest("two"))).toBeNull();
      expect(await objects.findBucket(backups)).toMatchObject({ objects: 1, bytes: 100 });
    });

    test.each(["aborted", "claimed by somebody else", "for another object", "of another bucket"])(
      "by an upload that is %s stores nothing",
      async (why) => {
        const metadata = await withBucket(open);
        const { objects, multipartLife } = metadata;
        await objects.createBucket(builds, now);
        const { key, upload } = await claimed(metadata, "a");
        if (why === "aborted") await multipartLife.removeMultipart(key, () => {});
        const outcome = await objects.commitObject(
          commit(why === "for another object" ? "other" : name, "one", {
            upload: why.startsWith("claimed") ? { ...upload, owner: "b" } : upload,
            bucket: why.startsWith("of") ? builds : backups,
          }),
        );

        expect(outcome).toEqual({ kind: "sessionGone" });
        expect(await metadata.contents.findContent(digest("one"))).toBeNull();
        expect(await objects.findBucket(backups)).toMatchObject({ objects: 0 });
      },
    );

    test.each([
      ["was never stored", "absent", "stored-absent"],
      ["is stored under another name by now", "one", "the name before"],
      ["is known to be damaged", "damaged", "stored-damaged"],
    ])("of content that was found but %s changes nothing", async (_, text, place) => {
      const metadata = await withBucket(open);
      const { objects, inspection, multipart } = metadata;
      await put(metadata, "x", "one");
      await put(metadata, "y", "damaged");
      const damaged = { digest: digest("damaged"), locator: locator("stored-damaged") };
      await inspection.markDamaged(damaged, now);
      const { key, upload } = await claimed(metadata, "a");

      const outcome = await objects.commitObject(
        commit(name, text, { upload, found: true, locator: locator(place), parts: "x" }),
      );

      expect(outcome).toEqual({ kind: "contentGone" });
      expect((await objects.findObject(backups, object(name))).kind).toBe("objectUnknown");
      expect(await multipart.findMultipart(key)).not.toBeNull();
      expect(await multipart.findCompleted(key, 0)).toBeNull();
    });

    test("needs no new bytes for content that is stored", async () => {
      const metadata = await withBucket(open);
      await put(metadata, "a", "one");

      const outcome = await put(metadata, "b", "one", { found: true });

      expect(outcome).toEqual({ kind: "finished", locator: locator("stored-one") });
    });

    test("twenty times at once with the same content uses one stored name", async () => {
      const metadata = await withBucket(open);

      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          put(metadata, `object ${at}`, "one", { locator: locator(`by writer ${at}`) }),
        ),
      );

      const stored = await metadata.contents.findContent(digest("one"));
      const names = outcomes.map((outcome) => outcome.kind === "finished" && outcome.locator);
      expect(new Set<unknown>(names)).toEqual(new Set([stored?.locator]));
      expect(await metadata.objects.findBucket(backups)).toMatchObject({ objects: 20 });
    });
  });

  describe("removing an object", () => {
    const removal = { bucket: backups, object: object("a"), allows: () => true, now: now + 9 };

    test("releases its content, once", async () => {
      const metadata = await withBucket(open);
      const { objects, usage } = metadata;
      await put(metadata, "a", "one");

      expect(await objects.removeObject(removal)).toEqual({ kind: "removed" });

      expect((await usage.findAges(digest("one")))?.releasedAt).toBe(now + 9);
      expect(await objects.removeObject(removal)).toEqual({ kind: "objectUnknown" });
      expect(await objects.removeObject({ ...removal, bucket: builds })).toEqual({
        kind: "bucketUnknown",
      });
    });

    test("changes nothing when its precondition fails", async () => {
      const metadata = await withBucket(open);
      const { objects, usage } = metadata;
      await put(metadata, "a", "one");
      const allows: Precondition = (current) => current?.digest !== digest("one");

      expect(await objects.removeObject({ ...removal, allows })).toEqual({ kind: "refused" });

      expect((await objects.findObject(backups, object("a"))).kind).toBe("found");
      expect((await usage.findAges(digest("one")))?.releasedAt).toBeNull();
    });
  });
}
