// Directories of distribution: everything arrives under its digest, the directory stays as it was, and what is wrong is named.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { distributionSource, findDistribution } from "../../src/import/distribution.ts";
import type { ImportReport } from "../../src/import/report.ts";
import { parseDigest } from "../../src/model/digest.ts";
import type { RepositoryName } from "../../src/model/names.ts";
import { buildImage, buildIndex } from "../support/images.ts";
import { blobPath, inventory, OldRegistry } from "../support/oldRegistry.ts";
import { memoryFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { openStore } from "../support/store.ts";
import { digestOfTag, expectWhole, importInto, type Store } from "./room.ts";

let scope: Scope;
let store: Store;
let old: OldRegistry;
const app = buildImage({ seed: "import/app", layerSizes: [100_000, 10] });
const other = buildImage({ seed: "import/other", layerSizes: [500] });
const multi = buildIndex({ seed: "import/multi", layerSizes: [2000] }, ["amd64", "arm64"]);

beforeEach(async () => {
  scope = new Scope();
  store = await openStore();
  scope.defer(() => store.remove());
  old = new OldRegistry(memoryFolder(scope, "old"));
});
afterEach(() => scope.close());

const source = () => distributionSource(findDistribution(old.root) ?? "", 4 * 1024 * 1024);
const taken = ({ blobs: { link, clone, copy } }: ImportReport): number =>
  link.blobs + clone.blobs + copy.blobs;

const locatorsOf = async (digest: string): Promise<string> => {
  const row = await store.rooms.metadata.contents.findContent(parseDigest(digest));
  return join(store.directory, "blobs", row?.locator ?? "none");
};

describe("a directory of distribution", () => {
  test("arrives whole: tags, manifests without one, indexes; and is not changed", async () => {
    old.push("team/app", app, "1.0", "latest");
    old.push("team/app", other);
    old.push("lab/multi", multi, "v1");
    old.push("team", other, "above");
    const before = await inventory(old.root);

    const report = await importInto(store, source());

    expect(report).toMatchObject({
      ...{ repositories: 3, problems: [], kept: [] },
      tags: { imported: 4, here: 0 },
      manifests: { imported: 6, here: 0 },
    });
    await expectWhole(store, "team/app", app);
    await expectWhole(store, "team/app", other);
    await expectWhole(store, "team", other);
    for (const image of multi.images) await expectWhole(store, "lab/multi", image);
    expect(await digestOfTag(store, "team/app", "1.0")).toBe(app.manifest.digest);
    expect(await digestOfTag(store, "team/app", "latest")).toBe(app.manifest.digest);
    expect(await digestOfTag(store, "lab/multi", "v1")).toBe(multi.manifest.digest);
    expect(await inventory(old.root)).toEqual(before);
  });

  test("is found under each name that people give it", async () => {
    old.push("app", app, "1");
    for (const below of ["", "docker", "docker/registry", "docker/registry/v2"]) {
      expect(findDistribution(join(old.root, below))).toBe(join(old.root, "docker/registry/v2"));
    }
    expect(findDistribution(join(old.root, "docker/registry/v2/blobs"))).toBeNull();
  });

  test("is linked where it is ours, and copied where others may write or it is asked for", async () => {
    old.push("app", app, "1");
    const [config, large, small] = app.blobs;
    if (config === undefined || large === undefined || small === undefined) throw new Error();
    await chmod(blobPath(old.root, small.digest), 0o666);

    const report = await importInto(store, source());

    expect(report.blobs.link.blobs).toBe(2);
    const inodeOf = async (path: string) => (await stat(path)).ino;
    expect(await inodeOf(await locatorsOf(large.digest))).toBe(
      await inodeOf(blobPath(old.root, large.digest)),
    );
    expect(await inodeOf(await locatorsOf(small.digest))).not.toBe(
      await inodeOf(blobPath(old.root, small.digest)),
    );
    old.push("app", other, "2");
    const second = await importInto(store, source(), { share: false });
    expect(second.blobs).toMatchObject({ link: { blobs: 0 }, copy: { blobs: other.blobs.length } });
    await expectWhole(store, "app", other);
  });

  test("that shares its bytes keeps them whatever happens to the images here", async () => {
    old.push("app", app, "1");
    const before = await inventory(old.root);
    await importInto(store, source());
    const { metadata, storage } = store.rooms;
    const digest = parseDigest(app.manifest.digest);

    for (const blob of app.blobs) {
      const row = await metadata.contents.findContent(parseDigest(blob.digest));
      if (row === null) throw new Error("the blob is not stored");
      await storage.repair.setAside(row.locator);
      await storage.content.delete(row.locator);
    }
    await metadata.registry.removeManifest({
      ...{ repository: "app" as RepositoryName, digest, immutable: () => null, now: 1 },
    });

    expect(await inventory(old.root)).toEqual(before);
  });

  test("is gone on with: only what is missing is brought, and repaired tags move up", async () => {
    old.push("app", app, "1");
    await importInto(store, source());
    const again = await importInto(store, source());
    expect(again).toMatchObject({
      tags: { imported: 0, here: 1 },
      manifests: { imported: 0, here: 1 },
    });
    expect(taken(again)).toBe(0);

    old.push("app", app, "2");
    old.push("app", other, "3");
    const third = await importInto(store, source());

    expect(third).toMatchObject({
      tags: { imported: 2, here: 1 },
      manifests: { imported: 1, here: 1 },
    });
    expect(taken(third)).toBe(other.blobs.length);
    expect(await digestOfTag(store, "app", "2")).toBe(app.manifest.digest);
  });

  test("does not move a tag that was set here, unless it is asked to", async () => {
    old.push("app", app, "1");
    await importInto(store, source());
    old.push("app", other, "1");

    const report = await importInto(store, source());

    expect(report.kept).toMatchObject([{ repository: "app", reference: "1" }]);
    expect(report.problems).toEqual([]);
    expect(await digestOfTag(store, "app", "1")).toBe(app.manifest.digest);
    await importInto(store, source(), { overwriteTags: true });
    expect(await digestOfTag(store, "app", "1")).toBe(other.manifest.digest);
  });

  test("is counted by a dry run, which changes nothing", async () => {
    old.push("app", app, "1");
    old.push("copy/of/app", app, "1");

    const report = await importInto(store, source(), { dryRun: true });

    expect(report).toMatchObject({
      ...{ repositories: 2, problems: [] },
      tags: { imported: 2 },
      manifests: { imported: 2 },
    });
    expect(report.blobs.link.blobs).toBe(app.blobs.length);
    expect(await digestOfTag(store, "app", "1")).toBeNull();
  });

  test("with damaged, absent and refused parts: the rest arrives, each is named", async () => {
    old.push("app", app, "good");
    const cut = buildImage({ seed: "import/cut", layerSizes: [3000] });
    const lost = buildImage({ seed: "import/lost", layerSizes: [3000] });
    const changed = buildImage({ seed: "import/changed", layerSizes: [3000] });
    for (const [image, tag] of [
      [cut, "cut"],
      [lost, "lost"],
      [changed, "changed"],
    ] as const) {
      old.push("app", image, tag);
    }
    old.push("Upper/Case", other, "1");
    old.push("index", multi, "v1");
    await truncate(blobPath(old.root, cut.blobs[1]?.digest ?? ""), 100);
    await rm(blobPath(old.root, lost.blobs[1]?.digest ?? ""));
    await writeFile(blobPath(old.root, changed.manifest.digest), "{}");
    await rm(blobPath(old.root, multi.images[0]?.blobs[1]?.digest ?? ""));

    const { problems, manifests } = await importInto(store, source());

    expect(manifests.imported).toBe(2);
    const reasons = problems.map(({ repository, reference, reason }) =>
      `${repository} ${reference}: ${reason}`.replaceAll(old.root, ""),
    );
    expect(reasons.sort()).toEqual([
      expect.stringMatching(/^Upper\/Case null: Breadbox takes no such name/),
      expect.stringMatching(/^app changed: its bytes are damaged/),
      expect.stringMatching(/^app cut: .*: the bytes are damaged/),
      expect.stringMatching(/^app lost: .*: it is missing$/),
      expect.stringMatching(/^index sha256:.*: it is missing$/),
      expect.stringMatching(/^index v1: sha256:.*, which it names, was not imported/),
    ]);
    await expectWhole(store, "app", app);
  });

  test("with deleted manifests: their empty folders are passed over", async () => {
    old.push("app", app, "1");
    old.push("app", other);
    const revision = other.manifest.digest.replace(":", "/");
    const folder = join(old.root, "docker/registry/v2/repositories/app/_manifests/revisions");
    await rm(join(folder, revision, "link"));

    const report = await importInto(store, source());

    expect(report).toMatchObject({ manifests: { imported: 1 }, problems: [] });
  });
});
