// The commands of docs/MIGRATION.md on a real distribution that is running: every tag arrives under its digest.
import { describe, expect } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import {
  breadboxBinary,
  type RunningRegistry,
  startBreadbox,
  startDistribution,
} from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { crane } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, buildIndex, pullAll, pushImage, pushManifest } from "../support/images.ts";
import { oldNeeds, oldProgram } from "../support/oldDistribution.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

const needs = {
  ...oldNeeds,
  timeoutMs: 600_000,
  reason: () => goToolNeeds(crane).reason() ?? oldNeeds.reason?.() ?? null,
};
const page = join(import.meta.dir, "../../docs/MIGRATION.md");
const image = buildImage({ seed: "migration/image", layerSizes: [200_000, 10] });

/** The page's loop with `crane`, for these two registries. */
async function recipe(old: RunningRegistry, fresh: RunningRegistry): Promise<string> {
  const blocks = [...(await Bun.file(page).text()).matchAll(/```sh\n([^`]*)```/g)];
  const found = blocks.map(([, text = ""]) => text).find((text) => text.includes("crane copy"));
  if (found === undefined) throw new Error("the page has no recipe with crane");
  return found.replaceAll("localhost:5000", old.host).replaceAll("localhost:5001", fresh.host);
}

/** `breadbox import` of a running registry, into the data of a running server. */
async function importCommand(old: RunningRegistry, fresh: RunningRegistry): Promise<string> {
  return `${await breadboxBinary()} import ${old.url} --data ${fresh.data}`;
}

/** A distribution with two repositories, one of them with an index. */
async function openOld(scope: Scope) {
  const old = await startDistribution(scope, oldProgram());
  await pushImage(`${old.url}/v2/team/app`, "1.0", image);
  await pushImage(`${old.url}/v2/team/app`, "latest", image);
  const options = { seed: "migration/index", layerSizes: [5000] };
  const index = buildIndex(options, ["amd64", "arm64"]);
  const multi = `${old.url}/v2/lab/multi`;
  for (const each of index.images) await pushImage(multi, each.manifest.digest, each);
  await pushManifest(multi, "v1", index.manifest);
  return old;
}

/** `crane` by its name, and no logins of whoever runs this. */
async function environment(scope: Scope): Promise<Record<string, string>> {
  const folder = tempFolder(scope, "programs");
  await mkdir(join(folder, "bin"));
  await symlink(await goTool(crane), join(folder, "bin", "crane"));
  return { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, DOCKER_CONFIG: folder };
}

describe("moving from distribution", () => {
  const ways = { "breadbox import": importCommand, "crane in a loop": recipe };
  for (const [way, commandOf] of Object.entries(ways)) {
    clientTest(`with ${way} copies every tag of every repository`, needs, async (scope) => {
      const env = await environment(scope);
      const old = await openOld(scope);
      const fresh = await startBreadbox(scope);

      await run(["sh", "-ec", await commandOf(old, fresh)], { env });

      const digestOf = async ({ host }: RunningRegistry, name: string) =>
        (await run(["crane", "digest", `${host}/${name}`], { env })).stdout.trim();
      for (const name of ["team/app:1.0", "team/app:latest", "lab/multi:v1"]) {
        expect(await digestOf(fresh, name)).toBe(await digestOf(old, name));
      }
      expect(await digestOf(fresh, "team/app:1.0")).toBe(image.manifest.digest);
      await pullAll(`${fresh.url}/v2/team/app`, "1.0");
    });
  }

  clientTest("its own directory is not served as an empty registry", needs, async (scope) => {
    const old = await startDistribution(scope, oldProgram());
    await pushImage(`${old.url}/v2/team/app`, "1.0", image);
    await old.stop();

    const args = ["serve", "--data", old.data, "--listen", "127.0.0.1:0"];
    const { code, output } = await run([await breadboxBinary(), ...args], { mayFail: true });

    expect(code).toBe(1);
    expect(output).toContain("registry:2");
  });
});
