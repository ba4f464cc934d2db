// skopeo copies between folders and the registry; what comes back is byte for byte what went in.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { openContainers } from "../support/containerTools.ts";
import { differences, readFolder } from "../support/files.ts";
import { buildImage, buildIndex, pullAll, writeLayout } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const needs = { commands: ["skopeo"] };
const layerSizes = [2_000_000, 300_000, 10];

describe("skopeo", () => {
  clientTest("copies an OCI layout in and out", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const { skopeo } = openContainers(scope);
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    const image = buildImage({ seed: "skopeo/layout", layerSizes });
    writeLayout(from, "v1", image);
    const remote = `docker://${registry.host}/team/app/web:v1`;

    await skopeo("copy", "--dest-tls-verify=false", `oci:${from}:v1`, remote);
    await skopeo("copy", "--src-tls-verify=false", remote, `oci:${to}:v1`);

    expect(differences(readFolder(join(from, "blobs")), readFolder(join(to, "blobs")))).toEqual([]);
    const held = await pullAll(`${registry.url}/v2/team/app/web`, "v1");
    expect(held.digest).toBe(image.manifest.digest);
    expect(held.blobs).toEqual(image.blobs.map(({ digest }) => digest));
  });

  clientTest("copies between the registry and a folder", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const { skopeo } = openContainers(scope);
    const [layout, first, second] = ["layout", "first", "second"].map((purpose) =>
      tempFolder(scope, purpose),
    );
    writeLayout(`${layout}`, "v1", buildImage({ seed: "skopeo/dir", layerSizes }));
    const remote = `docker://${registry.host}/dir:v1`;

    await skopeo("copy", `oci:${layout}:v1`, `dir:${first}`);
    await skopeo("copy", "--dest-tls-verify=false", `dir:${first}`, remote);
    await skopeo("copy", "--src-tls-verify=false", remote, `dir:${second}`);

    expect(differences(readFolder(`${first}`), readFolder(`${second}`))).toEqual([]);
  });

  clientTest("copies an index with all its images", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const { skopeo } = openContainers(scope);
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    const options = { seed: "skopeo/index", layerSizes };
    const index = buildIndex(options, ["amd64", "arm64", "riscv64"]);
    writeLayout(from, "v1", index);
    const remote = `docker://${registry.host}/many:v1`;

    await skopeo("copy", "--all", "--dest-tls-verify=false", `oci:${from}:v1`, remote);
    await skopeo("copy", "--all", "--src-tls-verify=false", remote, `oci:${to}:v1`);

    expect(differences(readFolder(join(from, "blobs")), readFolder(join(to, "blobs")))).toEqual([]);
    const held = await pullAll(`${registry.url}/v2/many`, "v1");
    expect(held.digest).toBe(index.manifest.digest);
  });

  clientTest("copies Docker schema 2 manifests as they are", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const { skopeo } = openContainers(scope);
    const layout = tempFolder(scope, "layout");
    writeLayout(layout, "v1", buildImage({ seed: "skopeo/schema2", layerSizes }));
    const remote = `docker://${registry.host}/schema2:v1`;

    const format = ["--format", "v2s2", "--dest-tls-verify=false"];
    await skopeo("copy", ...format, `oci:${layout}:v1`, remote);

    const held = await pullAll(`${registry.url}/v2/schema2`, "v1");
    expect(held.mediaType).toBe("application/vnd.docker.distribution.manifest.v2+json");
  });

  clientTest("inspects a tag and lists all tags", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const { skopeo } = openContainers(scope);
    const layout = tempFolder(scope, "layout");
    const image = buildImage({ seed: "skopeo/inspect", layerSizes });
    writeLayout(layout, "v1", image);
    const remote = `docker://${registry.host}/team/app/web`;
    for (const tag of ["v1", "v2", "latest"]) {
      await skopeo("copy", "--dest-tls-verify=false", `oci:${layout}:v1`, `${remote}:${tag}`);
    }

    const inspected = await skopeo("inspect", "--tls-verify=false", `${remote}:v2`);
    const listed = await skopeo("list-tags", "--tls-verify=false", remote);

    expect(JSON.parse(inspected.stdout)).toMatchObject({
      Digest: image.manifest.digest,
      Layers: image.blobs.slice(1).map(({ digest }) => digest),
    });
    expect(JSON.parse(listed.stdout).Tags.toSorted()).toEqual(["latest", "v1", "v2"]);
  });

  clientTest(
    "copies by digest between repositories by mounting, and deletes",
    needs,
    async (scope) => {
      const registry = await startRegistry(scope);
      const { skopeo } = openContainers(scope);
      const [layout, to] = [tempFolder(scope, "layout"), tempFolder(scope, "to")];
      const image = buildImage({ seed: "skopeo/mount", layerSizes });
      writeLayout(layout, "v1", image);
      const [first, second] = [
        `docker://${registry.host}/first`,
        `docker://${registry.host}/second`,
      ];
      const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
      await skopeo("copy", ...insecure, `oci:${layout}:v1`, `${first}:v1`);

      const byDigest = `${first}@${image.manifest.digest}`;
      const traffic = await trafficDuring(registry, () =>
        skopeo("copy", ...insecure, byDigest, `${second}:v1`),
      );
      await skopeo("copy", "--src-tls-verify=false", byDigest, `oci:${to}:v1`);
      await skopeo("delete", "--tls-verify=false", `${first}:v1`);

      const blobs = [layout, to].map((folder) => readFolder(join(folder, "blobs")));
      expect(differences(blobs[0] ?? new Map(), blobs[1] ?? new Map())).toEqual([]);
      const held = await pullAll(`${registry.url}/v2/second`, "v1");
      expect(held.digest).toBe(image.manifest.digest);
      // The config is sent as it always is, the layers are not.
      expect(traffic.mounts).toBe(layerSizes.length);
      expect(traffic.receivedBytes).toBeLessThan(10_000);
      const listed = await skopeo("list-tags", "--tls-verify=false", first);
      expect(JSON.parse(listed.stdout).Tags).toEqual([]);
    },
  );
});
