// The systems that the bench compares, each started on fresh data for every round.
import { join } from "node:path";
import {
  type RegistryOptions,
  type RunningRegistry,
  type StartRegistry,
  startBreadbox,
  startDistribution,
} from "../support/binary.ts";
import { issue, writePair } from "../support/certificates.ts";
import { startPostgres } from "../support/postgres.ts";
import {
  freePort,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import { cpuSeconds, peakRssBytes, resetPeakRss, rssBytes } from "../support/procfs.ts";
import type { Scope } from "../support/scope.ts";
import { startTls } from "../support/tlsServer.ts";
import { startVersitygw } from "../support/versitygw.ts";

/** Names in the order of the table's columns. `postgres` is Breadbox with its rows in PostgreSQL, `bun` the program in bareServer.ts. */
export const systemNames = [
  "breadbox",
  "postgres",
  "distribution",
  "nginx",
  "versitygw",
  "bun",
] as const;
export type SystemName = (typeof systemNames)[number];

/** A system that is ready for load. */
export interface RunningSystem {
  readonly name: SystemName;
  readonly pid: number;
  readonly port: number;
  /** Folder that it keeps its data in; nginx serves the files in it. */
  readonly data: string;
  /** What commands on its data need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds from spawn to the first 200. */
  readonly readyMs: number;
  cpuSeconds(): number;
  rssBytes(): number;
  peakRssBytes(): number;
  resetPeakRss(): void;
  /** Asks it to end, and waits. */
  stop(): Promise<unknown>;
}

type Start = (
  scope: Scope,
  options: RegistryOptions,
) => Promise<RunningRegistry & Pick<RunningSystem, "env">>;

const alone =
  (start: StartRegistry): Start =>
  async (scope, options) => ({ ...(await start(scope, options)), env: {} });

const starts: Readonly<Record<Exclude<SystemName, "nginx" | "versitygw" | "bun">, Start>> = {
  breadbox: alone(startBreadbox),
  postgres: startOnPostgres,
  distribution: alone(startDistribution),
};

/** Breadbox with a database of its own, which syncs as one in use does. */
async function startOnPostgres(scope: Scope, options: RegistryOptions): ReturnType<Start> {
  const database = await startPostgres(scope, { isDurable: true });
  const url = await database.createDatabase("breadbox");
  const env = { BREADBOX_DATABASE_URL: url };
  return { ...(await startBreadbox(scope, { ...options, env })), env };
}

/** Starts a system on fresh data, or on what `seed` makes of it. */
export async function startSystem(
  scope: Scope,
  name: SystemName,
  seed: (data: string) => Promise<void> = async () => {},
): Promise<RunningSystem> {
  if (name === "nginx") return startNginx(scope);
  if (name === "versitygw") return startGateway(scope);
  if (name === "bun") return startBare(scope);
  const data = join(tempFolder(scope, "bench"), "data");
  await seed(data);
  const started = performance.now();
  const registry = await starts[name](scope, { data, pollMs: 1 });
  return { ...registry, name, readyMs: performance.now() - started };
}

/** Starts Breadbox or nginx with TLS, on fresh data. */
export async function startTlsSystem(scope: Scope, name: SystemName): Promise<RunningSystem> {
  if (name === "nginx") return startNginx(scope, true);
  if (name !== "breadbox") throw new Error(`${name} is not measured with TLS`);
  const started = performance.now();
  const server = await startTls(scope, ["--tls", "self-signed"]);
  const { port, data } = server;
  return running(name, server, { port, data, readyMs: performance.now() - started });
}

/** nginx in one process, so that its figures are one process's too; sendfile on, logs off, everything else default. */
const nginxConfig = (folder: string, listen: string): string => `
user root;
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr crit;
events {}
http {
  sendfile on;
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${listen};
    root ${folder}/data;
    location = /ready { return 200; }
  }
}
`;

async function certificateLines(folder: string): Promise<string> {
  const { key, certificate } = writePair(folder, (await issue()).pair);
  return `ssl_certificate ${certificate}; ssl_certificate_key ${key}`;
}

async function startNginx(scope: Scope, tls = false): Promise<RunningSystem> {
  const folder = tempFolder(scope, "bench");
  const port = freePort();
  const listen = tls ? `${port} ssl; ${await certificateLines(folder)}` : String(port);
  await Bun.write(join(folder, "nginx.conf"), nginxConfig(folder, listen));
  await Bun.write(join(folder, "data", ".keep"), "");
  const started = performance.now();
  const server = startProcess(scope, ["nginx", "-c", join(folder, "nginx.conf")], {
    log: join(folder, "log"),
  });
  const ready = () =>
    fetch(`http${tls ? "s" : ""}://127.0.0.1:${port}/ready`, {
      tls: { rejectUnauthorized: false },
    }).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor("nginx", ready, { everyMs: 1, explain: server.logs });
  const place = { port, data: join(folder, "data"), readyMs: performance.now() - started };
  return running("nginx", server, place);
}

/** versitygw over a folder, with its own choice of settings: it does not sync. */
async function startGateway(scope: Scope): Promise<RunningSystem> {
  const started = performance.now();
  const { process, bucket, folder } = await startVersitygw(scope);
  const { port } = new URL(bucket.endpoint ?? "");
  const place = { port: Number(port), data: folder, readyMs: performance.now() - started };
  return running("versitygw", process(), place);
}

/** The least that an upload costs in this runtime. */
async function startBare(scope: Scope): Promise<RunningSystem> {
  const [folder, port] = [tempFolder(scope, "bench"), freePort()];
  const data = join(folder, "data");
  await Bun.write(join(data, ".keep"), "");
  const program = [process.execPath, join(import.meta.dir, "bareServer.ts"), String(port), data];
  const started = performance.now();
  const server = startProcess(scope, program, { log: join(folder, "log") });
  await waitFor("the bare server", () => accepts(`http://127.0.0.1:${port}/`), { everyMs: 1 });
  return running("bun", server, { port, data, readyMs: performance.now() - started });
}

const accepts = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

function running(
  name: SystemName,
  server: Pick<RunningProcess, "pid" | "stop">,
  place: Pick<RunningSystem, "port" | "data" | "readyMs">,
): RunningSystem {
  const pids = [server.pid];
  return {
    ...{ name, pid: server.pid, env: {}, ...place },
    cpuSeconds: () => cpuSeconds(pids),
    rssBytes: () => rssBytes(pids),
    peakRssBytes: () => peakRssBytes(pids),
    resetPeakRss: () => resetPeakRss(pids),
    stop: () => server.stop(),
  };
}
