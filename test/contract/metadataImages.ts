// The metadata contract, continued: what people ask of images, and the sums over everything.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { backups, object, put } from "./metadataObjectRows.ts";
import { app, blob, digest, finish, manifest, now, other, tag } from "./metadataRows.ts";

const index = "application/vnd.oci.image.index.v1+json";
const ages = { now, olderThan: now };

/** A tagged index of an image, a signature of the image, and an image without a name that shares a layer. */
async function fill({ uploads, registry }: Metadata) {
  for (const name of ["base", "config", "own", "sig", "loose"])
    await uploads.finishUpload(finish(name));
  const by = { who: "user:ann", address: null, requestId: null };
  const image = manifest("image", { references: [blob("base"), blob("config")] });
  const list = manifest("list", {
    mediaType: index,
    references: [{ digest: image.digest, size: 5, kind: "child", required: true }],
    tags: [tag("1.0"), tag("latest")],
    by,
  });
  const signature = manifest("signature", {
    artifactType: "application/vnd.dev.cosign.artifact.sig.v1+json",
    subject: image.digest,
    references: [blob("sig")],
  });
  const nameless = manifest("nameless", { references: [blob("base"), blob("own")] });
  for (const each of [image, list, signature, nameless]) await registry.putManifest(each);
  return { image, list, signature, nameless };
}

