// The explorer's script, packed once from its pinned package, so that the executable serves it without a network.
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { staleReason } from "./stale.ts";

const root = `${import.meta.dir}/..`;
// Packages keep the times they were published with, so the lock file's time stands for "another version".
const source = "node_modules/@scalar/api-reference/dist/browser/standalone.js";
/** Where the packed script goes; not in git. `http/ops` embeds it. */
const scalarAsset = "src/http/ops/assets/scalar.js.gz";

/** Writes `scalarAsset` when it is missing or older than the package. Safe to run twice at once. */
export async function prepareAssets(): Promise<void> {
  const output = `${root}/${scalarAsset}`;
  if ((await staleReason(root, output, [source, "bun.lock"])) === null) return;
  const packed = gzipSync(await Bun.file(`${root}/${source}`).bytes(), { level: 9 });
  await mkdir(dirname(output), { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  await Bun.write(unfinished, packed);
  await rename(unfinished, output);
}

if (import.meta.main) await prepareAssets();
