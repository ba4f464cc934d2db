// Contract of uploads in parts while they are open: how they start, and their parts.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { MultipartUpload } from "../../src/metadata/multipart.ts";
import type { StagedPart } from "../../src/model/staged.ts";
import {
  backups,
  bucket,
  builds,
  part,
  partEtag,
  record,
  start,
  started,
  withBucket,
  withUpload,
} from "./metadataObjectRows.ts";
import { countInParts, minute, now, uploadId } from "./metadataRows.ts";

const claim = "a";

/** Part of `metadataContract`. */
export function multipartContract(open: () => Promise<Metadata>, parts: number): void {
  const refuse = () => {
    throw new Error("not now");
  };

  describe("starting a multipart upload", () => {
    test("makes it available in its bucket and in no other", async () => {
      const { metadata, multipart, upload, multipartLife } = await withUpload(open);
      await metadata.objects.createBucket(builds, now);

      expect(await multipart.findMultipart(upload)).toEqual({
        ...started(upload),
        parts: 0,
        bytes: 0,
      });
      expect(await multipart.peekMultipart(upload)).toEqual(started(upload));
      for (const key of [
        { bucket: builds, id: upload.id },
        { bucket: bucket("absent"), id: upload.id },
        { bucket: backups, id: uploadId() },
      ]) {
        expect(await multipart.findMultipart(key)).toBeNull();
        expect(await multipart.peekMultipart(key)).toBeNull();
        expect(await multipart.listParts(key, { after: 0, limit: 1 })).toBeNull();
        expect(await record(metadata, key, part(1))).toBe("unknown");
        expect(await multipart.claimMultipart(key, claim, () => null)).toBe("unknown");
        expect(await multipartLife.removeMultipart(key, () => {})).toBeNull();
      }
    });

    test("in an unknown bucket changes nothing", async () => {
      const { multipartLife } = await open();
      const upload = start();

      expect(await multipartLife.startMultipart(upload, null)).toBeFalse();
      expect(await multipartLife.startMultipart(upload, claim)).toBeFalse();

      expect((await multipartLife.knownMultipart([upload.id])).size).toBe(0);
    });

    test("works twice for the same object", async () => {
      const { upload, multipartLife } = await withUpload(open);
      const second = start({ object: upload.object });

      expect(await multipartLife.startMultipart(second, null)).toBeTrue();

      expect(await countInParts({ multipartLife })).toEqual({ uploads: 2, bytes: 0 });
    });

    test("for an object put in one request makes it visible to its receiver only", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const upload = start();

      expect(await multipartLife.startMultipart(upload, claim)).toBeTrue();

      expect(await multipart.findMultipart(upload)).toBeNull();
      expect(await multipart.peekMultipart(upload)).toBeNull();
      expect(await multipart.listParts(upload, { after: 0, limit: 1 })).toBeNull();
      expect(await record(metadata, upload, part(1))).toBe("unknown");
      expect(await multipart.claimMultipart(upload, claim, () => null)).toBe("unknown");
      expect(await multipartLife.removeMultipart(upload, () => {})).toBeNull();
      expect(await multipart.listMultipart(backups, { after: null, limit: 9, prefix: "" })).toEqual(
        { uploads: [], more: false },
      );
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 0, bytes: 0 });
      expect(await multipartLife.knownMultipart([upload.id])).toEqual(new Set([upload.id]));
      await multipartLife.removeWhole(upload.id, "b");
      expect((await multipartLife.knownMultipart([upload.id])).size).toBe(1);
      await multipartLife.removeWhole(upload.id, claim);
      expect((await multipartLife.knownMultipart([upload.id])).size).toBe(0);
    });

    test("in parts protects it from removal as a single put", async () => {
      const { multipart, upload, multipartLife } = await withUpload(open);
      await multipart.claimMultipart(upload, claim, () => null);

      await multipartLife.removeWhole(upload.id, claim);

      expect(await multipart.findMultipart(upload)).not.toBeNull();
    });
  });

  describe("a part", () => {
    test("extends the upload's expiry and is listed", async () => {
      const { multipart, upload } = await withUpload(open);
      const asked: MultipartUpload[] = [];
      const staged = part(3);

      const outcome = await multipart.recordPart(upload, {
        part: staged,
        expiresAt: now + 90 * minute,
        accepts: (it) => asked.push(it),
      });

      expect(outcome).toEqual({ replaced: null });
      expect(asked).toEqual([started(upload)]);
      expect(await multipart.findMultipart(upload)).toEqual({
        ...started(upload),
        state: "uploading",
        updatedAt: now + 3,
        expiresAt: now + 90 * minute,
        parts: 1,
        bytes: 100,
      });
      expect(await multipart.listParts(upload, { after: 0, limit: 9 })).toEqual([staged]);
      expect(await multipart.partsOf(upload.id)).toEqual([staged]);
    });

    test("replaces the one with its number, which is returned", async () => {
      const { metadata, multipart, upload } = await withUpload(open);
      const [first, second] = [
        part(1),
        part(1, { size: 7, etag: partEtag(7, 1), createdAt: now + 9 }),
      ];
      await record(metadata, upload, first);
      await record(metadata, upload, part(2));

      expect(await record(metadata, upload, second)).toEqual({ replaced: first });

      expect(await multipart.listParts(upload, { after: 0, limit: 1 })).toEqual([second]);
      expect(await multipart.findMultipart(upload)).toMatchObject({ parts: 2, bytes: 107 });
    });

    test("that is rejected changes nothing", async () => {
      const { metadata, multipart, upload } = await withUpload(open);
      const first = part(1);
      await record(metadata, upload, first);
      const before = await multipart.findMultipart(upload);

      for (const number of [1, 2]) {
        const refused = { part: part(number), expiresAt: now + 999 * minute, accepts: refuse };
        const error = await multipart.recordPart(upload, refused).catch((it: unknown) => it);
        expect(error).toEqual(new Error("not now"));
      }

      expect(await multipart.findMultipart(upload)).toEqual(before);
      expect(await multipart.listParts(upload, { after: 0, limit: 9 })).toEqual([first]);
    });

    test("is listed in its own upload only", async () => {
      const { metadata, multipart, upload, multipartLife } = await withUpload(open);
      const other = start();
      await multipartLife.startMultipart(other, null);
      const [mine, theirs] = [part(1), part(1)];

      await record(metadata, upload, mine);
      expect(await record(metadata, other, theirs)).toEqual({ replaced: null });

      expect(await multipart.listParts(upload, { after: 0, limit: 9 })).toEqual([mine]);
      expect(await multipart.listParts(other, { after: 0, limit: 9 })).toEqual([theirs]);
    });

    test("is listed by number, page by page, in whatever order parts arrive", async () => {
      const { metadata, multipart, upload } = await withUpload(open);
      const parts = [7, 2, 10, 1, 9].map((number) => part(number));
      await Promise.all(parts.map((it) => record(metadata, upload, it)));
      const numbers = async (after: number, limit: number) =>
        (await multipart.listParts(upload, { after, limit }))?.map(({ number }) => number);

      expect(await numbers(0, 3)).toEqual([1, 2, 7]);
      expect(await numbers(7, 3)).toEqual([9, 10]);
      expect(await numbers(10, 3)).toEqual([]);
    });

    test("is listed, claimed and deleted together with all others of its upload", async () => {
      const { metadata, multipart, upload, multipartLife } = await withUpload(open);
      const all = Array.from({ length: parts }, (_, at) => part(at + 1));
      await Promise.all(all.map((it) => record(metadata, upload, it)));
      let chosen: readonly StagedPart[] = [];

      const listed = await multipart.listParts(upload, { after: 0, limit: 20_000 });
      await multipart.claimMultipart(upload, claim, (_, parts) => {
        chosen = parts;
      });

      expect(listed).toEqual(all);
      expect(chosen).toEqual(all);
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 1, bytes: parts * 100 });
      expect(await multipartLife.removeMultipart(upload, () => {})).toMatchObject({
        id: upload.id,
      });
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 0, bytes: 0 });
    }, 30_000);
  });
}
