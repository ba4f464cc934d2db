// podman and buildah build an image from files, push it, forget it and pull it back.
import { expect } from "bun:test";
import { startRegistry } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers, type Tool } from "../support/containerTools.ts";
import { writeBuildContext } from "../support/dockerd.ts";
import { differences, type Files, readFolder } from "../support/files.ts";
import { pullAll } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";

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
