// podman with partial pulls: of a zstd:chunked layer it asks for many ranges in one request, and for nothing that it has already.
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers } from "../support/containerTools.ts";
import { differences, type Files, readFolder } from "../support/files.ts";
import { tempFolder } from "../support/processes.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { trafficDuring } from "../support/traffic.ts";

const insecure = "--tls-verify=false";
const count = 300;

/** Files that do not compress; every third one differs from one version to the next. */
const files = (version: number): Files =>
  new Map(
    Array.from({ length: count }, (_, index) => {
      const seed = index % 3 === 0 ? `v${version}/${index}` : `${index}`;
      return [`file${index}`, randomBytes(seed, 20_000)] as const;
    }),
  );

/** All files in one layer. */
function writeContext(folder: string, contents: Files): void {
  mkdirSync(join(folder, "files"));
  for (const [name, bytes] of contents) writeFileSync(join(folder, "files", name), bytes);
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY files /\n");
}

clientTest(
  "podman pulls the changed files of a zstd:chunked layer and no others",
  { commands: ["podman"], root: true },
  async (scope) => {
    const registry = await startRegistry(scope);
    const { podman } = openContainers(scope, { images: "partial overlay" });
    const image = (version: number) => `${registry.host}/team/app:${version}`;
    for (const version of [1, 2]) {
      const context = tempFolder(scope, "context");
      writeContext(context, files(version));
      await podman("build", "--isolation=chroot", "--tag", image(version), context);
      await podman("push", insecure, "--compression-format=zstd:chunked", image(version));
    }
    await podman("rmi", "--all", "--force");

    const first = await trafficDuring(registry, () => podman("pull", insecure, image(1)));
    const second = await trafficDuring(registry, () => podman("pull", insecure, image(2)));

    const mounted = (await podman("image", "mount", image(2))).stdout.trim();
    expect(differences(readFolder(mounted), files(2))).toEqual([]);
    expect(first.sentBytes).toBeGreaterThan(count * 20_000);
    expect(second.sentBytes).toBeGreaterThan((count / 3) * 20_000);
    expect(second.sentBytes).toBeLessThan(first.sentBytes / 2);
  },
);
