// Real clients over two replicas behind haproxy, which gives each request to the next one: nothing is tied to a replica.
import { expect } from "bun:test";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers } from "../support/containerTools.ts";
import { dockerCommands, startDockerd, writeBuildContext } from "../support/dockerd.ts";
import { differences, readFolder } from "../support/files.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { buildImage, writeLayout } from "../support/images.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { tempFolder } from "../support/processes.ts";
import { startReplicated } from "../support/replicated.ts";
import { amountOf } from "../support/share.ts";

const times = amountOf("BREADBOX_REPLICAS_TIMES", { share: 4, whole: 20 });
const gateway = goToolNeeds(versitygw);
const needs = (...commands: readonly string[]) => ({
  commands: [...gateway.commands, "haproxy", ...commands],
  reason: () => gateway.reason() ?? postgresIsMissing(),
  root: true,
  timeoutMs: 600_000,
});
/** The second layer is sent in several parts to the bucket. */
const layerSizes = [300_000, 6_000_000, 10];

clientTest(`skopeo copies an image in and out, ${times} times`, needs("skopeo"), async (scope) => {
  const registry = await startReplicated(scope);
  const { skopeo } = openContainers(scope);

  for (let turn = 0; turn < times; turn += 1) {
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    writeLayout(from, "v1", buildImage({ seed: `replicas/skopeo/${turn}`, layerSizes }));
    const remote = `docker://${registry.host}/team/skopeo:v${turn}`;
    await skopeo("copy", "--dest-tls-verify=false", `oci:${from}:v1`, remote);
    await skopeo("copy", "--src-tls-verify=false", remote, `oci:${to}:v1`);
    expect(differences(readFolder(join(from, "blobs")), readFolder(join(to, "blobs")))).toEqual([]);
  }

  for (const origin of registry.origins) {
    const { tags } = Object(await (await fetch(`${origin}/v2/team/skopeo/tags/list`)).json());
    expect(tags).toHaveLength(times);
  }
});

clientTest(
  `docker pushes and pulls an image, ${times} times`,
  needs(...dockerCommands),
  async (scope) => {
    const registry = await startReplicated(scope);
    const { docker } = await startDockerd(scope);

    for (let turn = 0; turn < times; turn += 1) {
      const image = `${registry.host}/team/docker:v${turn}`;
      const context = tempFolder(scope, "context");
      const layer = randomBytes(`replicas/docker/${turn}`, 2_000_000);
      writeBuildContext(context, new Map([["app", layer]]));
      await docker("build", "--tag", image, context);
      const idOf = async () =>
        (await docker("image", "inspect", "--format", "{{.Id}}", image)).stdout;
      const built = await idOf();
      await docker("push", image);
      await docker("rmi", "--force", image);
      await docker("image", "prune", "--all", "--force");
      await docker("pull", image);
      expect(await idOf()).toBe(built);
    }
  },
);

clientTest(`podman pushes and pulls an image, ${times} times`, needs("podman"), async (scope) => {
  const registry = await startReplicated(scope);
  const { podman } = openContainers(scope);
  const insecure = "--tls-verify=false";

  for (let turn = 0; turn < times; turn += 1) {
    const image = `${registry.host}/team/podman:v${turn}`;
    const context = tempFolder(scope, "context");
    writeBuildContext(
      context,
      new Map([["app", randomBytes(`replicas/podman/${turn}`, 2_000_000)]]),
    );
    await podman("build", "--layers", "--isolation=chroot", "--tag", image, context);
    const idOf = async () => (await podman("images", "--quiet", "--no-trunc", image)).stdout;
    const built = await idOf();
    await podman("push", insecure, image);
    await podman("rmi", "--all", "--force");
    await podman("pull", insecure, image);
    expect(await idOf()).toBe(built);
    await podman("rmi", "--all", "--force");
  }
});
