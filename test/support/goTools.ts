// Programs that no distribution packages: installed with Go, once, into .dev/cache under their name and version.
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { run, tempFolder } from "./processes.ts";
import { Scope } from "./scope.ts";

/** A program and where its source is. */
export interface GoTool {
  readonly name: string;
  /** Path of the package with its `main`. */
  readonly package: string;
  /** Versions by the oldest Go that builds them, newest first: Debian 12 has Go 1.19. */
  readonly pins: readonly { readonly minor: number; readonly version: string }[];
}

const cache = join(import.meta.dir, "..", "..", ".dev", "cache");

const pathOf = ({ name }: GoTool, version: string): string => join(cache, `${name}-${version}`);

const installed = (tool: GoTool): string | null =>
  tool.pins.map(({ version }) => pathOf(tool, version)).find((path) => existsSync(path)) ?? null;

/** What a test with the program needs. Installing it takes a minute the first time. */
export const goToolNeeds = (tool: GoTool) => ({
  commands: [],
  reason: () =>
    installed(tool) === null && Bun.which("go") === null
      ? `${tool.name} needs go to be installed`
      : null,
  timeoutMs: 600_000,
});

/** Path of the program, installed where it is not yet.
 *  @throws Error when there is no Go, or only one that is too old. */
export async function goTool(tool: GoTool): Promise<string> {
  return installed(tool) ?? (await install(tool));
}

async function install(tool: GoTool): Promise<string> {
  const go = await run(["go", "env", "GOVERSION"]);
  const minor = Number(/^go1\.(\d+)/.exec(go.stdout)?.[1]);
  const pin = tool.pins.find((each) => each.minor <= minor);
  if (pin === undefined) throw new Error(`${go.stdout.trim()} is too old to build ${tool.name}`);
  await using scope = new Scope();
  const folder = tempFolder(scope, "go");
  await run(["go", "install", `${tool.package}@${pin.version}`], {
    env: {
      ...machineEnv(),
      GOPATH: join(folder, "path"),
      GOCACHE: join(folder, "cache"),
      GOBIN: join(folder, "bin"),
      // Go's module cache is read-only otherwise, and could not be removed.
      GOFLAGS: "-modcacherw",
    },
    timeoutMs: 540_000,
  });
  const path = pathOf(tool, pin.version);
  mkdirSync(cache, { recursive: true });
  await run(["cp", join(folder, "bin", basename(tool.package)), `${path}.new`]);
  renameSync(`${path}.new`, path);
  return path;
}

/** An installation may need this machine's way to the module proxy. */
function machineEnv(): Record<string, string> {
  const all = Object.entries(process.env);
  return Object.fromEntries(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
