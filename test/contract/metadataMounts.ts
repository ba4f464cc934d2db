// Contract of mounts: content that another repository holds is linked and leased, or nothing happens.
import { describe, expect, test } from "bun:test";
import type { Mount } from "../../src/metadata/contents.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import {
  app,
  blob,
  digest,
  finish,
  locator,
  manifest,
  minute,
  now,
  other,
  repository,
} from "./metadataRows.ts";

const mount = (changes: Partial<Mount> = {}): Mount => ({
  repository: app,
  digest: digest("layer"),
  source: other,
  locator: locator("stored-layer"),
  now,
  keptUntil: now + 60 * minute,
  ...changes,
});

/** Part of `metadataContract`. */
export function mountsContract(open: () => Promise<Metadata>): void {
  describe("a mount", () => {
    const openWithLayer = async () => {
      const metadata = await open();
      await metadata.uploads.finishUpload(finish("layer", { repository: other }));
      return metadata;
    };

    test("links the content, so that a manifest may refer to it", async () => {
      const { registry, contents } = await openWithLayer();
      const put = manifest("{}", { references: [blob("layer")] });
      expect((await registry.putManifest(put)).kind).toBe("missing");

      expect(await contents.mountBlob(mount())).toBe(true);

      expect(await registry.findBlob(app, digest("layer"))).toEqual({
        size: 100,
        locator: locator("stored-layer"),
      });
      expect(await registry.putManifest(put)).toEqual({ kind: "stored" });
    });

    test("may be repeated, also into its source repository", async () => {
      const { contents } = await openWithLayer();

      expect(await contents.mountBlob(mount())).toBe(true);
      expect(await contents.mountBlob(mount())).toBe(true);
      expect(await contents.mountBlob(mount({ source: app }))).toBe(true);
    });

    test.each<[string, Partial<Mount>]>([
      ["the source has no link", { source: repository("elsewhere") }],
      ["the content is unknown", { digest: digest("nothing") }],
      ["the content was stored again under another name", { locator: locator("older") }],
    ])("changes nothing when %s", async (_, changes) => {
      const { registry, contents } = await openWithLayer();
      const { digest } = mount(changes);

      expect(await contents.mountBlob(mount(changes))).toBe(false);

      expect(await registry.findBlob(app, digest)).toBeNull();
      expect(await registry.listTags(app, { after: null, limit: 1 })).toBeNull();
    });

    test("changes nothing once the source repository has lost its link", async () => {
      const { registry, contents } = await openWithLayer();
      await registry.removeLink(other, digest("layer"));

      expect(await contents.mountBlob(mount())).toBe(false);
      expect(await registry.findBlob(app, digest("layer"))).toBeNull();
    });
  });

  describe("repositories with content", () => {
    test("are listed in byte order, by page, only those with a link", async () => {
      const { uploads, contents } = await open();
      for (const name of ["c", "a", "b"]) {
        await uploads.finishUpload(finish("layer", { repository: repository(name) }));
      }
      await uploads.finishUpload(finish("another", { repository: repository("d") }));
      const page = (after: string | null, limit: number) =>
        contents.listHolders(digest("layer"), {
          after: after === null ? null : repository(after),
          limit,
        });

      expect(await page(null, 2)).toEqual(["a", "b"].map(repository));
      expect(await page("b", 2)).toEqual([repository("c")]);
      expect(await page("c", 2)).toEqual([]);
    });
  });
}
