// Contract of referrers: every manifest about a subject is listed, by page, with what it says of itself.
import { describe, expect, test } from "bun:test";
import type { ManifestPut, Metadata, ReferrerRequest } from "../../src/metadata/metadata.ts";
import { app, digest, manifest, now, ociManifest, other } from "./metadataRows.ts";

const subject = digest("subject");
const everything: ReferrerRequest = {
  after: null,
  limit: 1000,
  artifactType: null,
  annotationBytes: 1_000_000,
};

const referrer = (text: string, changes: Partial<ManifestPut> = {}): ManifestPut =>
  manifest(text, { subject, ...changes });

/** Part of `metadataContract`. */
export function referrersContract(open: () => Promise<Metadata>): void {
  const openWith = async (...puts: ManifestPut[]) => {
    const { registry } = await open();
    for (const put of puts) await registry.putManifest(put);
    const list = async (changes: Partial<ReferrerRequest> = {}) => {
      const page = await registry.listReferrers(app, subject, { ...everything, ...changes });
      return { digests: page.referrers.map((found) => found.digest), more: page.more };
    };
    return { registry, list };
  };
  const sorted = (puts: readonly ManifestPut[]) => puts.map((put) => put.digest).toSorted();

  describe("listing referrers", () => {
    test("returns each with type, size, artifact type and annotations", async () => {
      const annotations = '{"a":"b"}';
      const plain = referrer("plain");
      const rich = referrer("rich", { artifactType: "a/b", annotations, mediaType: "x/json" });
      const { registry } = await openWith(plain, rich);

      const page = await registry.listReferrers(app, subject, everything);

      const told = new Map(page.referrers.map((found) => [found.digest, found]));
      expect(told.size).toBe(2);
      const nothing = { artifactType: null, annotations: null };
      const { digest: plainDigest } = plain;
      expect(told.get(plainDigest)).toEqual({
        digest: plainDigest,
        mediaType: ociManifest,
        size: 5,
        ...nothing,
      });
      expect(told.get(rich.digest)).toEqual({
        digest: rich.digest,
        mediaType: "x/json",
        size: 4,
        artifactType: "a/b",
        annotations,
      });
    });

    test("works for a subject that does not exist, and is empty for an unknown one", async () => {
      const { registry, list } = await openWith(manifest("about nothing"));

      expect(await list()).toEqual({ digests: [], more: false });
      const unknown = await registry.listReferrers(other, subject, everything);
      expect(unknown).toEqual({ referrers: [], more: false });
    });

    test("leaves out those of another subject and another repository", async () => {
      const { list } = await openWith(
        referrer("a", { subject: digest("another") }),
        referrer("b", { repository: other }),
      );

      expect((await list()).digests).toEqual([]);
    });

    test("has pages in the order of digests, without gap or repetition", async () => {
      const puts = ["a", "b", "c", "d", "e"].map((text) => referrer(text));
      const { list } = await openWith(...puts);
      const all = sorted(puts);

      expect(await list({ limit: 2 })).toEqual({ digests: all.slice(0, 2), more: true });
      expect(await list({ limit: 2, after: all[1] ?? "" })).toEqual({
        digests: all.slice(2, 4),
        more: true,
      });
      expect(await list({ limit: 2, after: all[3] ?? "" })).toEqual({
        digests: all.slice(4),
        more: false,
      });
      expect(await list({ after: "sha256:" })).toEqual({ digests: all, more: false });
      expect(await list({ after: "z" })).toEqual({ digests: [], more: false });
      expect(await list({ limit: 0 })).toEqual({ digests: [], more: false });
    });

    test("can be filtered by type, page by page", async () => {
      const puts = ["a", "b", "c"].map((text) => referrer(text, { artifactType: "a/b" }));
      const { list } = await openWith(
        ...puts,
        referrer("d", { artifactType: "a/c" }),
        referrer("e"),
      );
      const all = sorted(puts);
      const artifactType = "a/b";

      expect(await list({ artifactType })).toEqual({ digests: all, more: false });
      expect(await list({ artifactType, limit: 2 })).toEqual({
        digests: all.slice(0, 2),
        more: true,
      });
      expect(await list({ artifactType, limit: 2, after: all[1] ?? "" })).toEqual({
        digests: all.slice(2),
        more: false,
      });
      expect(await list({ artifactType: "a/d" })).toEqual({ digests: [], more: false });
    });

    test("fills a page up to the limit for annotations, and always has one referrer", async () => {
      const annotations = JSON.stringify({ a: "x".repeat(92) }); // 100 bytes
      const puts = ["a", "b", "c"].map((text) => referrer(text, { annotations }));
      const { list } = await openWith(...puts);
      const all = sorted(puts);

      const cut = async (annotationBytes: number) => (await list({ annotationBytes })).digests;
      expect(await cut(300)).toEqual(all);
      expect(await cut(299)).toEqual(all.slice(0, 2));
      expect(await cut(100)).toEqual(all.slice(0, 1));
      expect(await list({ annotationBytes: 1 })).toEqual({ digests: all.slice(0, 1), more: true });
    });

    test("lists one that was put again once, with its latest type", async () => {
      const put = referrer("a", { artifactType: "a/b", annotations: '{"a":"b"}' });
      const { registry, list } = await openWith(put, { ...put, now: now + 1 });
      expect((await list()).digests).toEqual([put.digest]);

      const retyped = { ...put, mediaType: "x/json", artifactType: null, annotations: null };
      await registry.putManifest(retyped);
      const page = await registry.listReferrers(app, subject, everything);
      expect(page.referrers).toEqual([
        { digest: put.digest, mediaType: "x/json", size: 1, artifactType: null, annotations: null },
      ]);

      await registry.putManifest({ ...retyped, mediaType: "y/json", subject: null });
      expect((await list()).digests).toEqual([]);
      await registry.putManifest({ ...put, subject: digest("another") });
      expect((await list()).digests).toEqual([]);
    });

    test("leaves out a removed referrer, and keeps those whose subject was removed", async () => {
      const image = manifest("subject");
      const put = referrer("a");
      const { registry, list } = await openWith(image, put);
      const remove = ({ repository, digest }: ManifestPut) =>
        registry.removeManifest({ repository, digest, immutable: () => null, now });

      await remove(image);
      expect((await list()).digests).toEqual([put.digest]);
      await remove(put);
      expect((await list()).digests).toEqual([]);
    });

    test("leaves out one whose push was refused", async () => {
      const required = { digest: digest("x"), size: 1, kind: "blob", required: true } as const;
      const { list } = await openWith(referrer("a", { references: [required] }));

      expect((await list()).digests).toEqual([]);
    });
  });
}
