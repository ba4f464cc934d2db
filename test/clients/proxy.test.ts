// Real clients on a line that breaks: every push sees several cuts, and what arrives is byte for byte what was sent.
import { expect } from "bun:test";
import type { RunningRegistry } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers } from "../support/containerTools.ts";
import { type CutProxy, openCutProxy } from "../support/cutProxy.ts";
import { damagedFiles } from "../support/dataFolder.ts";
import { writeBuildContext } from "../support/dockerd.ts";
import { buildImage, pullAll, writeLayout } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { openRegctl, regctlNeeds } from "../support/regctl.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? "line";

interface Line {
  readonly registry: RunningRegistry;
  readonly proxy: CutProxy;
}

async function badLine(scope: Scope, everyBytes: number, mostCuts: number): Promise<Line> {
  const registry = await startRegistry(scope);
  const { port } = registry;
  return { registry, proxy: await openCutProxy(scope, { port, seed, everyBytes, mostCuts }) };
}

/**
 * What a person or a CI job does when a push fails: the same again. skopeo's and podman's own retries cover a reset, but not an
 * orderly close while they send ("use of closed network connection" counts as permanent); regctl gives up after five for a host.
 */
async function untilItWorks(push: () => Promise<unknown>): Promise<void> {
  for (let left = 6; ; left -= 1) {
    try {
      await push();
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

async function expectSeveralCuts({ registry, proxy }: Line): Promise<void> {
  expect(proxy.cuts()).toBeGreaterThanOrEqual(3);
  expect(await damagedFiles(registry.data)).toEqual([]);
}

clientTest("skopeo pushes over a line that breaks", { commands: ["skopeo"] }, async (scope) => {
  const line = await badLine(scope, 1_200_000, 5);
  const { skopeo } = openContainers(scope);
  const layout = tempFolder(scope, "layout");
  const image = buildImage({
    seed,
    layerSizes: [2_000_000, 1_500_000, 1_800_000, 1_600_000, 2_500_000, 10],
  });
  writeLayout(layout, "v1", image);

  const remote = `docker://${line.proxy.host}/line/skopeo:v1`;
  const retries = ["--retry-times=3", "--dest-tls-verify=false"];
  await untilItWorks(() => skopeo("copy", ...retries, `oci:${layout}:v1`, remote));

  const held = await pullAll(`${line.registry.url}/v2/line/skopeo`, "v1");
  expect(held.digest).toBe(image.manifest.digest);
  expect(held.blobs).toEqual(image.blobs.map(({ digest }) => digest));
  await expectSeveralCuts(line);
});

clientTest(
  "podman pushes over a line that breaks",
  { commands: ["podman"], root: true },
  async (scope) => {
    const line = await badLine(scope, 1_000_000, 4);
    const { podman } = openContainers(scope);
    const context = tempFolder(scope, "context");
    const sizes = [2_000_000, 1_500_000, 1_800_000, 10];
    const files = new Map(sizes.map((size, n) => [`file-${n}`, randomBytes(`${seed}/${n}`, size)]));
    writeBuildContext(context, files);
    const image = `${line.proxy.host}/line/podman:v1`;
    await podman("build", "--layers", "--isolation=chroot", "--tag", image, context);

    // It tries four times by itself.
    await untilItWorks(() => podman("push", "--tls-verify=false", image));

    const held = await pullAll(`${line.registry.url}/v2/line/podman`, "v1");
    expect(held.blobs).toHaveLength(1 + files.size);
    await expectSeveralCuts(line);
  },
);

/** After a cut in the middle of a chunk it goes on where the registry says, not where a chunk begins. */
const resumed = ({ requests }: CutProxy): boolean =>
  requests.some(
    ({ method, start, cuts }) => method === "PATCH" && cuts > 0 && (start ?? 0) % 1_048_576 !== 0,
  );

clientTest("regctl resumes its chunks over a line that breaks", regctlNeeds, async (scope) => {
  const registry = await startRegistry(scope);
  const lines: Line[] = [];
  // Where the cuts fall depends on its three uploads at once: some pushes are cut between their chunks only.
  while (lines.length < 5 && !lines.some(({ proxy }) => resumed(proxy))) {
    const name = `${seed}-${lines.length}`;
    const cuts = { port: registry.port, seed: name, everyBytes: 2_500_000, mostCuts: 4 };
    const proxy = await openCutProxy(scope, cuts);
    const regctl = await openRegctl(scope, proxy.host, true);
    const layout = tempFolder(scope, "layout");
    const image = buildImage({ seed: name, layerSizes: [6_000_000, 4_000_000, 3_000_000, 10] });
    writeLayout(layout, "v1", image);

    const remote = `${proxy.host}/line/${name}:v1`;
    await untilItWorks(() => regctl("image", "copy", `ocidir://${layout}:v1`, remote));

    const held = await pullAll(`${registry.url}/v2/line/${name}`, "v1");
    expect(held.digest).toBe(image.manifest.digest);
    expect(held.blobs).toEqual(image.blobs.map(({ digest }) => digest));
    lines.push({ registry, proxy });
    await expectSeveralCuts({ registry, proxy });
  }
  expect(lines.some(({ proxy }) => resumed(proxy))).toBe(true);
});
