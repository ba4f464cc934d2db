// regclient's regctl, the client that uploads in real chunks. No distribution packages it: it is installed with Go, once.
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./binary.ts";
import type { Tool } from "./containerTools.ts";
import { run, tempFolder } from "./processes.ts";
import { Scope } from "./scope.ts";

/** Versions by the oldest Go that builds them, newest first: Debian 12 has Go 1.19. */
const pins = [
  { minor: 26, version: "v0.11.7" },
  { minor: 19, version: "v0.5.7" },
] as const;

const pathOf = (version: string): string => join(projectRoot, ".dev", "cache", `regctl-${version}`);

const installed = (): string | null =>
  pins.map(({ version }) => pathOf(version)).find((path) => existsSync(path)) ?? null;

/** What a test with regctl needs. Installing it takes a minute the first time. */
export const regctlNeeds = {
  commands: [],
  reason: () =>
    installed() === null && Bun.which("go") === null ? "regctl needs go to be installed" : null,
  timeoutMs: 600_000,
};

/** Installs regctl where it is not yet; a registry at `host` is reached over plain HTTP.
 *  @param chunks whether blobs go in chunks of 1 MiB instead of one request. */
export async function openRegctl(scope: Scope, host: string, chunks: boolean): Promise<Tool> {
  const program = installed() ?? (await install());
  const config = join(tempFolder(scope, "regctl"), "config.json");
  const tool: Tool = (...args) =>
    run([program, ...args], { env: { REGCTL_CONFIG: config }, timeoutMs: 120_000 });
  const chunked = ["--blob-chunk", "1048576", "--blob-max", "1048576"];
  await tool("registry", "set", host, "--tls", "disabled", ...(chunks ? chunked : []));
  return tool;
}

async function install(): Promise<string> {
  const go = await run(["go", "env", "GOVERSION"]);
  const minor = Number(/^go1\.(\d+)/.exec(go.stdout)?.[1]);
  const pin = pins.find((each) => each.minor <= minor);
  if (pin === undefined) throw new Error(`${go.stdout.trim()} is too old to build regctl`);
  await using scope = new Scope();
  const folder = tempFolder(scope, "go");
  await run(["go", "install", `github.com/regclient/regclient/cmd/regctl@${pin.version}`], {
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
  const path = pathOf(pin.version);
  mkdirSync(join(path, ".."), { recursive: true });
  await run(["cp", join(folder, "bin", "regctl"), `${path}.new`]);
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
