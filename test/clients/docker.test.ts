// A real Docker daemon against the compiled binary: build, push, forget, pull.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import {
  type Dockerd,
  dockerCommands,
  startDockerd,
  writeBuildContext,
} from "../support/dockerd.ts";
import { differences, type Files } from "../support/files.ts";
import { pullAll } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const files = (version: string): Files =>
  new Map([
    ["base", randomBytes("docker/base", 3_000_000)],
    ["library", randomBytes("docker/library", 1_000_000)],
    ["empty", new Uint8Array()],
    ["app", randomBytes(`docker/app/${version}`, 500_000)],
  ]);

async function build({ docker }: Dockerd, image: string, contents: Files): Promise<string> {
  await using scope = new Scope();
  const context = tempFolder(scope, "context");
  writeBuildContext(context, contents);
  await docker("build", "--tag", image, context);
  return imageId({ docker }, image);
}

const imageId = async ({ docker }: Pick<Dockerd, "docker">, image: string): Promise<string> =>
  (await docker("image", "inspect", "--format", "{{.Id}}", image)).stdout.trim();

/** Drops the image and everything it was built from. */
async function forget({ docker }: Dockerd, image: string): Promise<void> {
  await docker("rmi", "--force", image);
  await docker("image", "prune", "--all", "--force");
  const { stdout } = await docker("images", "--all", "--quiet");
  expect(stdout).toBe("");
}

/** Files of an image as a container would see them. */
async function filesOf(
  { docker }: Dockerd,
  image: string,
  names: Iterable<string>,
): Promise<Files> {
  await using scope = new Scope();
  const folder = tempFolder(scope, "files");
  const container = (await docker("create", image, "/none")).stdout.trim();
  const found = new Map<string, Uint8Array>();
  for (const name of names) {
    await docker("cp", `${container}:/${name}`, join(folder, name));
    found.set(name, new Uint8Array(readFileSync(join(folder, name))));
  }
  await docker("rm", container);
  return found;
}

clientTest(
  "docker pulls back what it pushed, across a restart, twice",
  { commands: dockerCommands, root: true, timeoutMs: 300_000 },
  async (scope) => {
    let registry = await startRegistry(scope);
    const dockerd = await startDockerd(scope);

    for (const version of ["1", "2"]) {
      const image = `${registry.host}/team/app/web:${version}`;
      const contents = files(version);
      const built = await build(dockerd, image, contents);

      await dockerd.docker("push", image);
      await forget(dockerd, image);
      await registry.stop();
      registry = await startRegistry(scope, { data: registry.data, port: registry.port });
      await dockerd.docker("pull", image);

      expect(await imageId(dockerd, image)).toBe(built);
      const pulled = await filesOf(dockerd, image, contents.keys());
      expect(differences(pulled, contents)).toEqual([]);
      const held = await pullAll(`${registry.url}/v2/team/app/web`, version);
      expect(held.blobs.slice(0, 1)).toEqual([built]);
      expect(held.blobs).toHaveLength(1 + contents.size);
    }
  },
);

clientTest(
  "docker pushes a second tag of the same image without sending a layer again",
  { commands: dockerCommands, root: true },
  async (scope) => {
    const registry = await startRegistry(scope);
    const dockerd = await startDockerd(scope);
    const first = `${registry.host}/team/app/web:first`;
    const second = `${registry.host}/team/app/web:second`;
    await build(dockerd, first, files("1"));

    await dockerd.docker("push", first);
    await dockerd.docker("tag", first, second);
    const { stdout } = await dockerd.docker("push", second);

    expect(stdout.match(/Layer already exists/g)).toHaveLength(4);
    const repository = `${registry.url}/v2/team/app/web`;
    expect(await pullAll(repository, "second")).toEqual(await pullAll(repository, "first"));
  },
);

clientTest(
  "docker pushes to a second repository by mounting, and pulls by digest",
  { commands: dockerCommands, root: true },
  async (scope) => {
    const registry = await startRegistry(scope);
    const dockerd = await startDockerd(scope);
    const [first, second] = [`${registry.host}/first:v1`, `${registry.host}/deep/second:v1`];
    const built = await build(dockerd, first, files("1"));
    await dockerd.docker("push", first);

    await dockerd.docker("tag", first, second);
    const traffic = await trafficDuring(registry, () => dockerd.docker("push", second));

    const { digest } = await pullAll(`${registry.url}/v2/deep/second`, "v1");
    await forget(dockerd, built);
    const byDigest = `${registry.host}/deep/second@${digest}`;
    await dockerd.docker("pull", byDigest);
    expect(await imageId(dockerd, byDigest)).toBe(built);
    // The config is sent as docker always does, the layers are not.
    expect(traffic.mounts).toBe(4);
    expect(traffic.receivedBytes).toBeLessThan(10_000);
  },
);
