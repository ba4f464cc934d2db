// What the bench measures of `breadbox import`: a directory as distribution writes it, taken over by hard link beside a running server.
import { breadboxBinary } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { OldRegistry } from "../support/oldRegistry.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import type { Metric } from "./metric.ts";

const type = (name: string): string => `application/vnd.oci.image.${name}+json`;
const tagsPerRepository = 1000;
/** 10 GiB in 100,000 layers. */
const layerBytes = 107_374;

function content(bytes: Uint8Array) {
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  return { mediaType: type("config.v1"), digest, bytes };
}

/** Images of one layer, each with a tag: a thousand to a repository. */
function fill(old: OldRegistry, tags: number): void {
  const layerOf = randomBytes("bench/import", layerBytes);
  for (let number = 0; number < tags; number += 1) {
    new DataView(layerOf.buffer, layerOf.byteOffset).setUint32(0, number);
    const config = content(
      Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", number })),
    );
    const layer = content(layerOf);
    const describe = ({ digest, bytes: { length: size } }: typeof config) => ({
      ...{ mediaType: config.mediaType, digest, size },
    });
    const manifest = {
      ...{ schemaVersion: 2, mediaType: type("manifest.v1") },
      ...{ config: describe(config), layers: [describe(layer)] },
    };
    const image = {
      manifest: content(Buffer.from(JSON.stringify(manifest))),
      blobs: [config, layer],
      files: new Map<string, Uint8Array>(),
    };
    old.push(`bench/import${Math.floor(number / tagsPerRepository)}`, image, `t${number}`);
  }
}

export const importMetric: Metric = {
  systems: ["breadbox"],
  rounds: 1,
  run: async ({ system, quick }) => {
    await using scope = new Scope();
    const old = new OldRegistry(tempFolder(scope, "old"));
    const tags = quick ? 2_000 : 100_000;
    fill(old, tags);
    await run(["sync"], { timeoutMs: 600_000 });
    const command = [await breadboxBinary(), "import", old.root, "--data", system.data, "--json"];
    const started = performance.now();
    const ended = await run(command, { timeoutMs: 1_200_000 });
    const seconds = (performance.now() - started) / 1000;
    const { blobs } = JSON.parse(ended.stdout);
    if (blobs.link.blobs !== 2 * tags) {
      throw new Error(`not everything was linked:\n${ended.stdout}`);
    }
    return { importLink: seconds, importCpu: ended.cpuSeconds };
  },
};
