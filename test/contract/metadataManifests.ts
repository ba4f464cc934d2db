// Contract of manifests: stored byte for byte, and only when everything they need is in their repository.
import { describe, expect, test } from "bun:test";
import type { ManifestReference, Metadata } from "../../src/metadata/metadata.ts";
import type { Digest } from "../../src/model/digest.ts";
import {
  app,
  blob,
  digest,
  finish,
  manifest,
  now,
  ociManifest,
  other,
  tag,
} from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function manifestsContract(open: () => Promise<Metadata>): void {
  const openWith = async (...blobs: string[]): Promise<Metadata> => {
    const metadata = await open();
    for (const name of blobs) await metadata.uploads.finishUpload(finish(name));
    return metadata;
  };

  describe("putting a manifest", () => {
    test("makes it available by tag and by digest, with its exact bytes", async () => {
      const { registry } = await openWith("config", "layer");
      const put = manifest('{ "config":\n{}}', {
        references: [blob("config"), blob("layer")],
        tags: [tag("v1"), tag("latest")],
        artifactType: "application/example",
        subject: digest("a manifest that is not here yet"),
      });

      expect(await registry.putManifest(put)).toEqual({ kind: "stored" });

      const summary = { digest: put.digest, mediaType: ociManifest, size: put.body.byteLength };
      for (const reference of [
        { digest: put.digest },
        { tag: tag("v1") },
        { tag: tag("latest") },
      ]) {
        expect(await registry.findManifestSummary(app, reference)).toEqual(summary);
        const found = await registry.findManifest(app, reference);
        expect({ ...found, body: null }).toEqual({ ...summary, body: null });
        expect(Buffer.from(found?.body ?? []).equals(put.body)).toBe(true);
      }
    });

    test("is not found in another repository, or before it was put", async () => {
      const { registry } = await open();
      const put = manifest("{}", { tags: [tag("v1")] });
      await registry.putManifest(put);

      expect(await registry.findManifest(other, { digest: put.digest })).toBeNull();
      expect(await registry.findManifest(other, { tag: tag("v1") })).toBeNull();
      expect(await registry.findManifest(app, { tag: tag("v2") })).toBeNull();
      expect(await registry.findManifestSummary(app, { digest: digest("absent") })).toBeNull();
      expect(await registry.findManifestSummary(app, { tag: tag("V1") })).toBeNull();
    });

    test("lists all missing references and stores nothing", async () => {
      const { registry } = await openWith("config");
      const put = manifest("{}", {
        references: [blob("config"), blob("one"), blob("two"), blob("one")],
        tags: [tag("v1")],
      });

      const outcome = await registry.putManifest(put);

      expect(outcome).toEqual({ kind: "missing", digests: [digest("one"), digest("two")] });
      expect(await registry.findManifest(app, { digest: put.digest })).toBeNull();
      expect(await registry.findManifest(app, { tag: tag("v1") })).toBeNull();
    });

    test("that is refused leaves its tag unchanged and creates no repository", async () => {
      const { registry } = await open();
      const before = manifest("before", { tags: [tag("v1")] });
      await registry.putManifest(before);
      const refused = { references: [blob("absent")], tags: [tag("v1")] };

      await registry.putManifest(manifest("after", refused));
      await registry.putManifest(manifest("after", { ...refused, repository: other }));

      const found = await registry.findManifestSummary(app, { tag: tag("v1") });
      expect(found?.digest).toBe(before.digest);
      expect(await registry.listTags(other, { after: null, limit: 10 })).toBeNull();
    });

    test("reports content that only another repository holds as missing", async () => {
      const { registry, uploads } = await open();
      await uploads.finishUpload(finish("layer", { repository: other }));

      const outcome = await registry.putManifest(manifest("{}", { references: [blob("layer")] }));

      expect(outcome).toEqual({ kind: "missing", digests: [digest("layer")] });
    });

    test("is refused when a declared size differs from the stored one", async () => {
      const { registry } = await openWith("layer");
      const put = manifest("{}", { references: [blob("layer", { size: 99 })] });

      const outcome = await registry.putManifest(put);

      expect(outcome).toEqual({
        kind: "sizeDiffers",
        digest: digest("layer"),
        declared: 99,
        stored: 100,
      });
      expect(await registry.findManifest(app, { digest: put.digest })).toBeNull();
    });

    test("accepts an absent optional reference, and checks its size when it is present", async () => {
      const { registry } = await openWith("layer");
      const put = (size: number) => {
        const references = [blob("foreign"), blob("layer", { size })];
        return registry.putManifest(
          manifest("{}", { references: references.map((it) => ({ ...it, required: false })) }),
        );
      };

      expect((await put(1)).kind).toBe("sizeDiffers");
      expect(await put(100)).toEqual({ kind: "stored" });
    });

    test("accepts an entry of an index that is a manifest or a blob, but not a blob pushed as a manifest", async () => {
      const { registry } = await openWith("cache");
      const child = manifest("child");
      await registry.putManifest(child);
      const entry = { digest: child.digest, size: child.body.byteLength, required: true } as const;

      const index = await registry.putManifest(
        manifest("index", {
          references: [{ ...entry, kind: "child" }, blob("cache", { kind: "child" })],
        }),
      );
      const asLayer = await registry.putManifest(
        manifest("image", { references: [{ ...entry, kind: "blob" }] }),
      );

      expect(index).toEqual({ kind: "stored" });
      expect(asLayer).toEqual({ kind: "missing", digests: [child.digest] });
    });

    test("checks the size of a child manifest as well", async () => {
      const { registry } = await open();
      const child = manifest("child");
      await registry.putManifest(child);

      const outcome = await registry.putManifest(
        manifest("index", {
          references: [{ digest: child.digest, size: 6, required: true, kind: "child" }],
        }),
      );

      expect(outcome).toEqual({
        kind: "sizeDiffers",
        digest: child.digest,
        declared: 6,
        stored: 5,
      });
    });

    test("accepts the same reference many times in one manifest", async () => {
      const { registry } = await openWith("layer");
      const references = [blob("layer"), blob("layer"), blob("layer", { kind: "child" })];

      expect(await registry.putManifest(manifest("{}", { references }))).toEqual({
        kind: "stored",
      });
    });

    test("moves a tag, and the previous manifest is still found by digest", async () => {
      const { registry } = await open();
      const first = manifest("first", { tags: [tag("latest")] });
      const second = manifest("second", { tags: [tag("latest")] });

      await registry.putManifest(first);
      await registry.putManifest(second);

      const found = await registry.findManifestSummary(app, { tag: tag("latest") });
      expect(found?.digest).toBe(second.digest);
      expect(await registry.findManifest(app, { digest: first.digest })).not.toBeNull();
      const tags = await registry.listTags(app, { after: null, limit: 10 });
      expect(tags?.names).toEqual([tag("latest")]);
    });

    test("twice at once under one tag stores both, and the tag names one of them", async () => {
      const { registry } = await open();
      const puts = ["first", "second"].map((text) => manifest(text, { tags: [tag("latest")] }));

      await Promise.all(puts.map((put) => registry.putManifest(put)));

      const digests: Digest[] = puts.map((put) => put.digest);
      const found = await registry.findManifestSummary(app, { tag: tag("latest") });
      expect(digests).toContain(found?.digest ?? digest("nothing"));
      for (const put of puts) {
        expect(await registry.findManifest(app, { digest: put.digest })).not.toBeNull();
      }
    });

    test("again works under a further tag and with another media type", async () => {
      const { registry } = await openWith("layer");
      const put = manifest("{}", { mediaType: "application/json", tags: [tag("v1")] });
      await registry.putManifest(put);

      await registry.putManifest({ ...put, tags: [tag("v2")], now: now + 1 });
      const retyped = { ...put, mediaType: ociManifest, references: [blob("layer")], tags: [] };
      const outcome = await registry.putManifest(retyped);

      expect(outcome).toEqual({ kind: "stored" });
      for (const name of ["v1", "v2"]) {
        const found = await registry.findManifestSummary(app, { tag: tag(name) });
        expect(found).toEqual({ digest: put.digest, mediaType: ociManifest, size: 2 });
      }
    });

    test("checks and stores 10,000 references", async () => {
      const { registry } = await openWith("layer");
      const optional = (_: unknown, position: number): ManifestReference =>
        blob(`foreign ${position}`, { required: false });
      const references = [blob("layer"), ...Array.from({ length: 9_999 }, optional)];
      const required = references.map((reference) => ({ ...reference, required: true }));

      const refused = await registry.putManifest(manifest("{}", { references: required }));
      const stored = await registry.putManifest(manifest("{}", { references }));

      expect(refused.kind === "missing" && refused.digests.length).toBe(9_999);
      expect(stored).toEqual({ kind: "stored" });
    });
  });
}
