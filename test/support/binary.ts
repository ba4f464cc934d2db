// Starts the registry that tests talk to: the compiled dist/breadbox, or (BREADBOX_TEST_REGISTRY=distribution) the
// reference implementation, which shows whether a failing client test is the test's fault or ours.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { distribution } from "./goPrograms.ts";
import { goTool } from "./goTools.ts";
import {
  answers200,
  freePort,
  type RunningProcess,
  run,
  startProcess,
  tempFolder,
  waitFor,
} from "./processes.ts";
import { cpuSeconds, peakRssBytes, resetPeakRss, rssBytes } from "./procfs.ts";
import type { Scope } from "./scope.ts";

/** The top folder of the source tree. */
export const projectRoot = join(import.meta.dir, "..", "..");

/** A registry under test, with what a test may want to know about its process. */
export interface RunningRegistry extends RunningProcess {
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  readonly url: string;
  /** `127.0.0.1:<port>`, as clients write it before a repository name. */
  readonly host: string;
  readonly port: number;
  readonly data: string;
  /** Of each process, where `url` is a proxy's; otherwise `url`. */
  readonly origins: readonly string[];
  /** The processes that serve, where `url` is a proxy's. */
  readonly members?: readonly RunningRegistry[];
  /** The variables that it was started with: commands on the same store need them. */
  readonly env: Readonly<Record<string, string>>;
  rssBytes(): number;
  /** Highest resident bytes since the last `resetPeakRss`. */
  peakRssBytes(): number;
  resetPeakRss(): void;
  /** CPU seconds used so far, all threads. */
  cpuSeconds(): number;
}

/** Where a registry starts; both default to fresh ones, so that a restart names what it must keep. */
export interface RegistryOptions {
  readonly data?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another copy of the executable, and the folder to start it in. */
  readonly binary?: string;
  readonly cwd?: string;
  /** Milliseconds between two looks at whether it is ready. */
  readonly pollMs?: number;
}

/** Starts one kind of registry and returns when it answers. */
export type StartRegistry = (scope: Scope, options?: RegistryOptions) => Promise<RunningRegistry>;

let built: Promise<string> | null = null;

/** Path of the compiled file under test; builds it first when it is missing or older than its sources. */
export function breadboxBinary(): Promise<string> {
  built ??= buildBinary();
  return built;
}

async function buildBinary(): Promise<string> {
  const given = process.env["BREADBOX_TEST_BINARY"];
  if (given !== undefined) return given;
  await run([process.execPath, "build.ts", "--if-stale"], { cwd: projectRoot, timeoutMs: 300_000 });
  return join(projectRoot, "dist", "breadbox");
}

async function watchUntilReady(
  process: RunningProcess,
  place: Pick<RunningRegistry, "port" | "data" | "env"> & { readonly probe: string },
  pollMs: number,
): Promise<RunningRegistry> {
  const host = `127.0.0.1:${place.port}`;
  const url = `http://${host}`;
  await waitFor(
    `${url}${place.probe}`,
    async () => {
      if (process.hasExited()) throw new Error(`the registry ended early\n${process.logs()}`);
      return answers200(`${url}${place.probe}`);
    },
    { everyMs: pollMs, explain: process.logs },
  );
  const pids = [process.pid];
  return {
    ...process,
    url,
    origins: [url],
    host,
    port: place.port,
    data: place.data,
    env: place.env,
    rssBytes: () => rssBytes(pids),
    peakRssBytes: () => peakRssBytes(pids),
    resetPeakRss: () => resetPeakRss(pids),
    cpuSeconds: () => cpuSeconds(pids),
  };
}

/** Starts `dist/breadbox serve`. */
export const startBreadbox: StartRegistry = async (scope, options = {}) => {
  const binary = options.binary ?? (await breadboxBinary());
  const folder = tempFolder(scope, "run");
  const data = options.data ?? join(folder, "data");
  const port = options.port ?? freePort();
  const env = options.env ?? {};
  const process = startProcess(
    scope,
    [binary, "serve", "--data", data, "--listen", `127.0.0.1:${port}`],
    {
      log: join(folder, "log"),
      env,
      cwd: options.cwd ?? folder,
    },
  );
  return watchUntilReady(process, { port, data, env, probe: "/readyz" }, options.pollMs ?? 10);
};

/** Starts CNCF Distribution 3, or a `binary` of version 2, with the settings of its example. */
export const startDistribution: StartRegistry = async (scope, options = {}) => {
  const program = options.binary ?? (await goTool(distribution));
  const folder = tempFolder(scope, "run");
  const data = options.data ?? join(folder, "data");
  mkdirSync(data, { recursive: true });
  const port = options.port ?? freePort();
  const config = join(folder, "config.yml");
  const settings = distributionConfig(data, port);
  // Version 2 takes it for another storage.
  const isOld = options.binary !== undefined;
  await Bun.write(config, isOld ? settings.replace(/^ {2}tag: .*\n/m, "") : settings);
  const process = startProcess(scope, [program, "serve", config], {
    log: join(folder, "log"),
    cwd: folder,
    // It would spend its time on reaching a collector that is not there.
    env: { OTEL_TRACES_EXPORTER: "none", ...options.env },
  });
  const probe = options.env?.["REGISTRY_AUTH"] === undefined ? "/v2/" : "/";
  return watchUntilReady(process, { port, data, env: {}, probe }, options.pollMs ?? 10);
};

const distributionConfig = (data: string, port: number): string => `version: 0.1
log: { fields: { service: registry } }
storage:
  cache: { blobdescriptor: inmemory }
  filesystem: { rootdirectory: ${data} }
  tag: { concurrencylimit: 8 }
  delete: { enabled: true }
http:
  addr: 127.0.0.1:${port}
  headers: { X-Content-Type-Options: [nosniff] }
health:
  storagedriver: { enabled: true, interval: 10s, threshold: 3 }
`;
