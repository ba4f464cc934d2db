// Contract of locked tags: they are set once, and no push moves them.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { Tag } from "../../src/model/names.ts";
import { app, manifest, tag } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function lockedTagsContract(open: () => Promise<Metadata>): void {
  describe("locked tags", () => {
    const [v1, v2] = [tag("v1"), tag("v2")];
    const locked = {
      tags: [v2, v1],
      immutable: (_: unknown, name: Tag) => (name === v1 ? "v1" : null),
    };

    test("cannot be moved to another manifest, and nothing is stored", async () => {
      const before = manifest("before", { tags: [v1] });
      const after = manifest("after", locked);
      const { registry } = await open();
      await registry.putManifest(before);

      expect(await registry.putManifest(after)).toEqual({ kind: "locked", tag: v1, pattern: "v1" });

      expect((await registry.findManifestSummary(app, { tag: v1 }))?.digest).toBe(before.digest);
      expect(await registry.findManifest(app, { tag: v2 })).toBeNull();
      expect(await registry.findManifest(app, { digest: after.digest })).toBeNull();
    });

    test("can be created, and set again to the same manifest", async () => {
      const put = manifest("a", locked);
      const { registry } = await open();
      await registry.putManifest(put);

      expect((await registry.putManifest(put)).kind).toBe("stored");
      expect((await registry.findManifestSummary(app, { tag: v1 }))?.digest).toBe(put.digest);
    });
  });
}
