// The Go compiler that builds programs for tests: one version on every machine, whatever its distribution has.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type Finished, run } from "./processes.ts";

/** Where installed programs are kept. */
export const toolCache = join(import.meta.dir, "..", "..", ".dev", "cache");

/** What the newest of the programs asks for; Debian 12 has Go 1.19. */
const pinned = { minor: 26, version: "1.26.8" } as const;
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const kept = join(toolCache, `go-${pinned.version}`);

/** Runs `go` with arguments. @throws Error with its output when it fails. */
export type Go = (cwd: string, ...args: string[]) => Promise<Finished>;

/**
 * The machine's Go where it is new enough, else the pinned one: any Go fetches it as a module, checked against the
 * checksum database.
 * @param folder gets `bin/`, and for as long as it exists modules and build results.
 * @throws Error when there is no Go at all.
 */
export async function openGo(folder: string): Promise<Go> {
  const env = {
    ...machineEnv(),
    GOPATH: join(folder, "path"),
    GOCACHE: join(folder, "cache"),
    GOBIN: join(folder, "bin"),
    // Go's module cache is read-only otherwise, and could not be removed. Nobody debugs these programs, so nothing for that is made or
    // linked: 25 s of CPU time of 230.
    GOFLAGS: "-modcacherw -buildvcs=false -gcflags=all=-dwarf=false -ldflags=-s",
    GOTOOLCHAIN: "local",
    // Needs no C compiler.
    CGO_ENABLED: "0",
  };
  const goAt =
    (program: string): Go =>
    (cwd, ...args) =>
      // Tests run meanwhile, and have times to keep.
      run(["nice", "-n", "5", program, ...args], { cwd, env, timeoutMs: 1_200_000 });
  if (existsSync(kept)) return goAt(join(kept, "bin", "go"));
  const machines = goAt("go");
  const version = await machines(folder, "env", "GOVERSION");
  if (Number(/^go1\.(\d+)/.exec(version.stdout)?.[1]) >= pinned.minor) return machines;
  await fetchCompiler(machines, folder);
  return goAt(join(kept, "bin", "go"));
}

async function fetchCompiler(go: Go, folder: string): Promise<void> {
  const platform = `linux-${architectures[process.arch] ?? process.arch}`;
  const module = `golang.org/toolchain@v0.0.1-go${pinned.version}.${platform}`;
  await go(folder, "mod", "download", module);
  const fetched = join(folder, "path", "pkg", "mod", module);
  // Modules hold no executables, so these come without the right to be run.
  const programs = [join(fetched, "bin"), join(fetched, "pkg", "tool", platform.replace("-", "_"))];
  for (const place of programs) {
    for (const name of readdirSync(place)) chmodSync(join(place, name), 0o755);
  }
  mkdirSync(toolCache, { recursive: true });
  const unfinished = `${kept}.${process.pid}`;
  await run(["cp", "-r", fetched, unfinished]);
  if (existsSync(kept)) await run(["rm", "-rf", unfinished]);
  else renameSync(unfinished, kept);
}

/** The variables of this machine: an installation may need its way to a package host. */
export function machineEnv(): Record<string, string> {
  const all = Object.entries(process.env);
  return Object.fromEntries(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
