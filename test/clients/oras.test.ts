// oras, as its library does it: artifacts, what is attached to them (signatures as cosign stores them), copies with both.
import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningRegistry } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import type { Tool } from "../support/containerTools.ts";
import { differences, readFolder } from "../support/files.ts";
import { oras } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const needs = goToolNeeds(oras);
const signature = "application/vnd.dev.cosign.artifact.sig.v1+json";
const bill = "application/spdx+json";

interface Bench {
  readonly registry: RunningRegistry;
  readonly oras: Tool;
  /** Files to push. */
  readonly folder: string;
  /** An artifact of two files, pushed as `team/model:v1`. */
  readonly artifact: { readonly reference: string; readonly digest: string };
}

async function setUp(scope: Scope): Promise<Bench> {
  const registry = await startRegistry(scope);
  const program = await goTool(oras);
  const tool: Tool = (...args) => run([program, ...args]);
  const folder = tempFolder(scope, "files");
  for (const [name, size] of [
    ["weights", 1_200_000],
    ["card", 900],
  ] as const) {
    writeFileSync(join(folder, name), randomBytes(`oras/${name}`, size));
  }
  const reference = `${registry.host}/team/model:v1`;
  const digest = await printed(
    tool("push", folder, reference, "application/x.model", "weights", "card"),
  );
  return { registry, oras: tool, folder, artifact: { reference, digest } };
}

const printed = async (finished: ReturnType<Tool>): Promise<string> =>
  (await finished).stdout.trim();

/** Attaches one file. @returns the digest of the artifact it came in. */
async function attach({ oras, folder, artifact }: Bench, type: string): Promise<string> {
  const name = type.replaceAll(/\W/g, "-");
  writeFileSync(join(folder, name), randomBytes(`oras/${name}`, 300));
  return printed(oras("attach", folder, artifact.reference, type, name));
}

describe("oras", () => {
  clientTest("pulls the files of the artifact it pushed", needs, async (scope) => {
    const { registry, oras, folder, artifact } = await setUp(scope);
    const to = tempFolder(scope, "to");

    await oras("pull", `${registry.host}/team/model@${artifact.digest}`, to);

    expect(differences(readFolder(to), readFolder(folder))).toEqual([]);
    expect(await printed(oras("tags", `${registry.host}/team/model`))).toBe("v1");
  });

  clientTest(
    "discovers a signature that was attached, and a bill by its type",
    needs,
    async (scope) => {
      const bench = await setUp(scope);
      const signed = await attach(bench, signature);
      const billed = await attach(bench, bill);

      const all = await printed(bench.oras("discover", bench.artifact.reference));
      const bills = await printed(bench.oras("discover", bench.artifact.reference, bill));

      expect(all.split("\n").sort()).toEqual(
        [`${signed} ${signature}`, `${billed} ${bill}`].sort(),
      );
      expect(bills).toBe(`${billed} ${bill}`);
      // No tag of the scheme for registries without referrers was made.
      expect(await printed(bench.oras("tags", `${bench.registry.host}/team/model`))).toBe("v1");
    },
  );

  clientTest("copies an artifact with its signature by mounting", needs, async (scope) => {
    const bench = await setUp(scope);
    const { registry, oras, artifact } = bench;
    const signed = await attach(bench, signature);
    const copy = `${registry.host}/mirror/model:v1`;

    const traffic = await trafficDuring(registry, () => oras("copy", artifact.reference, copy));

    expect(await printed(oras("discover", copy))).toBe(`${signed} ${signature}`);
    const to = tempFolder(scope, "to");
    expect(await printed(oras("pull", copy, to))).toBe(artifact.digest);
    expect(traffic.sentBytes).toBeLessThan(10);
    expect(traffic.mounts).toBeGreaterThanOrEqual(3);
    expect(traffic.receivedBytes).toBeLessThan(5_000);
  });

  clientTest("deletes a signature, which is no longer discovered", needs, async (scope) => {
    const bench = await setUp(scope);
    const { registry, oras, artifact } = bench;
    const signed = await attach(bench, signature);

    await oras("delete", `${registry.host}/team/model@${signed}`);

    expect(await printed(oras("discover", artifact.reference))).toBe("");
  });
});
