// What the executable is bundled from, for the build and for the list of what it contains.
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** `main.ts`, then every worker: one that is not an entry point would be missing at run time only. */
async function entryPoints(): Promise<string[]> {
  const workers = await Array.fromAsync(new Bun.Glob("src/**/worker.ts").scan(root));
  return ["src/main.ts", ...workers.sort()].map((file) => join(root, file));
}

/** Options of every bundle of the sources. */
export const bundleOptions = async () =>
  ({
    entrypoints: await entryPoints(),
    root: join(root, "src"),
    target: "bun",
    format: "esm",
    // What is imported late stays out of memory until then.
    splitting: true,
  }) as const;

/** Decides which branches of a package are left out. */
export const bundleDefines = {
  "process.env.NODE_ENV": '"production"',
  // Of packages that are not modules: with the folder of the build, each executable would be another one.
  __dirname: '"/"',
};
