// Contract of open uploads in parts, continued: who completes one, and which there are.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { MultipartStart, MultipartUpload } from "../../src/metadata/multipart.ts";
import {
  backups,
  bucket,
  builds,
  object,
  part,
  record,
  start,
  withBucket,
  withUpload,
} from "./metadataObjectRows.ts";
import { now, uploadId } from "./metadataRows.ts";

const claim = "a";

/** Part of `metadataContract`. */
export function multipartClaimsContract(open: () => Promise<Metadata>): void {
  const refuse = () => {
    throw new Error("not now");
  };

  describe("claiming a multipart upload", () => {
    test("passes its parts to the decision, and makes the claim visible", async () => {
      const { metadata, multipart, upload } = await withUpload(open);
      const staged = [part(1), part(2)];
      for (const it of staged) await record(metadata, upload, it);
      const asked: unknown[] = [];

      const outcome = await multipart.claimMultipart(upload, claim, (it, parts) => {
        asked.push(it.state, it.claimOwner, parts);
        return "chosen";
      });

      expect(asked).toEqual(["uploading", null, staged]);
      expect(outcome).toMatchObject({ upload: { claimOwner: claim }, chosen: "chosen" });
      expect(await multipart.peekMultipart(upload)).toMatchObject({ claimOwner: claim });
    });

    test("depends on the decision, also while another owner has the claim", async () => {
      const { multipart, upload } = await withUpload(open);
      const asked: (string | null)[] = [];
      const refused = await multipart
        .claimMultipart(upload, claim, refuse)
        .catch((it: unknown) => it);
      const choose = (it: MultipartUpload) => asked.push(it.claimOwner);
      await multipart.claimMultipart(upload, claim, choose);
      await multipart.claimMultipart(upload, "b", choose);

      expect(refused).toEqual(new Error("not now"));
      expect(asked).toEqual([null, claim]);
      expect(await multipart.renewMultipart(upload.id, claim)).toBeFalse();
      expect(await multipart.peekMultipart(upload)).toMatchObject({ claimOwner: "b" });
    });

    test("allows only the owner to keep or release the claim", async () => {
      const { multipart, upload } = await withUpload(open);
      await multipart.claimMultipart(upload, claim, () => null);
      const owner = async () => (await multipart.peekMultipart(upload))?.claimOwner;

      expect(await multipart.renewMultipart(upload.id, "b")).toBeFalse();
      await multipart.releaseMultipart(upload.id, "b");
      expect(await owner()).toBe("a");
      expect(await multipart.renewMultipart(upload.id, "a")).toBeTrue();
      await multipart.releaseMultipart(upload.id, "a");
      expect(await owner()).toBeNull();
      expect(await multipart.renewMultipart(upload.id, "a")).toBeFalse();
      expect(await multipart.renewMultipart(uploadId(), "a")).toBeFalse();
    });
  });

  describe("the list of multipart uploads", () => {
    test("is ordered by id, page by page, each with its staged bytes", async () => {
      const { metadata, multipart, upload, multipartLife } = await withUpload(open);
      const second = start();
      const third = start();
      for (const it of [third, second]) await multipartLife.startMultipart(it, null);
      await record(metadata, second, part(1));
      await record(metadata, second, part(5, { size: 7 }));
      const page = async (after: MultipartStart | null, limit: number) => {
        const found = await multipart.listMultipart(backups, {
          after: after?.id ?? null,
          limit,
          prefix: "",
        });
        const listed = found?.uploads.map(({ id, parts, bytes }) => [id, parts, bytes]);
        return [listed, found?.more];
      };

      expect(await page(null, 2)).toEqual([
        [
          [upload.id, 0, 0],
          [second.id, 2, 107],
        ],
        true,
      ]);
      expect(await page(second, 2)).toEqual([[[third.id, 0, 0]], false]);
      expect(await page(null, 3)).toMatchObject({ 1: false });
      expect(await page(null, 0)).toEqual([[], false]);
    });

    test("of all buckets says who began each, and leaves out objects that come whole", async () => {
      const metadata = await withBucket(open);
      const { multipartLife, objects } = metadata;
      await objects.createBucket(builds, now);
      const [first, second, whole] = [start(), start({ bucket: builds }), start()];
      await multipartLife.startMultipart(first, null, "user:ann");
      await multipartLife.startMultipart(second, null);
      await multipartLife.startMultipart(whole, "its receiver", "user:ann");
      await record(metadata, first, part(1));
      const list = (after: MultipartStart | null) =>
        multipartLife.listOpen({ after: after?.id ?? null, limit: 9 });

      const [{ expiresAt, ...open1 } = { expiresAt: 0 }, ...others] = await list(null);
      expect(open1).toMatchObject({
        ...{ id: first.id, bucket: backups, parts: 1, bytes: 100, startedBy: "user:ann" },
      });
      expect(expiresAt).toBeGreaterThan(now);
      expect(others).toMatchObject([{ id: second.id, bucket: builds, startedBy: null }]);
      expect(await list(first)).toEqual(others);
    });

    test("filters by a literal prefix and by bucket", async () => {
      const metadata = await withBucket(open);
      const { multipart, objects, multipartLife } = metadata;
      await objects.createBucket(builds, now);
      const names = ["%a", "_a", "xa", "a/%", "a/b", "A/b", "'", "\u{1f4e6}a", "\u{1f4e7}a"];
      for (const name of names) {
        await multipartLife.startMultipart(start({ object: object(name) }), null);
      }
      await multipartLife.startMultipart(start({ bucket: builds, object: object("a/b") }), null);
      const found = async (prefix: string) => {
        const page = await multipart.listMultipart(backups, { after: null, limit: 99, prefix });
        return page?.uploads.map((it) => String(it.object));
      };

      for (const prefix of [
        "",
        "%",
        "_",
        "a",
        "a/",
        "a/%",
        "A",
        "'",
        "\u{1f4e6}",
        "\u{1f4e6}a",
        "b",
      ]) {
        expect(await found(prefix)).toEqual(names.filter((name) => name.startsWith(prefix)));
      }
      const absent = bucket("absent");
      expect(
        await multipart.listMultipart(absent, { after: null, limit: 9, prefix: "" }),
      ).toBeNull();
    });
  });
}
