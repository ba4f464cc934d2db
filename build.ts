// Builds dist/breadbox, one executable with workers, migrations and the explorer inside.
// `bun build.ts [--if-stale]` for this machine, `bun build.ts --all` for every platform that is released.
import { mkdir, mkdtemp, rename, rm, utimes } from "node:fs/promises";
import type { BunPlugin } from "bun";
import { prepareAssets } from "./.dev/assets.ts";
import { staleReason } from "./.dev/stale.ts";
import manifest from "./package.json" with { type: "json" };

const root = import.meta.dir;
const binary = `${root}/dist/breadbox`;
/** Whatever asks for a new build when it changes. */
const sources = ["src", "src/**", "drizzle/**", "build.ts", "package.json", "bun.lock"];
const platforms = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-x64-musl",
  "linux-arm64",
  "darwin-arm64",
] as const;
export type Platform = (typeof platforms)[number];

/** `main.ts`, then every worker: one that is not an entry point would be missing at run time only. */
async function entryPoints(): Promise<string[]> {
  const workers = await Array.fromAsync(new Bun.Glob("src/**/worker.ts").scan(root));
  return ["src/main.ts", ...workers.sort()].map((file) => `${root}/${file}`);
}

/** The commit the sources are at, with `-dirty` when they differ from it; `unknown` outside of git. */
function currentCommit(): string {
  const git = (...args: string[]) =>
    Bun.spawnSync(["git", "-C", root, ...args], { stderr: "ignore" });
  if (Bun.which("git") === null) return "unknown";
  const head = git("rev-parse", "--short=12", "HEAD");
  if (!head.success) return "unknown";
  const tracked = ["src", "drizzle", "build.ts", "package.json", "bun.lock"];
  const dirty = git("status", "--porcelain", "--", ...tracked).stdout.length > 0;
  return head.stdout.toString().trim() + (dirty ? "-dirty" : "");
}

/**
 * Builds for `platform`, or for this machine when it is null. The result appears at `outfile` in one step.
 * @param plugins what may read sources in another form.
 */
export async function compile(
  platform: Platform | null,
  outfile: string,
  plugins: BunPlugin[] = [],
): Promise<void> {
  const started = new Date();
  await mkdir(`${root}/dist`, { recursive: true });
  const workshop = await mkdtemp(`${root}/dist/.building-`);
  const unfinished = `${workshop}/breadbox`;
  try {
    await Bun.build({
      entrypoints: await entryPoints(),
      root: `${root}/src`,
      plugins,
      compile: {
        ...(platform === null ? {} : { target: `bun-${platform}` as const }),
        outfile: unfinished,
        // The folder a server is started in must not be able to change what it runs.
        autoloadBunfig: false,
        autoloadDotenv: false,
      },
      target: "bun",
      format: "esm",
      // What is imported late stays out of memory until then.
      splitting: true,
      bytecode: true,
      minify: { whitespace: true, syntax: true, identifiers: true, keepNames: true },
      sourcemap: "linked",
      define: {
        "process.env.NODE_ENV": '"production"',
        BREADBOX_VERSION: JSON.stringify(manifest.version),
        BREADBOX_COMMIT: JSON.stringify(currentCommit()),
        BREADBOX_TARGET: JSON.stringify(platform ?? `${process.platform}-${process.arch}`),
      },
    });
    // A source that changed meanwhile is newer than this build.
    await utimes(unfinished, started, started);
    await rename(unfinished, outfile);
  } finally {
    // The source maps that lie here are inside the executable too.
    await rm(workshop, { recursive: true, force: true });
  }
}

/** Builds `dist/breadbox` for this machine. */
async function build(): Promise<void> {
  await prepareAssets();
  await compile(null, binary);
}

/** Builds `dist/breadbox` when it is missing or older than its sources. */
export async function buildIfStale(): Promise<void> {
  await prepareAssets();
  const reason = await staleReason(root, binary, sources);
  if (reason === null) return;
  console.error(`breadbox: building dist/breadbox (${reason})`);
  await compile(null, binary);
}

/** Builds one executable a platform into `dist/`, and their SHA256SUMS. */
async function buildAll(): Promise<void> {
  await prepareAssets();
  const sums: string[] = [];
  for (const platform of platforms) {
    const name = `breadbox-${manifest.version}-${platform}`;
    await compile(platform, `${root}/dist/${name}`);
    const digest = new Bun.CryptoHasher("sha256");
    for await (const chunk of Bun.file(`${root}/dist/${name}`).stream()) digest.update(chunk);
    sums.push(`${digest.digest("hex")}  ${name}\n`);
    console.log(`dist/${name}`);
  }
  await Bun.write(`${root}/dist/SHA256SUMS`, sums.join(""));
  console.log("dist/SHA256SUMS");
}

if (import.meta.main) {
  const commands: Record<string, () => Promise<void>> = {
    "": build,
    "--if-stale": buildIfStale,
    "--all": buildAll,
  };
  const command = commands[process.argv[2] ?? ""];
  if (command === undefined) throw new Error("usage: bun build.ts [--if-stale | --all]");
  await command();
}
