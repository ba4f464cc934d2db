// What the bench measures of small content and of many who ask at once: what CI does all day.

import { join } from "node:path";
import { openContainers } from "../support/containerTools.ts";
import { buildImage, writeLayout } from "../support/images.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { fillFile } from "./fillFile.ts";
import {
  atLeast,
  atMost,
  type Figure,
  memory,
  peer,
  requests,
  seconds,
  throughput,
  time,
} from "./goals.ts";
import { headRequests } from "./heads.ts";
import { type Exercise, type Metric, mebibyte, rate, registries, withCost } from "./metric.ts";
import { getAs, type RequestRate } from "./wrk.ts";

const name = "bench/small";
const connections = 16;
const secondsOf = ({ quick }: Exercise): number => (quick ? 1 : 3);
/** A server that was just started compiles its program while it answers: it is asked for a second before it counts. */
const warmUpSeconds = 1;

/** Gives the system `count` blobs of `size` bytes, or nginx as many files. @returns their paths. */
async function store(
  { client, system }: Exercise,
  { size, count }: { readonly size: number; readonly count: number },
): Promise<string[]> {
  if (system.name === "nginx") {
    const names = Array.from({ length: count }, (_, place) => `blob${place}`);
    for (const each of names) await fillFile(join(system.data, each), size);
    return names.map((each) => `/${each}`);
  }
  const job = { kind: "upload", port: system.port, name, size, times: count } as const;
  const { uploads } = await client.perform(job);
  return uploads.map(({ digest }) => `/v2/${name}/blobs/${digest}`);
}

const blobHead: Metric = {
  systems: registries,
  rounds: 5,
  run: async (exercise) => {
    const [path = ""] = await store(exercise, { size: 1024, count: 1 });
    const ask = { port: exercise.system.port, path, accept: "*/*" };
    await headRequests(ask, connections, warmUpSeconds);
    const { perSecond, p99Ms } = await headRequests(ask, connections, secondsOf(exercise));
    return { blobHead: perSecond, blobHeadP99: p99Ms };
  },
};

async function get(exercise: Exercise, path: string): Promise<RequestRate> {
  const ask = { port: exercise.system.port, path, as: [], connections };
  await getAs({ ...ask, seconds: warmUpSeconds });
  return getAs({ ...ask, seconds: secondsOf(exercise) });
}

const blobGet: Metric = {
  systems: [...registries, "nginx"],
  rounds: 5,
  run: async (exercise) => {
    const [path = ""] = await store(exercise, { size: 1024, count: 1 });
    const { perSecond, p99Ms } = await get(exercise, path);
    return { blobGet: perSecond, blobGetP99: p99Ms };
  },
};

const ping: Metric = {
  systems: [...registries, "nginx"],
  rounds: 5,
  run: async (exercise) => {
    const path = exercise.system.name === "nginx" ? "/ready" : "/v2/";
    const { perSecond, p99Ms } = await get(exercise, path);
    return { ping: perSecond, pingP99: p99Ms };
  },
};

const atOnce = 8;

const pulls: Metric = {
  systems: [...registries, "nginx"],
  rounds: 5,
  run: async (exercise) => {
    const { client, system, quick } = exercise;
    const size = (quick ? 64 : 1024) * mebibyte;
    const [path = ""] = await store(exercise, { size, count: 1 });
    const paths = Array.from({ length: atOnce }, () => path);
    const pullAll = () => client.perform({ kind: "pulls", port: system.port, paths });
    await pullAll();
    return withCost(exercise, "pulls", async () => {
      const { ms } = await pullAll();
      return { pulls: rate(atOnce * size, ms) };
    });
  },
};

/** An image of 50 layers of 64 KiB, copied by skopeo from a folder and into another one. */
const manyLayers: Metric = {
  systems: registries,
  rounds: 5,
  run: async ({ system, round }) => {
    await using scope = new Scope();
    const { skopeo } = openContainers(scope);
    const [from, to] = [tempFolder(scope, "from"), tempFolder(scope, "to")];
    const layerSizes = Array.from({ length: 50 }, () => 64 * 1024);
    writeLayout(from, "v1", buildImage({ seed: `bench/${round}`, layerSizes }));
    const remote = `docker://127.0.0.1:${system.port}/${name}:v1`;
    const copy = async (...args: string[]): Promise<number> => {
      const started = performance.now();
      await skopeo("copy", ...args);
      return (performance.now() - started) / 1000;
    };
    return {
      layersPush: await copy("--dest-tls-verify=false", `oci:${from}:v1`, remote),
      layersPull: await copy("--src-tls-verify=false", remote, `oci:${to}:v1`),
    };
  },
};

/** Metrics of small content by the name that `--only` takes. */
export const smallMetrics = { blobHead, blobGet, ping, pulls, manyLayers };

/** The rows of the table. */
export const smallFigures: Readonly<Record<string, Figure>> = {
  blobHead: { label: "HEAD of a blob, 16 connections", ...requests, goal: atLeast(3.4, peer) },
  blobHeadP99: { label: "its p99", ...time },
  blobGet: {
    label: "GET of a blob of 1 KiB, 16 connections",
    ...requests,
    goal: atLeast(18, peer),
  },
  blobGetP99: { label: "its p99", ...time },
  ping: { label: "GET /v2/, 16 connections", ...requests },
  pingP99: { label: "its p99", ...time, goal: atMost(0.5, peer) },
  layersPush: { label: "skopeo push of 50 layers of 64 KiB", ...seconds, goal: atMost(1, peer) },
  layersPull: { label: "skopeo pull of them", ...seconds, goal: atMost(1, peer) },
  pulls: { label: "8 pulls of 1 GiB at once", ...throughput, goal: atLeast(1, peer) },
  pullsCpu: { label: "their server CPU", ...seconds, goal: atMost(1.2, "nginx") },
  pullsMemory: { label: "their peak memory above idle", ...memory },
};
