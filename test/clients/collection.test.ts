// What clients pushed survives a collection beside the running server, when nothing but references keeps it: caches,
// artifacts, what is attached to them. And what they deleted goes.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { buildCache, expectCache, pushCache } from "../support/buildCache.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { differences, readFolder } from "../support/files.ts";
import { crane, oras } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, buildIndex, pullAll, writeLayout } from "../support/images.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** Nothing is young, nothing has a lease that outlives the request. */
const ageless = { BREADBOX_GC_MIN_AGE: "0s" };

/** `breadbox gc` beside the server. @returns how many blobs went. */
async function collect({ data }: RunningRegistry): Promise<number> {
  const command = [await breadboxBinary(), "gc", "--data", data, "--min-age", "0s", "--yes"];
  const { stdout } = await run(command, { env: ageless });
  const deleted = /^Deleted (\d+) orphaned blobs$/m.exec(stdout)?.[1];
  if (deleted === undefined) throw new Error(stdout);
  return Number(deleted);
}

async function openOras(scope: Scope, registry: RunningRegistry) {
  const program = await goTool(oras);
  const folder = tempFolder(scope, "files");
  for (const name of ["model", "signature"]) {
    writeFileSync(join(folder, name), randomBytes(`collection/${name}`, 5000));
  }
  const call = async (...args: string[]) => (await run([program, ...args])).stdout.trim();
  return { call, folder, reference: `${registry.host}/team/model:v1` };
}

clientTest(
  "a build cache survives a collection until its tag goes",
  goToolNeeds(crane),
  async (scope) => {
    const registry = await startBreadbox(scope, { env: ageless });
    const program = await goTool(crane);
    const cache = buildCache("collection", [40_000, 10]);
    await pushCache(`${registry.url}/v2/build/cache`, "main", cache);

    expect(await collect(registry)).toBe(0);
    await expectCache(`${registry.url}/v2/build/cache`, "main", cache);

    await run([program, "delete", `${registry.host}/build/cache@${cache.index.digest}`]);
    expect(await collect(registry)).toBe(cache.blobs.length);
    expect(await storedFiles(registry.data)).toEqual([]);
  },
);

clientTest(
  "an artifact survives with its signature, which goes when it is deleted",
  goToolNeeds(oras),
  async (scope) => {
    const registry = await startBreadbox(scope, { env: ageless });
    const { call, folder, reference } = await openOras(scope, registry);
    const type = "application/vnd.dev.cosign.artifact.sig.v1+json";
    await call("push", folder, reference, "application/x.model", "model");
    const signature = await call("attach", folder, reference, type, "signature");

    expect(await collect(registry)).toBe(0);

    const to = tempFolder(scope, "to");
    expect(await call("discover", reference)).toBe(`${signature} ${type}`);
    await call("pull", reference, to);
    await call("pull", `${registry.host}/team/model@${signature}`, to);
    expect(differences(readFolder(to), readFolder(folder))).toEqual([]);

    await call("delete", `${registry.host}/team/model@${signature}`);
    expect(await collect(registry)).toBe(1);
    expect(await call("pull", reference, tempFolder(scope, "again"))).toStartWith("sha256:");
  },
);

clientTest(
  "an index survives with all its images, and leaves with them",
  goToolNeeds(crane),
  async (scope) => {
    const registry = await startBreadbox(scope, { env: ageless });
    const program = await goTool(crane);
    const layout = tempFolder(scope, "layout");
    const index = buildIndex({ seed: "collection/index", layerSizes: [30_000] }, [
      "amd64",
      "arm64",
    ]);
    const other = buildImage({ seed: "collection/other", layerSizes: [20_000] });
    const repository = `${registry.host}/team/web`;
    writeLayout(layout, "v1", index);
    await run([program, "push", "--index", layout, `${repository}:many`]);
    const single = tempFolder(scope, "layout");
    writeLayout(single, "v1", other);
    await run([program, "push", single, `${repository}:one`]);

    expect(await collect(registry)).toBe(0);
    expect((await pullAll(`${registry.url}/v2/team/web`, "many")).blobs).toHaveLength(4);

    await run([program, "delete", `${repository}@${other.manifest.digest}`]);
    expect(await collect(registry)).toBe(2);
    expect((await pullAll(`${registry.url}/v2/team/web`, "many")).blobs).toHaveLength(4);
  },
);
