// OCI image layouts: one, or a directory of them as zot keeps it; nothing is written there, and what is wrong is named.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSource } from "../../src/import/open.ts";
import { buildImage, buildIndex, writeLayout } from "../support/images.ts";
import { inventory } from "../support/oldRegistry.ts";
import { memoryFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { openStore } from "../support/store.ts";
import { digestOfTag, expectWhole, importInto, type Store } from "./room.ts";

let scope: Scope;
let store: Store;
let folder: string;
const app = buildImage({ seed: "layout/app", layerSizes: [70_000, 10] });
const multi = buildIndex({ seed: "layout/multi", layerSizes: [2000] }, ["amd64", "arm64"]);

beforeEach(async () => {
  scope = new Scope();
  store = await openStore();
  scope.defer(() => store.remove());
  folder = memoryFolder(scope, "layouts");
});
afterEach(() => scope.close());

const open = (place: string, repository: string | null = null) =>
  openSource({ place, repository, login: null, manifestMaxBytes: 4_194_304 });
const layout = async (
  name: string,
  ...args: Parameters<typeof writeLayout> extends [string, ...infer Rest] ? Rest : never
) => {
  await mkdir(join(folder, name), { recursive: true });
  writeLayout(join(folder, name), ...args);
  return join(folder, name);
};

describe("an OCI image layout", () => {
  test("arrives whole under the name that is asked for, and is not changed", async () => {
    const directory = await layout("here", "v1", multi);
    const before = await inventory(directory);

    const report = await importInto(store, open(`oci:${directory}`, "lab/multi"));

    expect(report).toMatchObject({
      problems: [],
      tags: { imported: 1 },
      manifests: { imported: 3 },
    });
    expect(await digestOfTag(store, "lab/multi", "v1")).toBe(multi.manifest.digest);
    for (const image of multi.images) await expectWhole(store, "lab/multi", image);
    expect(await inventory(directory)).toEqual(before);
  });

  test("without a name is the repository that its folder is named after, under the tag of a whole image name", async () => {
    const directory = await layout("app", "docker.io/library/app:1.2", app);

    await importInto(store, open(directory));

    expect(await digestOfTag(store, "app", "1.2")).toBe(app.manifest.digest);
  });

  test("in a directory of many is a repository of its own", async () => {
    await layout("lab/app", "1", app);
    await layout("lab/app/sub", "2", multi);

    const report = await importInto(store, open(folder));

    expect(report).toMatchObject({ repositories: 2, problems: [] });
    expect(await digestOfTag(store, "lab/app", "1")).toBe(app.manifest.digest);
    expect(await digestOfTag(store, "lab/app/sub", "2")).toBe(multi.manifest.digest);
  });

  test("with absent and linked blobs: each is named", async () => {
    const directory = await layout("app", "1", app);
    const outside = join(folder, "outside");
    const [, large, small] = app.blobs;
    if (large === undefined || small === undefined) throw new Error();
    await writeFile(outside, large.bytes);
    const path = join(directory, "blobs", ...large.digest.split(":"));
    await rm(path);
    await symlink(outside, path);

    const linked = await importInto(store, open(directory));
    await rm(path);
    const lost = await importInto(store, open(directory));

    expect(linked.problems).toMatchObject([{ reference: "1" }]);
    expect(linked.problems[0]?.reason).toEndWith("it is a symbolic link");
    expect(lost.problems[0]?.reason).toEndWith("it is missing");
    expect(await digestOfTag(store, "app", "1")).toBeNull();
  });

  test("whose index is none, or names something without a digest, is a problem of that repository", async () => {
    const directory = await layout("app", "1", app);
    const reasonWith = async (index: string) => {
      await writeFile(join(directory, "index.json"), index);
      const { problems } = await importInto(store, open(directory));
      return problems.map(({ repository, reason }) => `${repository}: ${reason}`).join();
    };

    expect(await reasonWith("{")).toMatch(/^app: .* is no index of an OCI image layout$/);
    expect(await reasonWith('{"manifests":[{"digest":"md5:1"}]}')).toMatch(
      /^app: .* holds an entry without a sha256 or sha512 digest$/,
    );
  });
});

describe("a place that is no source", () => {
  test("is refused with what to type", async () => {
    await writeFile(join(folder, "image.tar"), "tar");
    await writeFile(join(folder, "notes.txt"), "foreign");
    const refusal = (place: string) => () => open(place);

    expect(refusal(join(folder, "gone"))).toThrow("there is no directory");
    expect(refusal(join(folder, "image.tar"))).toThrow("is a file. Unpack it first");
    expect(refusal(folder)).toThrow("is neither the directory of a registry");
    expect(refusal(`oci:${folder}`)).toThrow("is neither the directory of a registry");
    expect(refusal(store.directory)).toThrow("is a data directory of Breadbox");
    expect(refusal("https://me:secret@registry.example")).toThrow("a password does not belong");
  });
});
