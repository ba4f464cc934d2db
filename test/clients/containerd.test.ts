// containerd through its ctr: imports an image, pushes it, forgets it and pulls it back.
import { expect } from "bun:test";
import { join } from "node:path";
import { sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { startContainerd, type Tool } from "../support/containerTools.ts";
import { readFolder } from "../support/files.ts";
import {
  buildImage,
  buildIndex,
  type Content,
  type Image,
  type ImageIndex,
  pullAll,
  pushImage,
  writeLayout,
} from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { tar } from "../support/tar.ts";
import { trafficDuring } from "../support/traffic.ts";

const needs = { commands: ["containerd", "ctr"], root: true };

/** Writes the layout as one tar file, the form that `ctr images import` reads, under the name it will have there. */
async function archive(scope: Scope, name: string, image: Image | ImageIndex): Promise<string> {
  const folder = tempFolder(scope, "layout");
  writeLayout(folder, name, image);
  const file = join(tempFolder(scope, "archive"), "image.tar");
  await Bun.write(file, tar(readFolder(folder)));
  return file;
}

/** The digests in containerd's content store, sorted. */
const stored = async (ctr: Tool): Promise<string[]> =>
  (await ctr("content", "ls", "--quiet")).stdout.split("\n").filter(Boolean).sort();

async function forget(ctr: Tool, image: string): Promise<void> {
  await ctr("images", "rm", "--sync", image);
  expect(await stored(ctr)).toEqual([]);
}

const digests = (contents: readonly Content[]): string[] =>
  contents.map(({ digest }) => digest).sort();

async function expectIntact(ctr: Tool, contents: readonly Content[]): Promise<void> {
  expect(await stored(ctr)).toEqual(digests(contents));
  for (const { digest, bytes } of contents) {
    const { stdoutBytes } = await ctr("content", "get", digest);
    expect(sha256(stdoutBytes)).toBe(sha256(bytes));
  }
}

clientTest("ctr pulls back the image it pushed", needs, async (scope) => {
  const registry = await startRegistry(scope);
  const ctr = await startContainerd(scope);
  const image = buildImage({ seed: "ctr/image", layerSizes: [2_000_000, 300_000, 10] });
  const name = `${registry.host}/team/app/web:ctr`;
  await ctr("images", "import", "--snapshotter=native", await archive(scope, name, image));

  await ctr("images", "push", "--plain-http", name);
  await forget(ctr, name);
  await ctr("images", "pull", "--plain-http", "--snapshotter=native", name);

  const held = await pullAll(`${registry.url}/v2/team/app/web`, "ctr");
  expect(held.blobs).toEqual(image.blobs.map(({ digest }) => digest));
  await expectIntact(ctr, [image.manifest, ...image.blobs]);
});

clientTest("ctr pulls back an index with all its images", needs, async (scope) => {
  const registry = await startRegistry(scope);
  const ctr = await startContainerd(scope);
  const options = { seed: "ctr/index", layerSizes: [100_000, 10] };
  const index = buildIndex(options, ["amd64", "arm64"]);
  const name = `${registry.host}/team/app/web:many`;
  const flags = ["--snapshotter=native", "--all-platforms"];
  await ctr("images", "import", ...flags, await archive(scope, name, index));

  await ctr("images", "push", "--plain-http", name);
  await forget(ctr, name);
  await ctr("content", "fetch", "--plain-http", "--all-platforms", name);

  const images = index.images.flatMap(({ manifest, blobs }) => [manifest, ...blobs]);
  await expectIntact(ctr, [index.manifest, ...images]);
});

clientTest("ctr pulls by digest and pushes elsewhere by mounting", needs, async (scope) => {
  const registry = await startRegistry(scope);
  const ctr = await startContainerd(scope);
  const image = buildImage({ seed: "ctr/mount", layerSizes: [1_200_000, 10] });
  const repository = `${registry.url}/v2/first`;
  await pushImage(repository, "v1", image);
  const byDigest = `${registry.host}/first@${image.manifest.digest}`;
  const elsewhere = `${registry.host}/deep/second:v1`;
  await ctr("images", "pull", "--plain-http", "--snapshotter=native", byDigest);

  await ctr("images", "tag", byDigest, elsewhere);
  const traffic = await trafficDuring(registry, () =>
    ctr("images", "push", "--plain-http", elsewhere),
  );

  await expectIntact(ctr, [image.manifest, ...image.blobs]);
  const held = await pullAll(`${registry.url}/v2/deep/second`, "v1");
  expect(held.digest).toBe(image.manifest.digest);
  expect(traffic.mounts).toBe(image.blobs.length);
  expect(traffic.receivedBytes).toBeLessThan(10_000);
});
