// Programs that no distribution packages: built with Go, once, into .dev/cache under their name and version.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { sha256 } from "./bytes.ts";
import { type Go, openGo, toolCache } from "./goCompiler.ts";
import { tempFolder, waitFor } from "./processes.ts";
import { startTime } from "./procfs.ts";
import { Scope } from "./scope.ts";

/** A program: a published module's package at one version; or a module of this project, or a package that it requires. */
export type GoTool =
  | {
      readonly name: string;
      /** Path of the package with its `main`. */
      readonly package: string;
      readonly version: string;
    }
  | { readonly name: string; readonly folder: string; readonly package?: string };

/** Name and version, as far as sources of our own have one. */
function pathOf(tool: GoTool): string {
  if ("version" in tool) return join(toolCache, `${tool.name}-${tool.version}`);
  const sources = ["go.mod", "go.sum", "main.go"]
    .map((file) => join(tool.folder, file))
    .flatMap((file) => (existsSync(file) ? [readFileSync(file)] : []));
  return join(toolCache, `${tool.name}-${sha256(Buffer.concat(sources)).slice(7, 23)}`);
}

const isInstalled = (tool: GoTool): boolean => existsSync(pathOf(tool));

/** What a test with the program needs. Building takes minutes the first time. */
export const goToolNeeds = (tool: GoTool) => ({
  commands: [],
  reason: () =>
    !isInstalled(tool) && Bun.which("go") === null ? `${tool.name} needs go to be installed` : null,
  timeoutMs: 600_000,
});

/** Path of the program, built where it is not yet, unless another process is about to.
 *  @throws Error with Go's output when it cannot be built. */
export async function goTool(tool: GoTool): Promise<string> {
  await waitFor(tool.name, () => isInstalled(tool) || !isBuiltElsewhere(tool), {
    timeoutMs: buildMs,
    everyMs: 200,
  });
  await installGoTools([tool]);
  return pathOf(tool);
}

/** Longest time until a program is built, among all others. */
const buildMs = 1_200_000;

/** Names the process that builds programs for the tests of all others, when it was started, and what it builds; a word each. */
const builderFile = join(toolCache, "building");

function isBuiltElsewhere(tool: GoTool): boolean {
  if (!existsSync(builderFile)) return false;
  const [pid, started, ...paths] = readFileSync(builderFile, "utf8").split("\n");
  // One that was killed has left the file behind.
  return paths.includes(pathOf(tool)) && String(startTime(Number(pid))) === started;
}

/** Builds those that are missing, while tests of other processes run and wait for theirs.
 *  @throws Error with Go's output when one cannot be built. */
export async function installForAll(tools: readonly GoTool[]): Promise<void> {
  mkdirSync(toolCache, { recursive: true });
  const words = [process.pid, startTime(process.pid), ...tools.map(pathOf)];
  writeFileSync(`${builderFile}.${process.pid}`, words.join("\n"));
  renameSync(`${builderFile}.${process.pid}`, builderFile);
  try {
    await installGoTools(tools);
  } finally {
    rmSync(builderFile, { force: true });
  }
}

/** Builds those that are missing. They share modules and results: the first one alone, because all need the standard library; of the
 *  others two at a time, so that one compiles while another one fetches or links.
 *  @throws Error with Go's output when one cannot be built. */
export async function installGoTools(tools: readonly GoTool[]): Promise<void> {
  const absent = tools.filter((tool) => !isInstalled(tool));
  if (absent.length === 0) return;
  await using scope = new Scope();
  const folder = tempFolder(scope, "go");
  const go = await openGo(folder);
  const rest = absent[Symbol.iterator]();
  const installNext = async (): Promise<boolean> => {
    const { value: tool } = rest.next();
    if (tool !== undefined) await install(tool, go, folder);
    return tool !== undefined;
  };
  const lane = async (): Promise<void> => {
    while (await installNext());
  };
  await installNext();
  await Promise.all([lane(), lane()]);
}

async function install(tool: GoTool, go: Go, folder: string): Promise<void> {
  const wanted = tool.package ?? ".";
  await ("version" in tool
    ? go(folder, "install", `${wanted}@${tool.version}`)
    : go(tool.folder, "install", wanted));
  const built = basename(tool.package ?? ("folder" in tool ? tool.folder : ""));
  const path = pathOf(tool);
  const unfinished = `${path}.${process.pid}`;
  mkdirSync(toolCache, { recursive: true });
  copyFileSync(join(folder, "bin", built), unfinished);
  renameSync(unfinished, path);
}
