// Contract of buckets: made once, counted as their objects change, removed only when nothing is in them or on its way.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import {
  backups,
  bucket,
  builds,
  commit,
  object,
  part,
  put,
  record,
  start,
} from "./metadataObjectRows.ts";
import { app, countInParts, digest, finish, locator, now } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function bucketsContract(open: () => Promise<Metadata>): void {
  describe("a bucket", () => {
    test("is created once, empty", async () => {
      const { objects } = await open();

      expect(await objects.findBucket(backups)).toBeNull();
      expect(await objects.createBucket(backups, now)).toBeTrue();
      expect(await objects.createBucket(backups, now + 1)).toBeFalse();

      const made = { name: backups, createdAt: now, objects: 0, bytes: 0 };
      expect(await objects.findBucket(backups)).toEqual(made);
    });

    test("buckets are listed page by page in byte order", async () => {
      const { objects } = await open();
      for (const name of ["b", "a-b", "a.b", "a0", "a"]) {
        await objects.createBucket(bucket(name), now);
      }

      const first = await objects.listBuckets({ after: null, limit: 3 });
      const second = await objects.listBuckets({ after: "a.b", limit: 3 });

      expect(first.buckets.map(({ name }) => String(name))).toEqual(["a", "a-b", "a.b"]);
      expect(first.more).toBeTrue();
      expect(second.buckets.map(({ name }) => String(name))).toEqual(["a0", "b"]);
      expect(second.more).toBeFalse();
      expect(await objects.listBuckets({ after: "b", limit: 3 })).toEqual({
        buckets: [],
        more: false,
      });
      expect(await objects.listBuckets({ after: null, limit: 0 })).toEqual({
        buckets: [],
        more: false,
      });
    });

    test("counts its objects and bytes through puts, replacements, links and deletions", async () => {
      const metadata = await open();
      const { objects, uploads } = metadata;
      await objects.createBucket(backups, now);
      await objects.createBucket(builds, now);
      const counts: unknown[] = [];
      const note = async () => {
        const found = await objects.findBucket(backups);
        counts.push([found?.objects, found?.bytes]);
      };
      const change = { bucket: backups, object: object("a"), allows: () => true, now };

      await put(metadata, "a", "one");
      await put(metadata, "b", "one");
      await note();
      await put(metadata, "a", "two", { size: 30 });
      await note();
      await put(metadata, "a", "two", { size: 30 });
      await note();
      await uploads.finishUpload(finish("layer", { size: 7 }));
      const from = { repository: app, digest: digest("layer"), locator: locator("stored-layer") };
      await objects.linkObject({ ...change, contentType: "x/y", from });
      await note();
      await objects.removeObject(change);
      await objects.removeObject(change);
      await note();

      expect(counts).toEqual([
        [2, 200],
        [2, 130],
        [2, 130],
        [2, 107],
        [1, 100],
      ]);
      expect((await objects.findBucket(builds))?.objects).toBe(0);
    });
  });

  describe("removing a bucket", () => {
    test("returns the uploads that were deleted with it", async () => {
      const metadata = await open();
      const { objects, multipartLife } = metadata;
      await objects.createBucket(backups, now);
      await objects.createBucket(builds, now);
      const [first, second, elsewhere] = [start(), start(), start({ bucket: builds })];
      for (const upload of [first, second, elsewhere]) {
        await multipartLife.startMultipart(upload, null);
        await record(metadata, upload, part(1));
      }

      const outcome = await objects.removeBucket(backups);

      expect(outcome).toEqual({ kind: "removed", uploads: [first.id, second.id] });
      expect(await objects.findBucket(backups)).toBeNull();
      expect(await multipartLife.knownMultipart([first.id, elsewhere.id])).toEqual(
        new Set([elsewhere.id]),
      );
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 1, bytes: 100 });
      expect(await objects.removeBucket(backups)).toEqual({ kind: "unknown" });
    });

    test("is refused while it holds an object", async () => {
      const metadata = await open();
      await metadata.objects.createBucket(backups, now);
      await put(metadata, "a", "one");

      expect(await metadata.objects.removeBucket(backups)).toEqual({ kind: "notEmpty" });
      expect((await metadata.objects.findBucket(backups))?.objects).toBe(1);
    });

    test.each(["in parts that is being completed", "of an object that comes whole"])(
      "with an upload %s is refused until the claim is over",
      async (kind) => {
        const { objects, multipart, multipartLife } = await open();
        await objects.createBucket(backups, now);
        const upload = start();
        const claim = "a";
        const isWhole = kind.endsWith("whole");
        await multipartLife.startMultipart(upload, isWhole ? claim : null);
        if (!isWhole) await multipart.claimMultipart(upload, claim, () => null);

        const meanwhile = await objects.removeBucket(backups);
        await multipart.releaseMultipart(upload.id, claim);
        const later = await objects.removeBucket(backups);

        expect(meanwhile).toEqual({ kind: "busy" });
        expect(later).toEqual({ kind: "removed", uploads: [upload.id] });
      },
    );

    test("does not pass remembered completions on to a later bucket of the same name", async () => {
      const metadata = await open();
      const { objects, multipart, multipartLife } = metadata;
      await objects.createBucket(backups, now);
      const upload = start();
      const key = { bucket: backups, id: upload.id };
      await multipartLife.startMultipart(upload, null);
      await multipart.claimMultipart(key, "receiver", () => null);
      const ids = { upload: { id: upload.id, owner: "receiver" }, parts: "1" };
      await objects.commitObject(commit("path/to/file.bin", "one", ids));
      const { object } = upload;
      const before = await multipart.findCompleted(key, now - 1);
      await objects.removeObject({ bucket: backups, object, allows: () => true, now });

      const removed = await objects.removeBucket(backups);
      await objects.createBucket(backups, now);

      expect(removed.kind).toBe("removed");
      expect(before).not.toBeNull();
      expect(await multipart.findCompleted(key, now - 1)).toBeNull();
    });
  });
}
