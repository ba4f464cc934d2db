// What the bench measures of two replicas: uploads to a bucket and to files, and what a second replica costs.
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { Connection } from "../support/connection.ts";
import { startRadosgw } from "../support/radosgw.ts";
import { askFor, locationPath, prepareUpload, startUpload } from "../support/rawUploads.ts";
import { startEngines } from "../support/replicated.ts";
import { Scope, signal } from "../support/scope.ts";
import { type Exercise, type Metric, mebibyte, median, type Values } from "./metric.ts";
import { getManifests, putManifests } from "./wrk.ts";

const name = "bench/replicas";
const block = crypto.getRandomValues(new Uint8Array(mebibyte));
const frozenMs = 6_000;
type Place = Pick<RunningRegistry, "port">;

/** Two replicas over one database and one bucket. */
async function openReplicas(scope: Scope, startBucket?: Parameters<typeof startEngines>[1]) {
  const { env, gateway } = await startEngines(scope, startBucket);
  const a = await startBreadbox(scope, { env });
  return { a, b: await startBreadbox(scope, { env }), gateway };
}

interface Sent {
  readonly size: number;
  /** Called once the body is on its way. */
  readonly during?: () => Promise<void>;
}

/** POST and PATCH here, the closing PUT there. @returns how long the closing PUT took, ms. */
async function uploadOver(here: Place, there: Place, { size, during }: Sent): Promise<number> {
  const { body, digest } = prepareUpload(crypto.getRandomValues(new Uint8Array(32)), block, size);
  const first = await Connection.open(here.port);
  await using scope = new Scope();
  scope.defer(() => first.close());
  const path = locationPath(await startUpload(first, name));
  const sent = askFor(first, [202], { method: "PATCH", path, body });
  await during?.();
  await sent;
  // Not before: the server closes connections that are idle.
  const second = await Connection.open(there.port);
  scope.defer(() => second.close());
  const started = performance.now();
  await askFor(second, [201], { method: "PUT", path: `${path}?digest=${digest}` });
  return performance.now() - started;
}

const big = ({ quick }: Exercise): number => (quick ? 64 : 1024) * mebibyte;

/** What `work` cost a server: seconds of CPU, and the peak above idle in MiB. */
async function costOf(
  server: Pick<RunningRegistry, "cpuSeconds" | "rssBytes" | "resetPeakRss" | "peakRssBytes">,
  work: () => Promise<unknown>,
) {
  const [idle, before] = [server.rssBytes(), server.cpuSeconds()];
  server.resetPeakRss();
  await work();
  const memory = (server.peakRssBytes() - idle) / mebibyte;
  return { cpu: server.cpuSeconds() - before, memory };
}

const bucketUpload: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  run: async (exercise) => {
    await using scope = new Scope();
    const { a, gateway } = await openReplicas(scope);
    const { system } = exercise;
    const size = big(exercise);
    const files = await costOf(system, () => uploadOver(system, system, { size }));
    const bucket = await costOf(a, () => uploadOver(a, a, { size }));
    const during = async () => {
      await Bun.sleep(300);
      signal(gateway.process().pid, "SIGSTOP");
      await Bun.sleep(frozenMs);
      signal(gateway.process().pid, "SIGCONT");
    };
    const frozen = await costOf(a, () => uploadOver(a, a, { size, during }));
    return {
      filesUploadCpu: files.cpu,
      bucketUploadCpu: bucket.cpu,
      bucketUploadMemory: bucket.memory,
      bucketFrozenMemory: frozen.memory,
    };
  },
};

const bucketClosing: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  run: async (exercise) => {
    await using scope = new Scope();
    // versitygw completes an upload by copying its parts: that takes as long as they are large.
    const { a, b } = await openReplicas(scope, startRadosgw);
    const closing = async (size: number, times: number) => {
      const each: number[] = [];
      for (let turn = 0; turn < times; turn += 1) each.push(await uploadOver(a, b, { size }));
      return median(each);
    };
    return {
      bucketClosingSmall: await closing(64 * mebibyte, exercise.quick ? 1 : 3),
      bucketClosing: await closing(big(exercise), 1),
    };
  },
};

const connections = 32;

/** CPU of a GET and of a PUT of a manifest, µs, when the load is shared by these replicas. */
async function requestCost(replicas: readonly RunningRegistry[], quick: boolean): Promise<Values> {
  const load = { seconds: quick ? 1 : 3, connections: connections / replicas.length };
  const cpu = () => replicas.reduce((sum, replica) => sum + replica.cpuSeconds(), 0);
  const cost = async (ask: (port: number) => Promise<{ readonly requests: number }>) => {
    const before = cpu();
    const done = await Promise.all(replicas.map(({ port }) => ask(port)));
    const requests = done.reduce((sum, each) => sum + each.requests, 0);
    return ((cpu() - before) / requests) * 1e6;
  };
  return {
    get: await cost((port) => getManifests(port, name, load)),
    put: await cost((port) => putManifests(port, [name], load)),
  };
}

const replicaCost: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  run: async ({ client, quick }) => {
    await using scope = new Scope();
    const { a, b } = await openReplicas(scope);
    await client.perform({ kind: "image", port: a.port, name });
    const one = await requestCost([a], quick);
    const two = await requestCost([a, b], quick);
    const gain = (kind: "get" | "put") => (2 * (one[kind] ?? 0)) / (two[kind] ?? Number.NaN);
    return { replicasGet: gain("get"), replicasPut: gain("put") };
  },
};

/** Metrics of two replicas by the name that `--only` takes. */
export const bucketMetrics = { bucketUpload, bucketClosing, replicaCost };
