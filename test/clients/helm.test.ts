// Helm keeps charts in registries, with types of its own and versions that are no tags.
import { describe, expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../support/bytes.ts";
import { longTest } from "../support/clientTest.ts";
import type { Tool } from "../support/containerTools.ts";
import { readFolder } from "../support/files.ts";
import { helm } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { pullAll } from "../support/images.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const needs = goToolNeeds(helm);

async function openHelm(scope: Scope): Promise<Tool> {
  const program = await goTool(helm);
  const folder = tempFolder(scope, "helm");
  const env = {
    HOME: folder,
    DOCKER_CONFIG: folder,
    HELM_REGISTRY_CONFIG: join(folder, "registry.json"),
  };
  return (...args) => run([program, ...args], { env });
}

/** Packs a chart with one template. @returns the archive's path. */
async function packChart(helm: Tool, folder: string, version: string): Promise<string> {
  const chart = join(folder, `source-${version}`, "shop");
  mkdirSync(join(chart, "templates"), { recursive: true });
  writeFileSync(join(chart, "Chart.yaml"), `apiVersion: v2\nname: shop\nversion: ${version}\n`);
  writeFileSync(join(chart, "templates", "note.yaml"), "kind: ConfigMap\n");
  await helm("package", chart, "--destination", folder);
  return join(folder, `shop-${version}.tgz`);
}

describe("helm", () => {
  longTest("pulls the charts it pushed, by version and by digest", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const helm = await openHelm(scope);
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    const charts = `oci://${registry.host}/team/charts`;
    const versions = ["1.0.0", "1.1.0+build.7", "2.0.0-rc.1"];
    const digests = new Map<string, string>();
    for (const version of versions) {
      const archive = await packChart(helm, from, version);
      const pushed = await helm("push", "--plain-http", archive, charts);
      digests.set(version, /Digest: (sha256:[0-9a-f]{64})/.exec(pushed.output)?.[1] ?? "");

      await helm("pull", "--plain-http", `${charts}/shop`, "--version", version, "-d", to);

      const name = `shop-${version}.tgz`;
      expect(sha256(readFileSync(join(to, name)))).toBe(sha256(readFileSync(archive)));
    }

    const byDigest = tempFolder(scope, "digest");
    const chart = `${charts}/shop@${digests.get("1.0.0")}`;
    await helm("pull", "--plain-http", chart, "-d", byDigest);
    const original = readFileSync(join(from, "shop-1.0.0.tgz"));
    expect([...readFolder(byDigest).values()].map(sha256)).toEqual([sha256(original)]);
    // `+` is no character of a tag.
    const held = await pullAll(`${registry.url}/v2/team/charts/shop`, "1.1.0_build.7");
    expect(held.digest).toBe(digests.get("1.1.0+build.7") ?? "");
  });

  longTest("finds the newest version that fits by listing the tags", needs, async (scope) => {
    const registry = await startRegistry(scope);
    const helm = await openHelm(scope);
    const from = tempFolder(scope, "from");
    const charts = `oci://${registry.host}/charts`;
    for (const version of ["1.2.0", "1.10.0", "2.0.0"]) {
      await helm("push", "--plain-http", await packChart(helm, from, version), charts);
    }

    const shown = await helm("show", "chart", "--plain-http", `${charts}/shop`, "--version", "^1");

    expect(shown.stdout).toContain("version: 1.10.0");
  });
});
