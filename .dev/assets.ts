// What the executable carries, packed: for browsers, without a network, the explorer's script from its pinned package, and scripts and
// style of the pages from `src/pages`; for `breadbox licenses`, the list of what is inside.
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { BunPlugin } from "bun";
import { explorerScript, findContents } from "./bom/contents.ts";
import { cyclonedx } from "./bom/cyclonedx.ts";
import { notice } from "./bom/notice.ts";
import { staleReason } from "./stale.ts";

const root = `${import.meta.dir}/..`;
// Packages keep the times they were published with, so the lock file's time stands for "another version".
const source = explorerScript;
/** Where the packed script goes; not in git. `http/ops` embeds it. */
const scalarAsset = "src/http/ops/assets/scalar.js.gz";
/** Scripts of the pages: each file here is one. */
const islands = "src/pages/islands/*.{ts,tsx}";
const style = "src/pages/styles/page.css";
/** Where they go; not in git. `pages/assets.ts` embeds them. */
const pageAssets = "src/pages/assets";
/** What is inside the executable; not in git. `cli/licenses.ts` embeds it. */
const noticeAsset = "src/cli/assets/notice.txt.gz";
const sbomAsset = "src/cli/assets/sbom.json.gz";
export const contentAssets = { notice: `${root}/${noticeAsset}`, sbom: `${root}/${sbomAsset}` };

/** Writes what is missing or older than its sources. Safe to run twice at once. */
export async function prepareAssets(): Promise<void> {
  await packIfStale(scalarAsset, [source, "bun.lock"], () => Bun.file(`${root}/${source}`).bytes());
  const scripts = await findIslands();
  const sources = [
    "src/pages/**/*.{ts,tsx,css}",
    "src/pages/islands",
    "bun.lock",
    ".dev/assets.ts",
  ];
  for (const entry of [...scripts, style]) {
    await packIfStale(packedName(entry), sources, () => bundle(entry));
  }
  await packContents();
}

/** What is bundled depends on every import of the sources. */
async function packContents(): Promise<void> {
  const sources = ["src/**/*.{ts,tsx}", "bun.lock", "package.json", ".dev/bom", ".dev/bom/*"];
  let found: ReturnType<typeof findContents> | null = null;
  const contents = () => {
    found ??= findContents();
    return found;
  };
  await packIfStale(noticeAsset, sources, async () => Buffer.from(await notice(await contents())));
  await packIfStale(sbomAsset, sources, async () => Buffer.from(cyclonedx(await contents())));
}

const findIslands = async (): Promise<readonly string[]> =>
  (await Array.fromAsync(new Bun.Glob(islands).scan({ cwd: root }))).sort();

/** Packs scripts and style of the pages into another folder. @param plugins what reads sources in another form. */
export async function packPages(folder: string, plugins: BunPlugin[]): Promise<void> {
  for (const entry of [...(await findIslands()), style])
    await Bun.write(`${folder}/${packedName(entry)}`, pack(await bundle(entry, plugins)));
}

const pack = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 });

/** `src/pages/islands/page.ts` → `src/pages/assets/page.js.gz`. */
function packedName(entry: string): string {
  const file = entry.slice(entry.lastIndexOf("/") + 1).replace(/\.tsx?$/, ".js");
  return `${pageAssets}/${file}.gz`;
}

/** One file for browsers, with everything it imports. */
async function bundle(entry: string, plugins: BunPlugin[] = []): Promise<Uint8Array> {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, entry)],
    plugins,
    target: "browser",
    format: "iife",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [output] = outputs;
  if (output === undefined) throw new Error(`${entry} became no file`);
  return Buffer.from(await output.arrayBuffer());
}

async function packIfStale(
  asset: string,
  sources: readonly string[],
  read: () => Promise<Uint8Array>,
): Promise<void> {
  const output = `${root}/${asset}`;
  if ((await staleReason(root, output, sources)) === null) return;
  const packed = pack(await read());
  await mkdir(dirname(output), { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  await Bun.write(unfinished, packed);
  await rename(unfinished, output);
}

if (import.meta.main) await prepareAssets();
