// podman and buildah build an image from files, push it, forget it and pull it back.
import { expect } from "bun:test";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers, type Tool } from "../support/containerTools.ts";
import { writeBuildContext } from "../support/dockerd.ts";
import { differences, type Files, readFolder } from "../support/files.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const files = (seed: string): Files =>
  new Map([
    ["base", randomBytes(`${seed}/base`, 2_000_000)],
    ["app", randomBytes(`${seed}/app`, 400_000)],
    ["empty", new Uint8Array()],
  ]);

const imageId = async (tool: Tool, image: string): Promise<string> =>
  (await tool("images", "--quiet", "--no-trunc", image)).stdout.trim();

const insecure = "--tls-verify=false";

clientTest(
  "podman pulls back what it built and pushed",
  { commands: ["podman"], root: true },
  async (scope) => {
    const registry = await startRegistry(scope);
    const { podman } = openContainers(scope);
    const context = tempFolder(scope, "context");
    const contents = files("podman");
    writeBuildContext(context, contents);
    const image = `${registry.host}/team/app/web:podman`;
    // A layer for each COPY, as docker makes them.
    await podman("build", "--layers", "--isolation=chroot", "--tag", image, context);
    const built = await imageId(podman, image);

    await podman("push", insecure, image);
    await podman("rmi", "--all", "--force");
    expect((await podman("images", "--all", "--quiet")).stdout).toBe("");
    await podman("pull", insecure, image);

    expect(await imageId(podman, image)).toBe(built);
    const mounted = (await podman("image", "mount", image)).stdout.trim();
    expect(differences(readFolder(mounted), contents)).toEqual([]);
    const held = await pullAll(`${registry.url}/v2/team/app/web`, "podman");
    expect(held.blobs).toHaveLength(1 + contents.size);
  },
);

clientTest(
  "buildah pulls back what it built and pushed",
  { commands: ["buildah"], root: true },
  async (scope) => {
    const registry = await startRegistry(scope);
    const { buildah } = openContainers(scope);
    const context = tempFolder(scope, "context");
    const contents = files("buildah");
    writeBuildContext(context, contents);
    const image = `${registry.host}/team/app/web:buildah`;
    await buildah("build", "--layers", "--isolation=chroot", "--tag", image, context);
    const built = await imageId(buildah, image);

    await buildah("push", insecure, image, `docker://${image}`);
    await buildah("rmi", "--all", "--force");
    await buildah("pull", insecure, image);

    expect(await imageId(buildah, image)).toBe(built);
    const container = (await buildah("from", "--pull-never", image)).stdout.trim();
    const mounted = (await buildah("mount", container)).stdout.trim();
    expect(differences(readFolder(mounted), contents)).toEqual([]);
    await pullAll(`${registry.url}/v2/team/app/web`, "buildah");
  },
);

for (const command of ["podman", "buildah"] as const) {
  clientTest(
    `${command} pulls by digest and pushes to a second repository by mounting`,
    { commands: [command], root: true },
    async (scope) => {
      const registry = await startRegistry(scope);
      const tool = openContainers(scope)[command];
      const image = buildImage({ seed: `${command}/mount`, layerSizes: [1_200_000, 10] });
      await pushImage(`${registry.url}/v2/first`, "v1", image);
      const byDigest = `${registry.host}/first@${image.manifest.digest}`;

      await tool("pull", insecure, byDigest);
      const second = `docker://${registry.host}/deep/second:v1`;
      const traffic = await trafficDuring(registry, () => tool("push", insecure, byDigest, second));

      const held = await pullAll(`${registry.url}/v2/deep/second`, "v1");
      expect(held.blobs).toEqual(image.blobs.map(({ digest }) => digest));
      // The config is sent as it always is, the layers are not.
      expect(traffic.mounts).toBe(2);
      expect(traffic.receivedBytes).toBeLessThan(10_000);
    },
  );
}

clientTest("podman lists tags", { commands: ["podman"], root: true }, async (scope) => {
  const registry = await startRegistry(scope);
  const { podman } = openContainers(scope);
  const image = buildImage({ seed: "podman/list", layerSizes: [10] });
  for (const tag of ["v1", "v2"]) await pushImage(`${registry.url}/v2/team/web`, tag, image);

  const listed = await podman("search", insecure, "--list-tags", `${registry.host}/team/web`);

  expect(listed.stdout.match(/\bv\d$/gm)).toEqual(["v1", "v2"]);
});

clientTest(
  "an index that buildah makes of two platforms comes back as it was",
  { commands: ["buildah", "skopeo"], root: true },
  async (scope) => {
    const registry = await startRegistry(scope);
    const { buildah, skopeo } = openContainers(scope);
    const list = "localhost/web";
    await buildah("manifest", "create", list);
    for (const architecture of ["amd64", "arm64"]) {
      const context = tempFolder(scope, "context");
      writeBuildContext(context, files(architecture));
      const platform = `--platform=linux/${architecture}`;
      await buildah("build", "--isolation=chroot", platform, "--manifest", list, context);
    }
    const remote = `docker://${registry.host}/team/web:many`;

    await buildah("manifest", "push", "--all", insecure, list, remote);

    const [first, second] = [tempFolder(scope, "first"), tempFolder(scope, "second")];
    await skopeo("copy", "--all", "--src-tls-verify=false", remote, `oci:${first}:v1`);
    const again = `docker://${registry.host}/again:many`;
    await skopeo("copy", "--all", "--dest-tls-verify=false", `oci:${first}:v1`, again);
    await skopeo("copy", "--all", "--src-tls-verify=false", again, `oci:${second}:v1`);
    const blobs = [first, second].map((folder) => readFolder(join(folder, "blobs")));
    expect(differences(blobs[0] ?? new Map(), blobs[1] ?? new Map())).toEqual([]);
    const inspected = await skopeo("inspect", "--raw", "--tls-verify=false", remote);
    const platforms = JSON.parse(inspected.stdout).manifests.map(
      (each: { platform: { architecture: string } }) => each.platform.architecture,
    );
    expect(platforms).toEqual(["amd64", "arm64"]);
    const held = await pullAll(`${registry.url}/v2/team/web`, "many");
    expect(held).toEqual(await pullAll(`${registry.url}/v2/again`, "many"));
  },
);
