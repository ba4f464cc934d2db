// Contract of the rule for untagged manifests: what may go, what stays, and what a deletion leaves behind.
import { describe, expect, test } from "bun:test";
import type { ManifestPut, Metadata } from "../../src/metadata/metadata.ts";
import {
  app,
  blob,
  digest,
  finish,
  holdGc,
  limitsAt,
  manifest,
  minute,
  now,
  other,
  tag,
} from "./metadataRows.ts";

const day = 24 * 60 * minute;
const later = now + 8 * day;
const rule = { pushedBefore: later - 7 * day };
const limits = limitsAt(later, later - 60 * minute);

const child = (of: ManifestPut) => ({
  digest: of.digest,
  size: of.body.byteLength,
  kind: "child" as const,
  required: true,
});
const about = (text: string, subject: ManifestPut, changes: Partial<ManifestPut> = {}) =>
  manifest(text, { subject: subject.digest, ...changes });

/** Part of `metadataContract`. */
export function untaggedContract(open: () => Promise<Metadata>): void {
  const holding = async (...puts: readonly ManifestPut[]): Promise<Metadata> => {
    const metadata = await open();
    for (const repository of [app, other]) {
      for (const name of ["layer", "shared"]) {
        await metadata.uploads.finishUpload(finish(name, { repository }));
      }
    }
    for (const put of puts) {
      expect(await metadata.registry.putManifest(put)).toEqual({ kind: "stored" });
    }
    return metadata;
  };
  /** The texts of what would go, in order. */
  const planned = async ({ untagged }: Metadata, puts: readonly ManifestPut[]) => {
    const { manifests } = await untagged.planUntagged(rule, limits);
    return manifests.map(({ repository, digest }) => {
      const put = puts.find((it) => it.repository === repository && it.digest === digest);
      return new TextDecoder().decode(put?.body);
    });
  };

  const image = manifest("image");
  const cases: readonly (readonly [string, readonly ManifestPut[], readonly string[]])[] = [
    ["an old manifest that nothing names goes", [image], ["image"]],
    ["a young one stays", [manifest("young", { now: later - 7 * day + 1 })], []],
    ["a tagged one stays", [manifest("tagged", { tags: [tag("1")] })], []],
    [
      "what a tagged index names stays",
      [image, manifest("index", { references: [child(image)], tags: [tag("1")] })],
      [],
    ],
    [
      "an index that nothing names goes before what it names",
      [image, manifest("index", { references: [child(image)] })],
      ["index", "image"],
    ],
    [
      "a young index keeps the old manifest that it names",
      [image, manifest("index", { references: [child(image)], now: later })],
      [],
    ],
    [
      "what two indexes name stays while one of them does",
      [
        image,
        manifest("gone", { references: [child(image)] }),
        manifest("kept", { references: [child(image)], tags: [tag("1")] }),
      ],
      ["gone"],
    ],
    [
      "the young child of an index that goes stays",
      [
        manifest("child", { now: later }),
        manifest("index", { references: [child(manifest("child"))] }),
      ],
      ["index"],
    ],
    [
      "an index of another repository names nothing here",
      [
        image,
        { ...image, repository: other },
        manifest("index", { repository: other, references: [child(image)], tags: [tag("1")] }),
      ],
      ["image"],
    ],
    [
      "referrers of a tagged manifest stay, and their own referrers too",
      [
        manifest("image", { tags: [tag("1")] }),
        about("sbom", image),
        about("signature", about("sbom", image)),
      ],
      [],
    ],
    [
      "referrers go after their subject",
      [image, about("sbom", image), about("signature", about("sbom", image))],
      ["image", "sbom", "signature"],
    ],
    [
      "a young referrer outlives its subject, and with it its own referrers",
      [image, about("sbom", image, { now: later }), about("signature", about("sbom", image))],
      ["image"],
    ],
    [
      "a tagged referrer does not keep its subject",
      [image, about("sig", image, { tags: [tag("s")] })],
      ["image"],
    ],
    ["a referrer whose subject was never pushed goes", [about("early", image)], ["early"]],
    [
      "the referrer of a child stays as long as an index keeps the child",
      [
        image,
        manifest("index", { references: [child(image)], tags: [tag("1")] }),
        about("attestation", image),
      ],
      [],
    ],
  ];

  describe("untagged manifests", () => {
    test.each(cases)("%s", async (_, puts, expected) => {
      const metadata = await holding(...puts);

      expect(await planned(metadata, puts)).toEqual([...expected]);

      const { manifests } = await metadata.untagged.planUntagged(rule, limits);
      const hold = await holdGc(metadata);
      const gone = await metadata.untagged.removeUntagged(hold, manifests, { ...rule, now: later });
      expect(gone).toBe(expected.length);
      for (const put of puts) {
        const { repository, digest } = put;
        const found = await metadata.registry.findManifestSummary(repository, { digest });
        const name = new TextDecoder().decode(put.body);
        const stays = repository === other || !expected.includes(name);
        expect([name, found !== null]).toEqual([name, stays]);
      }
      expect(await planned(metadata, puts)).toEqual([]);
    });

    test("have a sum that counts content once, and only if nothing else keeps it", async () => {
      const layers = (...names: string[]) => ({ references: names.map((name) => blob(name)) });
      const metadata = await holding();
      const names = ["a", "b", "c", "tagged"];
      for (const repository of [app, other]) {
        for (const name of names) await metadata.uploads.finishUpload(finish(name, { repository }));
      }
      for (const put of [
        manifest("one", layers("a", "shared", "tagged")),
        manifest("two", layers("b", "shared")),
        manifest("far", { repository: other, ...layers("c", "shared") }),
        manifest("kept", { ...layers("tagged"), tags: [tag("1")] }),
      ]) {
        expect(await metadata.registry.putManifest(put)).toEqual({ kind: "stored" });
      }

      const { repositories, ...sum } = await metadata.untagged.sumUntagged(5);
      expect(sum).toEqual({ manifests: 3, blobs: 4, bytes: 400, otherRepositories: 0 });
      expect(repositories).toEqual([
        { repository: app, manifests: 2, bytes: 300 },
        { repository: other, manifests: 1, bytes: 100 },
      ]);
      const few = await metadata.untagged.sumUntagged(1);
      expect(few).toMatchObject({ repositories: [{ repository: app }], otherRepositories: 1 });
      expect(await metadata.untagged.sumUntagged(5)).toEqual({ repositories, ...sum });
    });

    test("release content unless it is young, leased or named elsewhere", async () => {
      const metadata = await holding(
        manifest("image", { references: [blob("layer"), blob("shared")] }),
        manifest("other", { repository: other, references: [blob("shared")], tags: [tag("1")] }),
      );
      const released = async (changes: Partial<typeof limits>) => {
        const plan = await metadata.untagged.planUntagged(rule, { ...limits, ...changes });
        return plan.released;
      };

      expect(await released({})).toEqual([
        { digest: digest("layer"), size: 100, isExplained: true },
      ]);
      expect(await released({ olderThan: now - 1 })).toEqual([]);
      expect(await released({ now: now + minute })).toEqual([]);
    });

    test("stay when they were tagged, named or pushed again since the plan", async () => {
      const [tagged, named, pushed] = [manifest("tagged"), manifest("named"), manifest("pushed")];
      const metadata = await holding(tagged, named, pushed);
      const { manifests } = await metadata.untagged.planUntagged(rule, limits);
      await metadata.registry.putManifest({ ...tagged, tags: [tag("1")] });
      await metadata.registry.putManifest(
        manifest("index", { references: [child(named)], now: later }),
      );
      await metadata.registry.putManifest({ ...pushed, now: later });

      expect(manifests).toHaveLength(3);
      const hold = await holdGc(metadata);
      const remove = () =>
        metadata.untagged.removeUntagged(hold, manifests, { ...rule, now: later });
      expect(await remove()).toBe(0);
    });

    test("stay when the run has lost its lock", async () => {
      const put = manifest("image");
      const metadata = await holding(put);
      const { manifests } = await metadata.untagged.planUntagged(rule, limits);
      const late = await holdGc(metadata);
      await holdGc(metadata, "another", late.owner);

      const gone = await metadata.untagged.removeUntagged(late, manifests, { ...rule, now: later });

      expect([manifests.length, gone]).toEqual([1, null]);
      const found = await metadata.registry.findManifestSummary(app, { digest: put.digest });
      expect(found?.digest).toBe(put.digest);
    });
  });
}
