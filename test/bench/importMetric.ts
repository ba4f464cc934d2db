// What the bench measures of `breadbox import`: a directory as distribution writes it, taken over by hard link beside a running server.
import { dirname, join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { OldRegistry } from "../support/oldRegistry.ts";
import { timeCommand } from "./command.ts";
import type { Metric } from "./metric.ts";

const type = (name: string): string => `application/vnd.oci.image.${name}+json`;
const tagsPerRepository = 1000;
/** 10 GiB in 100,000 layers. */
const layerBytes = 107_374;

function content(bytes: Uint8Array) {
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  return { mediaType: type("config.v1"), digest, bytes };
}

/**
 * Images of one layer, each with a tag: a thousand to a repository. Without `_layers` and the `index` of tags, which an import does not read: they are
 * half of the files and folders, and folders are what takes the time.
 */
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
    const text = {
      ...{ schemaVersion: 2, mediaType: type("manifest.v1") },
      ...{ config: describe(config), layers: [describe(layer)] },
    };
    const manifest = content(Buffer.from(JSON.stringify(text)));
    for (const each of [config, layer, manifest]) old.write(each);
    const repository = `bench/import${Math.floor(number / tagsPerRepository)}`;
    const { digest } = manifest;
    old.link(repository, `_manifests/revisions/${digest.replace(":", "/")}`, digest);
    old.link(repository, `_manifests/tags/t${number}/current`, digest);
  }
}

const tagsOf = (quick: boolean): number => (quick ? 2_000 : 100_000);
/** On the same file system as the data directory, or nothing could be linked. */
const besides = (data: string): string => join(dirname(data), "old");

export const importMetric: Metric = {
  systems: ["breadbox"],
  rounds: 1,
  seed: async (data, quick) => fill(new OldRegistry(besides(data)), tagsOf(quick)),
  run: async ({ system, quick }) => {
    const command = ["import", besides(system.data), "--json"];
    const ended = await timeCommand(system, command, { timeoutMs: 1_200_000 });
    const { blobs } = JSON.parse(ended.stdout);
    if (blobs.link.blobs !== 2 * tagsOf(quick)) {
      throw new Error(`not everything was linked:\n${ended.stdout}`);
    }
    return { importLink: ended.seconds, importCpu: ended.cpuSeconds };
  },
};
