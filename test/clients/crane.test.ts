// crane, the client of go-containerregistry: what it, ko and kaniko send.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import type { Tool } from "../support/containerTools.ts";
import { differences, readFolder } from "../support/files.ts";
import { crane } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, buildIndex, pullAll, writeLayout } from "../support/images.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const needs = goToolNeeds(crane);
const layerSizes = [1_500_000, 200_000, 10];

/** crane reaches loopback addresses over plain HTTP by itself. */
async function openCrane(scope: Scope): Promise<Tool> {
  const program = await goTool(crane);
  const env = { DOCKER_CONFIG: tempFolder(scope, "crane") };
  return (...args) => run([program, ...args], { env });
}

describe("crane", () => {
  clientTest("pushes an image, lists its tag and pulls it by digest", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const crane = await openCrane(scope);
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    const image = buildImage({ seed: "crane/image", layerSizes });
    writeLayout(from, "v1", image);
    const repository = `${registry.host}/team/app/web`;

    await crane("push", from, `${repository}:v1`);
    const listed = await crane("ls", repository);
    const digest = await crane("digest", `${repository}:v1`);
    await crane("pull", "--format=oci", `${repository}@${image.manifest.digest}`, to);
    await crane("validate", "--remote", `${repository}:v1`);

    expect(listed.stdout.trim()).toBe("v1");
    expect(digest.stdout.trim()).toBe(image.manifest.digest);
    expect(differences(readFolder(join(from, "blobs")), readFolder(join(to, "blobs")))).toEqual([]);
  });

  clientTest("copies an index between repositories by mounting", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const crane = await openCrane(scope);
    const from = tempFolder(scope, "from");
    const index = buildIndex({ seed: "crane/index", layerSizes }, ["amd64", "arm64"]);
    writeLayout(from, "v1", index);
    const [first, second] = [`${registry.host}/first`, `${registry.host}/deep/second`];
    await crane("push", "--index", from, `${first}:v1`);

    const traffic = await trafficDuring(registry, () =>
      crane("copy", `${first}:v1`, `${second}:v1`),
    );

    const held = await pullAll(`${registry.url}/v2/deep/second`, "v1");
    expect(held).toEqual(await pullAll(`${registry.url}/v2/first`, "v1"));
    expect(held.blobs).toHaveLength(8);
    expect(traffic).toMatchObject({ mounts: 8, sentBytes: 0 });
    // Two manifests, their index, and the layout's own index above it.
    expect(traffic.receivedBytes).toBeLessThan(10_000);
  });

  clientTest("deletes one tag and leaves the other", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const crane = await openCrane(scope);
    const from = tempFolder(scope, "from");
    const image = buildImage({ seed: "crane/delete", layerSizes: [10] });
    writeLayout(from, "v1", image);
    const repository = `${registry.host}/team/app/web`;
    await crane("push", from, `${repository}:v1`);
    await crane("tag", `${repository}:v1`, "v2");

    await crane("delete", `${repository}:v1`);

    expect((await crane("ls", repository)).stdout.trim()).toBe("v2");
    const held = await pullAll(`${registry.url}/v2/team/app/web`, "v2");
    expect(held.digest).toBe(image.manifest.digest);
  });
});
