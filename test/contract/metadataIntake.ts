// Contract of what imports write: many rows in one transaction, each with an outcome of its own.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { app, blob, digest, finish, manifest, tag } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function intakeContract(open: () => Promise<Metadata>): void {
  describe("writing many at a time", () => {
    test("finishes each upload, and a refused one does not undo the others", async () => {
      const metadata = await open();
      const gone = { ...finish("gone"), found: true };

      const outcomes = await metadata.intake.finishUploads([finish("one"), gone, finish("two")]);

      expect(outcomes.map(({ kind }) => kind)).toEqual(["finished", "contentGone", "finished"]);
      expect(await metadata.registry.findBlob(app, digest("one"))).not.toBeNull();
      expect(await metadata.registry.findBlob(app, digest("gone"))).toBeNull();
      expect(await metadata.registry.findBlob(app, digest("two"))).not.toBeNull();
    });

    test("puts manifests in order: one may name what was put before it", async () => {
      const metadata = await open();
      const child = manifest('{"child":1}');
      const { digest: of, body } = child;
      const names = { digest: of, size: body.byteLength, kind: "child", required: true } as const;
      const refused = manifest('{"refused":1}', {
        references: [blob("absent")],
        tags: [tag("no")],
      });
      const index = manifest('{"index":1}', { references: [names], tags: [tag("v1")] });

      const outcomes = await metadata.intake.putManifests([child, refused, index]);

      expect(outcomes.map(({ kind }) => kind)).toEqual(["stored", "missing", "stored"]);
      const found = await metadata.registry.findManifestSummary(app, { tag: tag("v1") });
      expect(found?.digest).toBe(index.digest);
      expect(await metadata.registry.findManifestSummary(app, { tag: tag("no") })).toBeNull();
    });

    test("of nothing writes nothing", async () => {
      const { intake } = await open();

      expect(await intake.finishUploads([])).toEqual([]);
      expect(await intake.putManifests([])).toEqual([]);
    });
  });
}
