// Contract of lists: pages by name, in byte order, strictly after a name that need not exist.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { app, finish, manifest, other, repository, tag } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function listsContract(open: () => Promise<Metadata>): void {
  const tagged = async (...names: string[]): Promise<Metadata> => {
    const metadata = await open();
    await metadata.registry.putManifest(manifest("{}", { tags: names.map(tag) }));
    return metadata;
  };

  describe("listing tags", () => {
    test("is in byte order: upper case, then _, then lower case", async () => {
      const { registry } = await tagged(
        "b",
        "a",
        "B",
        "_",
        "1",
        "a.b",
        "a-b",
        "a0",
        "ab",
        "10",
        "2",
      );

      expect(await registry.listTags(app, { after: null, limit: 100 })).toEqual({
        names: ["1", "10", "2", "B", "_", "a", "a-b", "a.b", "a0", "ab", "b"].map(tag),
        more: false,
      });
    });

    test("has pages without gap or repetition", async () => {
      const { registry } = await tagged("e", "d", "c", "b", "a");
      const page = (after: string | null, limit: number) =>
        registry.listTags(app, { after, limit });

      expect(await page(null, 2)).toEqual({ names: ["a", "b"].map(tag), more: true });
      expect(await page("b", 2)).toEqual({ names: ["c", "d"].map(tag), more: true });
      expect(await page("d", 2)).toEqual({ names: ["e"].map(tag), more: false });
      expect(await page("e", 2)).toEqual({ names: [], more: false });
      expect(await page("c", 2)).toEqual({ names: ["d", "e"].map(tag), more: false });
    });

    test("starts after a name that need not exist", async () => {
      const { registry } = await tagged("a", "c");
      const page = (after: string) => registry.listTags(app, { after, limit: 10 });

      expect((await page("b"))?.names).toEqual([tag("c")]);
      expect((await page("\u{1F4E6}"))?.names).toEqual([]);
      expect((await page("a' OR '1'='1"))?.names).toEqual([tag("c")]);
    });

    test("with a limit of 0 is an empty page without a next one, with a huge limit everything", async () => {
      const { registry } = await tagged("a", "b");
      const page = (limit: number) => registry.listTags(app, { after: null, limit });

      expect(await page(0)).toEqual({ names: [], more: false });
      expect(await page(2 ** 31)).toEqual({ names: ["a", "b"].map(tag), more: false });
    });

    test("has the tags of the repository only", async () => {
      const { registry } = await tagged("a");
      await registry.putManifest(manifest("{}", { repository: other, tags: [tag("b")] }));

      expect((await registry.listTags(app, { after: null, limit: 10 }))?.names).toEqual([tag("a")]);
    });

    test("of an unknown repository is null, of one without tags empty", async () => {
      const { registry } = await open();
      await registry.putManifest(manifest("{}"));

      expect(await registry.listTags(other, { after: null, limit: 10 })).toBeNull();
      expect(await registry.listTags(other, { after: null, limit: 0 })).toBeNull();
      expect(await registry.listTags(app, { after: null, limit: 10 })).toEqual({
        names: [],
        more: false,
      });
    });
  });

  describe("listing repositories", () => {
    test("has those that hold a manifest, in byte order, by page", async () => {
      const { registry } = await open();
      for (const name of ["a/b", "a", "b", "a-b", "a0"]) {
        await registry.putManifest(manifest("{}", { repository: repository(name) }));
      }
      const page = (after: string | null, limit: number) =>
        registry.listRepositories({ after, limit });

      const all = ["a", "a-b", "a/b", "a0", "b"].map(repository);
      expect(await page(null, 10)).toEqual({ names: all, more: false });
      expect(await page(null, 2)).toEqual({ names: all.slice(0, 2), more: true });
      expect(await page("a-b", 2)).toEqual({ names: all.slice(2, 4), more: true });
      expect(await page("a.", 5)).toEqual({ names: all.slice(2), more: false });
      expect(await page(null, 0)).toEqual({ names: [], more: false });
    });

    test("leaves out a repository that has only an upload", async () => {
      const { registry, uploads } = await open();
      await uploads.finishUpload(finish("layer"));

      expect(await registry.listRepositories({ after: null, limit: 10 })).toEqual({
        names: [],
        more: false,
      });
    });
  });
}
