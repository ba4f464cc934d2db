// What BuildKit exports with `cache-to`: an index whose children are layers, which no image refers to. It has to come through
// clients as it is.
import { expect } from "bun:test";
import { join } from "node:path";
import { type BuildCache, buildCache, expectCache, pushCache } from "../support/buildCache.ts";
import { sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { oras } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { run, tempFolder } from "../support/processes.ts";
import { openRegctl, regctlNeeds } from "../support/regctl.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const cache: BuildCache = buildCache("cache", [900_000, 10]);

clientTest("regctl takes a build cache out and puts it back", regctlNeeds, async (scope) => {
  const registry = await startRegistry(scope);
  const regctl = await openRegctl(scope, registry.host, false);
  const layout = tempFolder(scope, "layout");
  await pushCache(`${registry.url}/v2/build/cache`, "main", cache);

  await regctl("image", "copy", `${registry.host}/build/cache:main`, `ocidir://${layout}:main`);
  await regctl("image", "copy", `ocidir://${layout}:main`, `${registry.host}/other/cache:main`);

  await expectCache(`${registry.url}/v2/other/cache`, "main", cache);
  for (const { digest } of [cache.index, ...cache.blobs]) {
    const bytes = await Bun.file(join(layout, "blobs", ...digest.split(":"))).bytes();
    expect(sha256(bytes)).toBe(digest);
  }
});

clientTest("oras copies a build cache by mounting", goToolNeeds(oras), async (scope) => {
  const registry = await startRegistry(scope);
  const program = await goTool(oras);
  await pushCache(`${registry.url}/v2/build/cache`, "main", cache);

  const copy = `${registry.host}/other/cache:main`;
  const traffic = await trafficDuring(registry, () =>
    run([program, "copy", `${registry.host}/build/cache:main`, copy]),
  );

  await expectCache(`${registry.url}/v2/other/cache`, "main", cache);
  expect(traffic).toMatchObject({ mounts: cache.blobs.length, sentBytes: 0 });
});
