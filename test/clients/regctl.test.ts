// regctl copies between folders and the registry, in one request for each blob and in chunks.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { startRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { differences, readFolder } from "../support/files.ts";
import { buildImage, buildIndex, pullAll, writeLayout } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { openRegctl, regctlNeeds } from "../support/regctl.ts";

const layerSizes = [3_500_000, 1_048_576, 10];

describe("regctl", () => {
  clientTest("copies an index with all its images in and out", regctlNeeds, async (scope) => {
    const registry = await startRegistry(scope);
    const regctl = await openRegctl(scope, registry.host, false);
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    const index = buildIndex({ seed: "regctl/index", layerSizes }, ["amd64", "arm64"]);
    writeLayout(from, "v1", index);
    const remote = `${registry.host}/team/app/web:v1`;

    await regctl("image", "copy", `ocidir://${from}:v1`, remote);
    await regctl("image", "copy", remote, `ocidir://${to}:v1`);

    expect(differences(readFolder(join(from, "blobs")), readFolder(join(to, "blobs")))).toEqual([]);
    const held = await pullAll(`${registry.url}/v2/team/app/web`, "v1");
    expect(held.digest).toBe(index.manifest.digest);
    const listed = await regctl("tag", "ls", `${registry.host}/team/app/web`);
    expect(listed.stdout.trim()).toBe("v1");
  });

  clientTest("pushes in chunks of 1 MiB", regctlNeeds, async (scope) => {
    const registry = await startRegistry(scope);
    const regctl = await openRegctl(scope, registry.host, true);
    const layout = tempFolder(scope, "layout");
    const image = buildImage({ seed: "regctl/chunks", layerSizes });
    writeLayout(layout, "v1", image);

    await regctl("image", "copy", `ocidir://${layout}:v1`, `${registry.host}/chunks:v1`);

    const held = await pullAll(`${registry.url}/v2/chunks`, "v1");
    expect(held.digest).toBe(image.manifest.digest);
    expect(held.blobs).toEqual(image.blobs.map(({ digest }) => digest));
  });
});
