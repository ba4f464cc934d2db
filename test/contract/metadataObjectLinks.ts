// Contract of content that goes both ways: objects made of what a repository holds, repositories that link what an object is made of.
import { describe, expect, test } from "bun:test";
import type { ObjectMount } from "../../src/metadata/contents.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { ObjectLink } from "../../src/metadata/objects.ts";
import { backups, bucket, builds, object, put, withBucket } from "./metadataObjectRows.ts";
import { app, digest, finish, locator, minute, now, other } from "./metadataRows.ts";

const layer = { digest: digest("layer"), locator: locator("stored-layer") };

const link = (changes: Partial<ObjectLink> = {}): ObjectLink => ({
  bucket: backups,
  object: object("a"),
  contentType: "application/x-layer",
  allows: () => true,
  from: { repository: app, ...layer },
  now: now + 1,
  ...changes,
});

const mount = (changes: Partial<ObjectMount> = {}): ObjectMount => ({
  repository: app,
  digest: digest("one"),
  bucket: backups,
  locator: locator("stored-one"),
  now,
  keptUntil: now + 60 * minute,
  ...changes,
});

/** Part of `metadataContract`. */
export function objectLinksContract(open: () => Promise<Metadata>): void {
  describe("linking a repository's blob into a bucket", () => {
    const withLayer = async () => {
      const metadata = await withBucket(open);
      await metadata.uploads.finishUpload(finish("layer", { size: 7 }));
      return metadata;
    };

    test("makes it an object", async () => {
      const { objects } = await withLayer();

      const outcome = await objects.linkObject(link());

      const record = {
        bucket: backups,
        object: object("a"),
        size: 7,
        digest: layer.digest,
        contentType: "application/x-layer",
        createdAt: now + 1,
      };
      expect(outcome).toEqual({ kind: "linked", record });
      expect(await objects.findObject(backups, object("a"))).toEqual({
        kind: "found",
        object: { ...record, locator: layer.locator, damagedAt: null },
      });
    });

    test("is found at once, as every other change of the object", async () => {
      const metadata = await withLayer();
      const { objects } = metadata;
      const found: unknown[] = [];
      for (const change of [
        () => put(metadata, "a", "one"),
        () => put(metadata, "b", "two"),
        () => objects.linkObject(link()),
        () => put(metadata, "a", "three"),
        () => objects.removeObject({ ...link(), now }),
      ]) {
        await change();
        const outcome = await objects.findObject(backups, object("a"));
        found.push(outcome.kind === "found" ? outcome.object.digest : outcome.kind);
      }

      const texts = ["one", "one", "layer", "three"];
      expect(found).toEqual([...texts.map((text) => digest(text)), "objectUnknown"]);
    });

    test("replaces an object, and releases its content", async () => {
      const metadata = await withLayer();
      const { objects, usage } = metadata;
      await put(metadata, "a", "one");

      await objects.linkObject(link());
      await objects.linkObject(link({ now: now + 2 }));

      expect((await usage.findAges(digest("one")))?.releasedAt).toBe(now + 1);
      expect((await usage.findAges(layer.digest))?.releasedAt).toBeNull();
      expect(await objects.findBucket(backups)).toMatchObject({ objects: 1, bytes: 7 });
    });

    test.each<[string, Partial<ObjectLink["from"]>]>([
      ["the repository has no link", { repository: other }],
      ["no such content is stored", { digest: digest("absent") }],
      ["the content is stored under another name by now", { locator: locator("before") }],
    ])("changes nothing when %s", async (_, from) => {
      const { objects } = await withLayer();

      const outcome = await objects.linkObject(
        link({ from: { repository: app, ...layer, ...from } }),
      );

      expect(outcome).toEqual({ kind: "contentGone" });
      expect((await objects.findObject(backups, object("a"))).kind).toBe("objectUnknown");
      expect(await objects.findBucket(backups)).toMatchObject({ objects: 0, bytes: 0 });
    });

    test("changes nothing when the content is known to be damaged", async () => {
      const { objects, inspection } = await withLayer();
      await inspection.markDamaged(layer, now);

      expect(await objects.linkObject(link())).toEqual({ kind: "contentGone" });
    });

    test("changes nothing without the bucket, or when its precondition fails", async () => {
      const metadata = await withLayer();
      const { objects } = metadata;
      await put(metadata, "a", "one");
      const allows = (current: unknown) => current === null;

      expect(await objects.linkObject(link({ bucket: builds }))).toEqual({ kind: "bucketUnknown" });
      expect(await objects.linkObject(link({ allows }))).toEqual({ kind: "refused" });

      expect(await objects.findObject(backups, object("a"))).toMatchObject({
        object: { digest: digest("one") },
      });
    });
  });

  describe("copying an object", () => {
    const copy = (from: Partial<ObjectLink["from"]> = {}) =>
      link({
        object: object("copy"),
        from: {
          copyOf: { bucket: builds, object: object("a") },
          ...{ digest: digest("one"), locator: locator("stored-one") },
          ...from,
        },
      });
    const withObject = async () => {
      const metadata = await withBucket(open);
      await metadata.objects.createBucket(builds, now);
      await put(metadata, "a", "one", { bucket: builds });
      return metadata;
    };

    test("makes an object of the same content, also from another bucket", async () => {
      const { objects } = await withObject();

      expect(await objects.linkObject(copy())).toMatchObject({
        kind: "linked",
        record: { bucket: backups, object: object("copy"), size: 100, digest: digest("one") },
      });
      expect(await objects.findBucket(backups)).toMatchObject({ objects: 1, bytes: 100 });
    });

    test.each<[string, Partial<ObjectLink["from"]>]>([
      ["there is no such object", { copyOf: { bucket: builds, object: object("absent") } }],
      ["there is no such bucket", { copyOf: { bucket: bucket("absent"), object: object("a") } }],
      ["it was replaced meanwhile", { digest: digest("two") }],
      ["its content is stored under another name by now", { locator: locator("before") }],
    ])("changes nothing when %s", async (_, from) => {
      const { objects } = await withObject();

      expect(await objects.linkObject(copy(from))).toEqual({ kind: "contentGone" });

      expect(await objects.findBucket(backups)).toMatchObject({ objects: 0, bytes: 0 });
    });

    test("changes nothing when its content is known to be damaged", async () => {
      const { objects, inspection } = await withObject();
      await inspection.markDamaged({ digest: digest("one"), locator: locator("stored-one") }, now);

      expect(await objects.linkObject(copy())).toEqual({ kind: "contentGone" });
    });
  });

  describe("mounting an object's content", () => {
    test("links it and extends its lease", async () => {
      const metadata = await withBucket(open);
      const { registry, usage, contents } = metadata;
      await put(metadata, "a", "one");

      expect(await contents.mountObject(mount())).toBeTrue();
      expect(await contents.mountObject(mount({ keptUntil: now + 1 }))).toBeTrue();

      expect(await registry.findBlob(app, digest("one"))).toEqual({
        size: 100,
        locator: locator("stored-one"),
      });
      expect((await usage.findAges(digest("one")))?.keptUntil).toBe(now + 60 * minute);
    });

    test.each<[string, Partial<ObjectMount>]>([
      ["the bucket holds no such content", { bucket: builds }],
      ["there is no such bucket", { bucket: bucket("absent") }],
      ["no such content is stored", { digest: digest("absent") }],
      ["the content is stored under another name by now", { locator: locator("before") }],
    ])("changes nothing when %s", async (_, changes) => {
      const metadata = await withBucket(open);
      const { objects, registry, contents } = metadata;
      await objects.createBucket(builds, now);
      await put(metadata, "a", "one");
      await put(metadata, "a", "two", { bucket: builds });

      expect(await contents.mountObject(mount(changes))).toBeFalse();

      expect(await registry.findBlob(app, digest("one"))).toBeNull();
      expect(await registry.listTags(app, { after: null, limit: 1 })).toBeNull();
    });

    test("changes nothing when the object was replaced meanwhile, or its content is damaged", async () => {
      const metadata = await withBucket(open);
      const { inspection, contents } = metadata;
      await put(metadata, "a", "one");
      await put(metadata, "a", "two");
      const two = { digest: digest("two"), locator: locator("stored-two") };
      await inspection.markDamaged(two, now);

      expect(await contents.mountObject(mount())).toBeFalse();
      expect(await contents.mountObject(mount(two))).toBeFalse();
      expect(await contents.findObjectContent(backups, two.digest)).toBeNull();
    });

    test("finds content in the given bucket only", async () => {
      const metadata = await withBucket(open);
      const { objects, contents } = metadata;
      await objects.createBucket(builds, now);
      await put(metadata, "a", "one");

      expect(await contents.findObjectContent(backups, digest("one"))).toEqual({
        size: 100,
        locator: locator("stored-one"),
      });
      expect(await contents.findObjectContent(builds, digest("one"))).toBeNull();
      expect(await contents.findObjectContent(backups, digest("two"))).toBeNull();
    });

    test("has a list of source buckets, each once, page by page in byte order", async () => {
      const metadata = await open();
      const { objects, contents } = metadata;
      for (const name of ["zeta", "alpha", "without", "beta"]) {
        await objects.createBucket(bucket(name), now);
        const text = name === "without" ? "two" : "one";
        await put(metadata, "a", text, { bucket: bucket(name) });
        await put(metadata, "b", text, { bucket: bucket(name) });
      }
      const page = async (after: string | null, limit: number) =>
        (
          await contents.listObjectHolders(digest("one"), {
            after: after === null ? null : bucket(after),
            limit,
          })
        ).map(String);

      expect(await page(null, 10)).toEqual(["alpha", "beta", "zeta"]);
      expect(await page(null, 2)).toEqual(["alpha", "beta"]);
      expect(await page("beta", 2)).toEqual(["zeta"]);
      expect(await page("zeta", 2)).toEqual([]);
      expect(await contents.listObjectHolders(digest("absent"), { after: null, limit: 9 })).toEqual(
        [],
      );
    });
  });
}
