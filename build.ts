// Builds dist/breadbox, one executable with workers, migrations and the explorer inside.
// `npm run build` for this machine; what is released: .dev/release.ts.
import { mkdir, mkdtemp, rename, rm, utimes } from "node:fs/promises";
import type { BunPlugin } from "bun";
import { prepareAssets } from "./.dev/assets.ts";
import { bundleDefines, bundleOptions } from "./.dev/bundle.ts";
import { flag, readOptions } from "./.dev/options.ts";
import { staleReason } from "./.dev/stale.ts";
import manifest from "./package.json" with { type: "json" };

const root = import.meta.dir;
const binary = `${root}/dist/breadbox`;
/** The functions that a start uses, which `.dev/bytecodeOrder.ts` writes. */
export const bytecodeOrder = `${root}/.dev/bytecode.order`;
/** What the executable is made of, besides its sources. */
const recipe = [
  ...["drizzle", "build.ts", ".dev/bundle.ts", ".dev/bytecode.order", "package.json", "bun.lock"],
];
/** Whatever asks for a new build when it changes. */
const sources = ["src", "src/**", "drizzle/**", ...recipe.slice(1)];
/** How much longer than usual code is interpreted before it is compiled: what runs at the start only is not worth it. `src/main.ts` ends that. */
const startingJitPolicy = 4;
export const platforms = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-x64-musl",
  "linux-arm64",
  "darwin-arm64",
] as const;
export type Platform = (typeof platforms)[number];

/** The commit the sources are at, with `-dirty` when they differ from it; `unknown` outside of git. */
function currentCommit(): string {
  const git = (...args: string[]) =>
    Bun.spawnSync(["git", "-C", root, ...args], { stderr: "ignore" });
  if (Bun.which("git") === null) return "unknown";
  const head = git("rev-parse", "--short=12", "HEAD");
  if (!head.success) return "unknown";
  const dirty = git("status", "--porcelain", "--", "src", ...recipe).stdout.length > 0;
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
      ...(await bundleOptions()),
      plugins,
      compile: {
        ...(platform === null ? {} : { target: `bun-${platform}` as const }),
        outfile: unfinished,
        bytecodeOrder,
        jitPolicy: startingJitPolicy,
        // The folder a server is started in must not be able to change what it runs.
        autoloadBunfig: false,
        autoloadDotenv: false,
      },
      bytecode: true,
      minify: { whitespace: true, syntax: true, identifiers: true, keepNames: true },
      sourcemap: "linked",
      define: {
        ...bundleDefines,
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

if (import.meta.main) {
  const { values } = readOptions({
    name: "npm run build",
    about: "Builds dist/breadbox for this machine.",
    options: { "if-stale": flag("only when it is missing or older than its sources") },
  });
  await (values["if-stale"] ? buildIfStale() : build());
}