/** What every implementation promises of these groups. */
export function imagesContract(open: () => Promise<Metadata>): void {
  describe("images as people ask", () => {
    test("tags are listed by name, from one on, and by a pattern without regard to case", async () => {
      const metadata = await open();
      const { list } = await fill(metadata);
      await metadata.registry.putManifest({ ...list, tags: [tag("50_A"), tag("50xb")] });
      const names = async (after: string | null, pattern: string | null) => {
        const page = { after, limit: 2, pattern };
        return (await metadata.images.listTagRows(app, page)).map(({ name }) => String(name));
      };

      expect(await names(null, null)).toEqual(["1.0", "50_A"]);
      expect(await names("50_A", null)).toEqual(["50xb", "latest"]);
      expect(await names(null, "%ATE%")).toEqual(["latest"]);
      expect(await names(null, "50\\_a")).toEqual(["50_A"]);
      expect(await metadata.images.listTagsOfAll(app, [list.digest])).toHaveLength(4);
      expect(await metadata.images.listTagsOfAll(app, [list.digest], 3)).toHaveLength(3);
      expect(await metadata.images.listTagsOfAll(other, [list.digest])).toEqual([]);
    });

    test("the bytes behind an index are those of its images, each digest once", async () => {
      const metadata = await open();
      const { image, list, nameless } = await fill(metadata);

      const sums = await metadata.images.sumNamed(app, [
        image.digest,
        list.digest,
        nameless.digest,
      ]);

      expect(new Map(sums.map(({ digest, bytes }) => [digest, bytes]))).toEqual(
        new Map([
          [image.digest, 200],
          [list.digest, 205],
          [nameless.digest, 200],
        ]),
      );
    });

    test("manifests that nothing names are listed, and what names the others", async () => {
      const metadata = await open();
      const { image, list, signature, nameless } = await fill(metadata);
      const { images } = metadata;
      const rows = async (isUnnamed: boolean) =>
        (await images.listManifestRows(app, { after: null, limit: 9, isUnnamed })).map(
          (row) => row.digest,
        );

      expect(await rows(true)).toEqual([nameless.digest]);
      expect((await rows(false)).length).toBe(4);
      expect(await images.findManifestRows(app, [signature.digest, digest("none")])).toEqual([
        {
          ...{ digest: signature.digest, mediaType: signature.mediaType },
          artifactType: signature.artifactType,
          ...{ subject: image.digest, size: 9, pushedAt: now, pushedBy: null },
          pulledAt: null,
        },
      ]);
      expect(await images.listNamed(app, [list.digest])).toEqual([
        { manifest: list.digest, digest: image.digest, kind: "child", size: 5 },
      ]);
      expect(await images.listNamers(app, [image.digest])).toEqual([
        { manifest: list.digest, digest: image.digest, kind: "child", size: 5 },
      ]);
      expect(await images.listAbout(app, [image.digest])).toEqual([
        { digest: signature.digest, subject: image.digest },
      ]);
      const [push, ...more] = await images.listLastPushes(app, [tag("1.0"), tag("none")]);
      expect([push?.tag, push?.digest, push?.pushedBy, more.length]).toEqual([
        ...[tag("1.0"), list.digest, "user:ann", 0],
      ]);
    });

    test("content is counted by what names it", async () => {
      const metadata = await open();
      await fill(metadata);
      await metadata.objects.createBucket(backups, now);
      await put(metadata, object("a"), "own");

      const uses = await metadata.images.findUses([digest("base"), digest("own"), digest("none")]);

      const row = { size: 100, keptUntil: now + 3_600_000, createdAt: now };
      expect(uses.toSorted((one) => (one.digest === digest("base") ? -1 : 1))).toEqual([
        { ...row, digest: digest("base"), references: 2, objects: 0 },
        { ...row, digest: digest("own"), references: 1, objects: 1 },
      ]);
    });

    test("sums tell what each repository holds alone, and what keeps the rest", async () => {
      const metadata = await open();
      await fill(metadata);
      await metadata.uploads.finishUpload(finish("base", { repository: other, found: true }));
      const { links, kept, next } = await metadata.imageSums.sumContents(null, ages);

      expect(next).toBeNull();
      expect(links.toSorted((one) => (one.repository === app ? -1 : 1))).toMatchObject([
        { repository: app, blobs: 5, bytes: 500, uniqueBytes: 400 },
        { repository: other, blobs: 1, bytes: 100, uniqueBytes: 0 },
      ]);
      expect(kept).toMatchObject({
        blobs: 5,
        bytes: 500,
        objectBytes: 0,
        leasedBytes: 100,
        looseBytes: 0,
        savedBytes: 100,
      });
      await metadata.objects.createBucket(backups, now);
      await put(metadata, object("a"), "base");
      expect((await metadata.imageSums.sumContents(null, ages)).kept.savedBytes).toBe(200);
      const later = { now: now + 3_600_000, olderThan: now };
      expect((await metadata.imageSums.sumContents(null, later)).kept.looseBytes).toBe(100);
    });

    test("tags are summed up from one on, and manifests without a name", async () => {
      const metadata = await open();
      const { signature, nameless } = await fill(metadata);
      const { imageSums } = metadata;
      const sum = { repository: app, lastPushAt: now, last: tag("latest") };

      expect(await imageSums.sumTags({ repository: "", name: "" })).toEqual([{ ...sum, tags: 2 }]);
      expect(await imageSums.sumTags({ repository: app, name: tag("1.0") })).toEqual([
        { ...sum, tags: 1 },
      ]);
      expect(await imageSums.sumTags({ repository: app, name: tag("latest") })).toEqual([]);
      const key = { repository: app, digest: nameless.digest };
      expect(await imageSums.sumReleased(null)).toEqual([
        { repository: app, manifests: 1, last: nameless.digest },
      ]);
      expect(await imageSums.sumReleased(key)).toEqual([]);
      expect(await imageSums.listReleased(null, 9)).toEqual([{ ...key, namesOthers: false }]);
      const named = await imageSums.listReleasedNames(null, key);
      expect(new Set(named.map(({ digest }) => digest))).toEqual(
        new Set([digest("base"), digest("own")]),
      );
      expect(await imageSums.countLinks([digest("base")])).toEqual([
        { digest: digest("base"), links: 1 },
      ]);
      expect(await imageSums.listReleased(key, 9)).toEqual([]);
      const about = { repository: app, digest: signature.digest };
      expect(await imageSums.listUntaggedReferrers(null, 9)).toEqual([about]);
      expect(await imageSums.listUntaggedReferrers(about, 9)).toEqual([]);
    });

    test("a tag or manifest that is not what was seen stays", async () => {
      const metadata = await open();
      const { image, list, nameless } = await fill(metadata);
      const { registry } = metadata;
      const common = { repository: app, immutable: () => null, now };
      const none = { tags: new Set<never>(), indexes: new Set<never>() };

      const changed = { kind: "changed" } as const;
      expect(await registry.removeTag({ ...common, tag: tag("1.0"), names: image.digest })).toEqual(
        changed,
      );
      for (const { digest } of [image, list]) {
        expect(await registry.removeManifest({ ...common, digest, expected: none })).toEqual(
          changed,
        );
      }
      const gone = await registry.removeManifest({
        ...common,
        digest: nameless.digest,
        expected: none,
      });
      expect(gone.kind).toBe("removed");
      const seen = { tags: new Set<never>(), indexes: new Set([list.digest]) };
      expect(
        (await registry.removeManifest({ ...common, digest: image.digest, expected: seen })).kind,
      ).toBe("removed");
      expect(
        (await registry.removeTag({ ...common, tag: tag("1.0"), names: list.digest })).kind,
      ).toBe("removed");
    });
  });
}
