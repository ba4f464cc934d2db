// The metadata contract, continued: when manifests and repositories were last pulled.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { app, digest, manifest, minute, now, other } from "./metadataRows.ts";

/** What every implementation promises of these rows. */
export function pullsContract(open: () => Promise<Metadata>): void {
  describe("pulls", () => {
    test("the latest pull of a manifest and of its repository is kept, in whatever order they are written", async () => {
      const { history, images, imageSums, registry } = await open();
      const [first, second] = [manifest("first"), manifest("second")];
      const elsewhere = manifest("elsewhere", { repository: other });
      for (const each of [first, second, elsewhere]) await registry.putManifest(each);
      const pull = ({ repository, digest }: typeof first, pulledAt: number) =>
        ({ repository, digest, pulledAt }) as const;

      await history.notePulls([pull(first, now + minute), pull(elsewhere, now)]);
      await history.notePulls([pull(first, now), pull(second, now + 2 * minute)]);
      await history.notePulls([]);

      const rows = await images.findManifestRows(app, [first.digest, second.digest]);
      const at = new Map(rows.map(({ digest, pulledAt }) => [digest, pulledAt]));
      expect(at.get(first.digest)).toBe(now + minute);
      expect(at.get(second.digest)).toBe(now + 2 * minute);
      expect(await imageSums.listPulls({ after: null, limit: 9 })).toEqual([
        { repository: app, pulledAt: now + 2 * minute },
        { repository: other, pulledAt: now },
      ]);
      expect(await imageSums.listPulls({ after: app, limit: 9 })).toHaveLength(1);
    });

    test("a pull of what is gone is left out, and a pull ends with its manifest but not for its repository", async () => {
      const { history, images, imageSums, registry } = await open();
      const put = manifest("gone");
      const { repository } = put;
      await registry.putManifest(put);
      const page = { after: null, limit: 9, isUnnamed: true };
      expect((await images.listManifestRows(app, page))[0]?.pulledAt).toBeNull();
      await history.notePulls([{ repository, digest: put.digest, pulledAt: now }]);
      expect((await images.listManifestRows(app, page))[0]?.pulledAt).toBe(now);

      await registry.removeManifest({ repository, digest: put.digest, immutable: () => null, now });
      await history.notePulls([
        { repository, digest: put.digest, pulledAt: now + minute },
        { repository: other, digest: digest("never"), pulledAt: now },
      ]);
      await registry.putManifest(put);

      const [again] = await images.listManifestRows(app, { ...page, isUnnamed: false });
      expect(again?.pulledAt).toBeNull();
      expect(await imageSums.listPulls({ after: null, limit: 9 })).toEqual([
        { repository: app, pulledAt: now + minute },
      ]);
    });
  });
}
