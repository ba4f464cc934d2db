// A directory that the real distribution has written: imported by hard link, it pulls byte for byte and is not changed.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, startBreadbox, startDistribution } from "../support/binary.ts";
import { buildImage, buildIndex, pullAll, pushImage, pushManifest } from "../support/images.ts";
import { inventory } from "../support/oldRegistry.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test("a directory of distribution 3 is imported and pulls byte for byte", async () => {
  await using scope = new Scope();
  const app = buildImage({ seed: "old/app", layerSizes: [3_000_000, 10] });
  const untagged = buildImage({ seed: "old/untagged", layerSizes: [10] });
  const multi = buildIndex({ seed: "old/multi", layerSizes: [2000] }, ["amd64", "arm64"]);
  const old = await startDistribution(scope);
  const at = (registry: { readonly url: string }, name: string) => `${registry.url}/v2/${name}`;
  await pushImage(at(old, "lab/app"), "1.0", untagged);
  await pushImage(at(old, "lab/app"), "1.0", app);
  for (const image of multi.images) {
    await pushImage(at(old, "multi"), image.manifest.digest, image);
  }
  await pushManifest(at(old, "multi"), "v1", multi.manifest);
  await old.stop();
  const before = await inventory(old.data);
  const data = join(tempFolder(scope, "new"), "data");

  const command = [await breadboxBinary(), "import", old.data, "--data", data, "--json"];
  const report = JSON.parse((await run(command)).stdout);

  expect(report).toMatchObject({ problems: [], repositories: 2, tags: { imported: 2 } });
  expect(report.manifests.imported).toBe(5);
  expect(await inventory(old.data)).toEqual(before);
  const registry = await startBreadbox(scope, { data });
  const pulled = await pullAll(at(registry, "lab/app"), "1.0");
  expect(pulled.digest).toBe(app.manifest.digest);
  expect((await pullAll(at(registry, "multi"), "v1")).digest).toBe(multi.manifest.digest);
  const found = await pullAll(at(registry, "lab/app"), untagged.manifest.digest);
  expect(found.blobs).toEqual(untagged.blobs.map(({ digest }) => digest));
});
