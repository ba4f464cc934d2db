// A real Docker daemon of its own: own data, own socket, no network set-up, so that it runs beside any other and in
// containers. Images for it are built FROM scratch: nothing is ever fetched from elsewhere.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Finished,
  here,
  type Inside,
  run,
  startProcess,
  stopWithChildren,
  tempFolder,
  unmountUnder,
  waitFor,
} from "./processes.ts";
import type { Scope } from "./scope.ts";

/** A running daemon and its command line. */
export interface Dockerd {
  /** Runs `docker …` against this daemon. @throws Error with docker's output when it fails. */
  docker(...args: string[]): Promise<Finished>;
  /** What `docker` needs to find this daemon; its folder of logins is `DOCKER_CONFIG`. */
  readonly env: Readonly<Record<"DOCKER_HOST" | "DOCKER_CONFIG" | "DOCKER_BUILDKIT", string>>;
  /** What the daemon has logged. */
  logs(): string;
}

/** Programs that {@link startDockerd} uses. */
export const dockerCommands = ["dockerd", "containerd", "docker"] as const;

/** What differs from a Docker that was just installed. */
export interface DockerdOptions {
  readonly inside?: Inside;
  /** Of the daemon: daemon.json. */
  readonly settings?: object;
  /** Of the command line: config.json. */
  readonly login?: object;
}

/** Starts a daemon and waits for it; everything of it is gone when the scope closes. */
export async function startDockerd(
  scope: Scope,
  { inside = here, settings = {}, login = {} }: DockerdOptions = {},
): Promise<Dockerd> {
  const folder = tempFolder(scope, "dockerd");
  scope.defer(() => unmountUnder(folder));
  const socket = `unix://${join(folder, "docker.sock")}`;
  writeFileSync(join(folder, "daemon.json"), JSON.stringify(settings));
  mkdirSync(join(folder, "client"));
  writeFileSync(join(folder, "client", "config.json"), JSON.stringify(login));
  const daemon = startProcess(scope, inside(["dockerd", ...daemonFlags(folder, socket)]), {
    log: join(folder, "log"),
  });
  scope.defer(() => stopWithChildren(daemon));
  const env = {
    DOCKER_HOST: socket,
    DOCKER_CONFIG: join(folder, "client"),
    DOCKER_BUILDKIT: "0",
  };
  const docker = (...args: string[]) =>
    run(inside(["docker", ...args]), { env, timeoutMs: 120_000 });
  await waitFor(
    "dockerd",
    async () => {
      if (daemon.hasExited()) throw new Error(`dockerd ended early\n${daemon.logs()}`);
      return (await run(inside(["docker", "info"]), { env, mayFail: true })).code === 0;
    },
    { timeoutMs: 60_000, everyMs: 200, explain: daemon.logs },
  );
  return { docker, env, logs: daemon.logs };
}

const daemonFlags = (folder: string, socket: string): string[] => [
  `--config-file=${join(folder, "daemon.json")}`,
  `--data-root=${join(folder, "root")}`,
  `--exec-root=${join(folder, "exec")}`,
  `--pidfile=${join(folder, "pid")}`,
  `--host=${socket}`,
  "--bridge=none",
  "--iptables=false",
  "--ip-masq=false",
  "--storage-driver=vfs",
];

/** Writes a build context: one file and one COPY, and so one layer, for each entry. */
export function writeBuildContext(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  const lines = ["FROM scratch"];
  for (const [name, bytes] of files) {
    writeFileSync(join(folder, name), bytes);
    lines.push(`COPY ${name} /${name}`);
  }
  writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
}
