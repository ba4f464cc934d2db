// A registry of two replicas behind haproxy, for tests that are written for one process: `BREADBOX_TEST_REGISTRY=replicas`.
import { type RunningRegistry, type StartRegistry, startBreadbox } from "./binary.ts";
import { startHaproxy } from "./haproxy.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";
import type { RunningProcess } from "./processes.ts";
import { replicaEnvironment } from "./replicas.ts";
import type { S3Server } from "./s3Server.ts";
import type { Scope } from "./scope.ts";
import { startVersitygw } from "./versitygw.ts";

/** What replicas share, by the data directory of the first one: for a registry that starts again. */
const shared = new Map<string, Readonly<Record<string, string>>>();

/** What replicas share. */
export interface Engines {
  readonly database: PostgresServer;
  /** The address of the replicas' database. */
  readonly url: string;
  readonly gateway: S3Server;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts PostgreSQL and an S3 server. */
export async function startEngines(
  scope: Scope,
  startBucket: (scope: Scope) => Promise<S3Server> = startVersitygw,
): Promise<Engines> {
  const [gateway, database] = await Promise.all([startBucket(scope), startPostgres(scope)]);
  const url = await database.createDatabase("replicated");
  return { database, url, gateway, env: replicaEnvironment(url, gateway.bucket) };
}

/** Starts both and the proxy, and the engines that `env` does not name. What is asked of the process is asked of both replicas. */
export const startReplicated: StartRegistry = async (scope, { port, env, ...options } = {}) => {
  const known = options.data === undefined ? undefined : shared.get(options.data);
  const given = env?.["BREADBOX_DATABASE_URL"] === undefined ? known : {};
  const engines = given ?? (await startEngines(scope)).env;
  const settings = { ...options, env: { ...engines, ...env } };
  const first = await startBreadbox(scope, settings);
  const { data: _, ...further } = settings;
  const replicas = [first, await startBreadbox(scope, further)];
  shared.set(first.data, engines);
  const ports = replicas.map((replica) => replica.port);
  const proxy = await startHaproxy(scope, ports, port);
  const host = `127.0.0.1:${proxy.port}`;
  const origins = replicas.flatMap((replica) => replica.origins);
  const place = { origins, host, url: `http://${host}`, port: proxy.port };
  return { ...together(first, replicas, proxy), ...place, members: replicas };
};

/** Sums and both; `pid` is the first one's. */
function together(
  { pid, data, env }: RunningRegistry,
  replicas: readonly RunningRegistry[],
  proxy: RunningProcess,
): Omit<RunningRegistry, "host" | "url" | "port" | "origins"> {
  const all = [...replicas, proxy];
  const sum = (of: (replica: RunningRegistry) => number) =>
    replicas.reduce((total, replica) => total + of(replica), 0);
  const highest = async (codes: readonly Promise<number>[]) =>
    Math.max(...(await Promise.all(codes)));
  return {
    ...{ pid, data, env },
    exited: highest(replicas.map(({ exited }) => exited)),
    hasExited: () => all.some((each) => each.hasExited()),
    logs: () => all.map((each) => each.logs()).join("\n"),
    rssBytes: () => sum((replica) => replica.rssBytes()),
    peakRssBytes: () => sum((replica) => replica.peakRssBytes()),
    resetPeakRss: () => replicas.forEach((replica) => void replica.resetPeakRss()),
    cpuSeconds: () => sum((replica) => replica.cpuSeconds()),
    stop: async (graceMs) => {
      const code = await highest(replicas.map((replica) => replica.stop(graceMs)));
      await proxy.stop();
      return code;
    },
    kill9: async () => {
      await Promise.all(all.map((each) => each.kill9()));
    },
  };
}
