// Real clients pull a layer that is not in the server's memory and is too long to be fetched first: its answer has no Content-Length.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import type { RunningRegistry } from "../support/binary.ts";
import { sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers, startContainerd } from "../support/containerTools.ts";
import { dockerCommands, startDockerd } from "../support/dockerd.ts";
import { crane } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, pushImage } from "../support/images.ts";
import { forgetContent } from "../support/pageCache.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const size = 40 * 2 ** 20;
const image = buildImage({ seed: "cold", layerSizes: [size] });
const digests = image.blobs.map(({ digest }) => digest);
const layer = digests.at(-1) ?? "";

/** A registry as after a restart of its machine, with the image as `team/cold:v1`. */
async function startCold(scope: Scope): Promise<RunningRegistry & { readonly image: string }> {
  const registry = await startRegistry(scope);
  const repository = `${registry.url}/v2/team/cold`;
  await pushImage(repository, "v1", image);
  await forgetContent(registry.data);
  const asked = await fetch(`${repository}/blobs/${layer}`);
  expect([asked.status, asked.headers.get("content-length")]).toEqual([200, null]);
  await asked.body?.cancel();
  await forgetContent(registry.data);
  return { ...registry, image: `${registry.host}/team/cold:v1` };
}

describe("a cold layer of 40 MiB is pulled whole by", () => {
  clientTest("skopeo", { commands: ["skopeo"] }, async (scope) => {
    const cold = await startCold(scope);
    const { skopeo } = openContainers(scope);
    const folder = tempFolder(scope, "pulled");
    await skopeo("copy", "--src-tls-verify=false", `docker://${cold.image}`, `dir:${folder}`);
    const pulled = await Bun.file(join(folder, layer.replace("sha256:", ""))).bytes();
    expect(sha256(pulled)).toBe(layer);
  });

  clientTest("podman", { commands: ["podman"], root: true }, async (scope) => {
    const cold = await startCold(scope);
    const { podman } = openContainers(scope);
    await podman("pull", "--tls-verify=false", cold.image);
    expect((await podman("images", "--quiet", cold.image)).stdout.trim()).not.toBe("");
  });

  clientTest("crane", goToolNeeds(crane), async (scope) => {
    const cold = await startCold(scope);
    const env = { DOCKER_CONFIG: tempFolder(scope, "crane") };
    const { stdoutBytes } = await run(
      [await goTool(crane), "blob", `${cold.host}/team/cold@${layer}`],
      { env },
    );
    expect(sha256(stdoutBytes)).toBe(layer);
  });

  clientTest("ctr", { commands: ["containerd", "ctr"], root: true }, async (scope) => {
    const cold = await startCold(scope);
    const ctr = await startContainerd(scope);
    await ctr("images", "pull", "--plain-http", "--snapshotter=native", cold.image);
    const { stdoutBytes } = await ctr("content", "get", layer);
    expect(sha256(stdoutBytes)).toBe(layer);
  });

  clientTest("docker", { commands: dockerCommands, root: true }, async (scope) => {
    const cold = await startCold(scope);
    const { docker } = await startDockerd(scope);
    await docker("pull", cold.image);
    const { stdout } = await docker("image", "inspect", "--format", "{{.Size}}", cold.image);
    expect(Number(stdout)).toBe(size);
  });
});
