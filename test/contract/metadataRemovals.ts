// Contract of removals: what goes, what stays, and what forbids it.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { Immutability } from "../../src/model/names.ts";
import { app, blob, digest, finish, manifest, now, other, session, tag } from "./metadataRows.ts";

const free: Immutability = () => null;
const locked: Immutability = (_, name) => (name.startsWith("v") ? "v*" : null);

/** Part of `metadataContract`. */
export function removalsContract(open: () => Promise<Metadata>): void {
  const image = manifest("image", {
    references: [blob("layer")],
    tags: [tag("v1"), tag("latest")],
  });
  const removed = (tags: number) => ({ kind: "removed", digest: image.digest, tags }) as const;
  const openWithImage = async () => {
    const metadata = await open();
    for (const repository of [app, other]) {
      await metadata.uploads.finishUpload(finish("layer", { repository }));
      await metadata.registry.putManifest({ ...image, repository });
    }
    return metadata.registry;
  };
  const byDigest = { repository: app, digest: image.digest, now };

  describe("removing a tag", () => {
    test("keeps the manifest and its other tags", async () => {
      const registry = await openWithImage();
      const removal = { repository: app, tag: tag("latest"), immutable: free, now };

      expect(await registry.removeTag(removal)).toEqual(removed(1));

      expect(await registry.removeTag(removal)).toEqual({ kind: "unknown" });
      expect(await registry.findManifestSummary(app, { tag: tag("latest") })).toBeNull();
      expect(await registry.findManifestSummary(app, { tag: tag("v1") })).not.toBeNull();
      expect(await registry.findManifestSummary(app, { digest: image.digest })).not.toBeNull();
      expect(await registry.findManifestSummary(other, { tag: tag("latest") })).not.toBeNull();
    });

    test("leaves an empty tag list after the last one", async () => {
      const registry = await openWithImage();
      for (const name of ["v1", "latest"]) {
        await registry.removeTag({ repository: app, tag: tag(name), immutable: free, now });
      }

      const page = { after: null, limit: 10 };
      expect(await registry.listTags(app, page)).toEqual({ names: [], more: false });
      expect((await registry.listRepositories(page)).names).toEqual([app, other]);
    });

    test("is refused by an immutable pattern, but an unknown tag is unknown first", async () => {
      const registry = await openWithImage();
      const remove = (name: string) =>
        registry.removeTag({ repository: app, tag: tag(name), immutable: locked, now });

      expect(await remove("v1")).toEqual({ kind: "locked", tag: tag("v1"), pattern: "v*" });
      expect(await remove("v2")).toEqual({ kind: "unknown" });
      expect((await remove("latest")).kind).toBe("removed");
      expect(await registry.findManifestSummary(app, { tag: tag("v1") })).not.toBeNull();
    });
  });

  describe("removing a manifest", () => {
    test("removes its tags too, and only in its own repository", async () => {
      const registry = await openWithImage();

      expect(await registry.removeManifest({ ...byDigest, immutable: free })).toEqual(removed(2));

      expect(await registry.removeManifest({ ...byDigest, immutable: free })).toEqual({
        kind: "unknown",
      });
      for (const reference of [{ digest: image.digest }, { tag: tag("v1") }]) {
        expect(await registry.findManifest(app, reference)).toBeNull();
        expect(await registry.findManifest(other, reference)).not.toBeNull();
      }
      const page = { after: null, limit: 10 };
      expect(await registry.listTags(app, page)).toEqual({ names: [], more: false });
      expect((await registry.listRepositories(page)).names).toEqual([other]);
    });

    test("32 times at once succeeds once", async () => {
      const registry = await openWithImage();

      const outcomes = await Promise.all(
        Array.from({ length: 32 }, () => registry.removeManifest({ ...byDigest, immutable: free })),
      );

      expect(outcomes.filter(({ kind }) => kind === "removed")).toHaveLength(1);
      expect(outcomes.filter(({ kind }) => kind === "unknown")).toHaveLength(31);
    });

    test("is refused by one immutable tag, and changes nothing", async () => {
      const registry = await openWithImage();

      expect(await registry.removeManifest({ ...byDigest, immutable: locked })).toEqual({
        kind: "locked",
        tag: tag("v1"),
        pattern: "v*",
      });
      expect(await registry.findManifest(app, { tag: tag("latest") })).not.toBeNull();
    });

    test("allows the same push again, with its references still there", async () => {
      const registry = await openWithImage();
      await registry.removeManifest({ ...byDigest, immutable: free });

      expect(await registry.putManifest(image)).toEqual({ kind: "stored" });
      expect(await registry.findManifest(app, { tag: tag("v1") })).not.toBeNull();
    });

    test("keeps an index that names it", async () => {
      const registry = await openWithImage();
      const size = image.body.byteLength;
      const index = manifest("index", {
        references: [{ digest: image.digest, size, kind: "child", required: true }],
      });
      await registry.putManifest(index);

      expect(await registry.removeManifest({ ...byDigest, immutable: free })).toEqual(removed(2));
      expect(await registry.findManifest(app, { digest: index.digest })).not.toBeNull();
    });
  });

  describe("removing a link", () => {
    test("makes only this repository lose the content, at once", async () => {
      const { registry, uploads, contents } = await open();
      for (const repository of [app, other]) {
        await uploads.finishUpload(finish("layer", { repository }));
      }

      expect(await registry.removeLink(app, digest("layer"))).toEqual({ kind: "removed" });

      expect(await registry.removeLink(app, digest("layer"))).toEqual({ kind: "unknown" });
      expect(await registry.findBlob(app, digest("layer"))).toBeNull();
      expect(await registry.findBlob(other, digest("layer"))).not.toBeNull();
      expect(await contents.findContent(digest("layer"))).not.toBeNull();
    });

    test("is refused while any manifest of the repository refers to it", async () => {
      const registry = await openWithImage();
      const referenced = { kind: "referenced", manifest: image.digest } as const;

      const outcome = await registry.removeLink(app, digest("layer"));
      expect(outcome).toMatchObject(referenced);
      expect(outcome).toHaveProperty("tag", expect.stringMatching(/^(?:v1|latest)$/));

      for (const name of ["v1", "latest"]) {
        await registry.removeTag({ repository: app, tag: tag(name), immutable: free, now });
      }
      expect(await registry.removeLink(app, digest("layer"))).toEqual({ ...referenced, tag: null });
      expect(await registry.findBlob(app, digest("layer"))).not.toBeNull();
    });

    test("is allowed while a manifest of another repository refers to it", async () => {
      const registry = await openWithImage();
      await registry.removeManifest({ ...byDigest, immutable: free });

      expect(await registry.removeLink(app, digest("layer"))).toEqual({ kind: "removed" });
      expect(await registry.findBlob(other, digest("layer"))).not.toBeNull();
    });

    test("makes a repeated closing request of its upload fail", async () => {
      const { registry, uploads } = await open();
      const started = session();
      await uploads.startUpload(started, "a request");
      const { id } = started;
      await uploads.finishUpload(finish("layer", { session: { id, owner: "a request" } }));
      expect(await uploads.findFinished(id, app, now - 1)).not.toBeNull();

      await registry.removeLink(app, digest("layer"));

      expect(await uploads.findFinished(id, app, now - 1)).toBeNull();
    });

    test("that never existed is unknown", async () => {
      const registry = await openWithImage();

      expect(await registry.removeLink(app, digest("nothing"))).toEqual({ kind: "unknown" });
      expect(await registry.removeLink(app, image.digest)).toEqual({ kind: "unknown" });
    });
  });
}
