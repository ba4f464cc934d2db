// What the bench measures on a small box: a server that may use one core, or 1 GiB of memory with the page cache of its files.

import { limitMemory } from "../support/controlGroup.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { atLeast, type Figure, memory, peer, requests, throughput } from "./goals.ts";
import { type Exercise, type Metric, mebibyte, rate, registries, type Values } from "./metric.ts";
import { getAs } from "./wrk.ts";

const name = "bench/box";
const boxMemory = 1024 * mebibyte;

/** Pushes a layer and pulls it back. @param prefix of the figures' names. */
async function pushAndPull(exercise: Exercise, prefix: string, size: number): Promise<Values> {
  const { client, system } = exercise;
  const { port } = system;
  system.resetPeakRss();
  const pushed = await client.perform({ kind: "upload", port, name, size, times: 1 });
  const path = `/v2/${name}/blobs/${pushed.uploads[0]?.digest}`;
  const pulled = await client.perform({ kind: "pull", port, paths: [path] });
  return {
    [`${prefix}Push`]: rate(size, pushed.ms),
    [`${prefix}Pull`]: rate(size, pulled.ms),
    [`${prefix}Peak`]: system.peakRssBytes() / mebibyte,
  };
}

/** Four times as much as the box has memory. */
const littleMemory: Metric = {
  systems: registries,
  rounds: 3,
  run: async (exercise) => {
    await using scope = new Scope();
    limitMemory(scope, exercise.system.pid, boxMemory);
    return pushAndPull(exercise, "littleMemory", (exercise.quick ? 128 : 4096) * mebibyte);
  },
};

const oneCore: Metric = {
  systems: registries,
  rounds: 3,
  run: async (exercise) => {
    const { system, quick } = exercise;
    await run(["taskset", "--all-tasks", "--pid", "--cpu-list", "0", String(system.pid)]);
    const values = await pushAndPull(exercise, "oneCore", (quick ? 64 : 1024) * mebibyte);
    const seconds = quick ? 1 : 3;
    const { perSecond } = await getAs({ port: system.port, path: "/v2/", as: [], seconds });
    return { ...values, oneCorePing: perSecond };
  },
};

/** Metrics of a small box by the name that `--only` takes. */
export const boxMetrics = { littleMemory, oneCore };

/** The rows of the table. */
export const boxFigures: Readonly<Record<string, Figure>> = {
  littleMemoryPush: {
    label: "4 GiB layer, 1 GiB of memory: push",
    ...throughput,
    goal: atLeast(1, peer),
  },
  littleMemoryPull: { label: "its pull", ...throughput, goal: atLeast(1, peer) },
  littleMemoryPeak: { label: "resident memory at most", ...memory },
  oneCorePush: { label: "1 GiB layer, one core: push", ...throughput, goal: atLeast(1, peer) },
  oneCorePull: { label: "its pull", ...throughput, goal: atLeast(1, peer) },
  oneCorePeak: { label: "resident memory at most", ...memory },
  oneCorePing: { label: "GET /v2/ on one core", ...requests, goal: atLeast(1, peer) },
};
