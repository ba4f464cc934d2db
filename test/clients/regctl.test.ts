// regctl copies between folders and the registry, in one request for each blob and in chunks.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { differences, readFolder } from "../support/files.ts";
import { buildImage, buildIndex, pullAll, writeLayout } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { openRegctl, regctlNeeds } from "../support/regctl.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

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

  clientTest(
    "copies between repositories by mounting, and deletes a tag",
    regctlNeeds,
    async (scope) => {
      const registry = await startRegistry(scope);
      const regctl = await openRegctl(scope, registry.host, false);
      const layout = tempFolder(scope, "layout");
      const index = buildIndex({ seed: "regctl/mount", layerSizes }, ["amd64", "arm64"]);
      writeLayout(layout, "v1", index);
      const [first, second] = [`${registry.host}/first`, `${registry.host}/deep/second`];
      await regctl("image", "copy", `ocidir://${layout}:v1`, `${first}:v1`);

      const traffic = await trafficDuring(registry, async () => {
        await regctl("image", "copy", `${first}@${index.manifest.digest}`, `${second}:v1`);
        await regctl("image", "copy", `${second}:v1`, `${second}:v2`);
      });
      await regctl("tag", "delete", `${second}:v1`);

      expect((await regctl("tag", "ls", second)).stdout.trim()).toBe("v2");
      const held = await pullAll(`${registry.url}/v2/deep/second`, "v2");
      expect(held.digest).toBe(index.manifest.digest);
      expect(traffic).toMatchObject({ mounts: 8, sentBytes: 0 });
      expect(traffic.receivedBytes).toBeLessThan(10_000);
    },
  );

  clientTest(
    "attaches a signature, lists it and copies it with its image",
    regctlNeeds,
    async (scope) => {
      const registry = await startRegistry(scope);
      const regctl = await openRegctl(scope, registry.host, false);
      const [layout, files] = [tempFolder(scope, "layout"), tempFolder(scope, "files")];
      const image = buildImage({ seed: "regctl/signed", layerSizes: [10] });
      writeLayout(layout, "v1", image);
      const [first, second] = [`${registry.host}/first:v1`, `${registry.host}/second:v1`];
      const signature = join(files, "signature");
      await Bun.write(signature, "signed");
      await regctl("image", "copy", `ocidir://${layout}:v1`, first);

      const type = "application/vnd.dev.cosign.artifact.sig.v1+json";
      const put = ["--artifact-type", type, "--subject", first, "--file", signature];
      await regctl("artifact", "put", ...put);
      await regctl("image", "copy", "--referrers", first, second);

      const listed = await regctl("artifact", "list", second, "--format", "{{json .}}");
      expect(JSON.parse(listed.stdout)).toMatchObject({
        subject: { Digest: image.manifest.digest },
        descriptors: [{ artifactType: type }],
      });
      const got = await regctl("artifact", "get", "--subject", second);
      expect(got.stdout).toBe("signed");
    },
  );
});
