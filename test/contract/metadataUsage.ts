// The metadata contract, continued: who keeps what.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import {
  app,
  blob,
  digest,
  finish,
  limitsAt,
  manifest,
  minute,
  now,
  other,
  tag,
} from "./metadataRows.ts";

/** What every implementation promises of the questions of `breadbox why`. */
export function usageContract(open: () => Promise<Metadata>): void {
  describe("what keeps content", () => {
    test("content is returned with the times that decide its deletion", async () => {
      const { usage, uploads } = await open();
      await uploads.finishUpload(finish("a"));

      expect(await usage.findAges(digest("a"))).toEqual({
        size: 100,
        createdAt: now,
        keptUntil: now + 60 * minute,
        releasedAt: now,
        damagedAt: null,
      });
      expect(await usage.findAges(digest("b"))).toBeNull();
    });

    test("content is released by the request that removes its last reference", async () => {
      const { usage, uploads, registry } = await open();
      const since = async () => (await usage.findAges(digest("a")))?.releasedAt;
      await uploads.finishUpload(finish("a", { repository: other }));
      expect(await since()).toBe(now);

      // Named where it is not linked, as an index that is mirrored in part does.
      const sparse = manifest("sparse", { references: [blob("a", { required: false })] });
      await registry.putManifest(sparse);
      expect(await since()).toBeNull();
      const linked = manifest("linked", { repository: other, references: [blob("a")] });
      await registry.putManifest(linked);
      const remove = ({ repository, digest }: typeof linked, at: number) =>
        registry.removeManifest({ repository, digest, immutable: () => null, now: at });
      await remove(sparse, now + 1);
      expect(await since()).toBeNull();
      await remove(linked, now + 2);
      expect(await since()).toBe(now + 2);

      await registry.putManifest(linked);
      expect(await since()).toBeNull();
    });

    test("digests are found by their prefix: of content, manifests and references", async () => {
      const { usage, uploads, registry } = await open();
      await uploads.finishUpload(finish("a"));
      const absent = blob("absent", { required: false });
      const put = manifest("{}", { references: [blob("a"), absent] });
      await registry.putManifest(put);

      for (const each of [digest("a"), digest("absent"), put.digest]) {
        expect(await usage.findDigests(each.slice(0, 15), 10)).toEqual([each]);
        expect(await usage.findDigests(each, 10)).toEqual([each]);
      }
      expect(await usage.findDigests("sha256:", 2)).toHaveLength(2);
    });

    test("content is kept by the running push that it was promised to", async () => {
      const { usage, uploads } = await open();
      await uploads.finishUpload(finish("a"));
      const going = { ...limitsAt(now + 59 * minute), pushesSince: now };

      expect(await usage.findPush(digest("a"), going)).toEqual({ repository: app, since: now });
      expect(await usage.findPush(digest("b"), going)).toBeNull();
      for (const changes of [{ now: now + 60 * minute }, { pushesSince: now + 60 * minute }]) {
        expect(await usage.findPush(digest("a"), { ...going, ...changes })).toBeNull();
      }
    });

    test("manifests, links and tags are listed by page", async () => {
      const { usage, uploads, registry } = await open();
      await uploads.finishUpload(finish("a"));
      await uploads.finishUpload(finish("a", { repository: other, found: true }));
      const tags = [tag("v1"), tag("v2")];
      const put = manifest("{}", { references: [blob("a")], tags });
      await registry.putManifest(put);
      await registry.putManifest({ ...put, repository: other, tags: [] });
      const row = { digest: put.digest, mediaType: put.mediaType, subject: null };

      const links = { some: [app], more: true };
      expect(await usage.listLinks(digest("a"), 1)).toEqual(links);
      expect(await usage.listTagsOf(app, put.digest, 1)).toEqual({
        some: tags.slice(0, 1),
        more: true,
      });
      expect(await usage.listNaming(digest("a"), other, 5)).toEqual({
        some: [{ ...row, repository: other }],
        more: false,
      });
      expect((await usage.listNaming(digest("a"), null, 5)).some).toHaveLength(2);
      expect((await usage.listManifests(put.digest, 1)).more).toBe(true);
    });

    test("a repository lists its tags, and its untagged manifests, the latest first", async () => {
      const { usage, registry } = await open();
      const put = manifest("tagged", { tags: ["1.0", "2.0"].map(tag) });
      await registry.putManifest(put);
      await registry.putManifest(manifest("older", { now: now - minute }));
      await registry.putManifest(manifest("newer"));

      expect(await usage.findTagged(app, tag("1.0"))).toBe(put.digest);
      expect(await usage.findTagged(app, tag("3.0"))).toBeNull();
      expect(await usage.describeRepository(app, 1)).toEqual({
        tags: { some: [tag("1.0")], more: true },
        untagged: { some: [{ digest: digest("newer"), pushedAt: now }], more: true },
      });
      expect(await usage.describeRepository(other, 1)).toBeNull();
    });
  });
}
