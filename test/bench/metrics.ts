// What the bench measures of blobs and of starting. One metric is one exercise of a freshly started system.
import { join } from "node:path";
import { anonymousBytes } from "../support/procfs.ts";
import { accessMetrics } from "./accessMetrics.ts";
import { boxMetrics } from "./boxMetrics.ts";
import { bucketMetrics } from "./bucketMetrics.ts";
import { collectionMetrics } from "./collectionMetrics.ts";
import { fillFile } from "./fillFile.ts";
import { gatewayMetrics } from "./gatewayMetrics.ts";
import { manifestMetrics } from "./manifestMetrics.ts";
import {
  type Exercise,
  type Metric,
  mebibyte,
  median,
  rate,
  receivers,
  registries,
  type Values,
  withCost,
} from "./metric.ts";
import { objectMetrics } from "./objectMetrics.ts";
import { pageMetrics } from "./pageMetrics.ts";
import { replicaMetrics } from "./replicaMetrics.ts";
import { sessionMetrics } from "./sessionMetrics.ts";
import { slowDiskMetrics } from "./slowDiskMetrics.ts";
import { smallMetrics } from "./smallMetrics.ts";

const big = ({ quick }: Exercise): number => (quick ? 64 : 1024) * mebibyte;

const upload: Metric = {
  systems: receivers,
  rounds: 5,
  run: (exercise) =>
    withCost(exercise, "upload", async () => {
      const { client, system } = exercise;
      const job = { kind: "upload", port: system.port, name: "bench/upload" } as const;
      const size = big(exercise);
      const result = await client.perform({ ...job, size, times: 1 });
      const [times] = result.uploads;
      return { upload: rate(size, result.ms), closingBig: times?.putMs ?? Number.NaN };
    }),
};

const uploadChunked: Metric = {
  systems: registries,
  rounds: 3,
  run: async (exercise) => {
    const { client, system } = exercise;
    const job = { kind: "upload", port: system.port, name: "bench/chunked" } as const;
    const size = big(exercise);
    const { ms } = await client.perform({ ...job, size, times: 1, chunked: true });
    return { uploadChunked: rate(size, ms) };
  },
};

const chunks: Metric = {
  systems: receivers,
  rounds: 5,
  run: async ({ client, system, quick }) => {
    const chunkSize = 5 * mebibyte;
    const size = (quick ? 13 : 102) * chunkSize;
    const job = { kind: "chunks", port: system.port, name: "bench/chunks" } as const;
    const { ms } = await client.perform({ ...job, size, chunkSize });
    return { chunks: rate(size, ms) };
  },
};

const closing: Metric = {
  systems: registries,
  rounds: 5,
  run: async ({ client, system }) => {
    const job = { kind: "upload", port: system.port, name: "bench/closing" } as const;
    const { uploads } = await client.perform({ ...job, size: mebibyte, times: 15 });
    return {
      closingSmall: median(uploads.map(({ putMs }) => putMs)),
      small: median(uploads.map(({ totalMs }) => totalMs)),
    };
  },
};

/** @param figure names the row. */
async function measurePull(exercise: Exercise, figure: string, tls: boolean): Promise<Values> {
  const { client, system } = exercise;
  const size = big(exercise);
  const path = await putForPull(exercise, size, tls);
  const job = { kind: "pull", port: system.port, tls } as const;
  await client.perform({ ...job, paths: [path, path] });
  const paths = [path, path, path, path];
  const values = await withCost(exercise, figure, async () => {
    const { pulls } = await client.perform({ ...job, paths });
    return { [figure]: rate(size, median(pulls)) };
  });
  return { ...values, [`${figure}Cpu`]: (values[`${figure}Cpu`] ?? 0) / paths.length };
}

const pull: Metric = {
  systems: [...registries, "nginx"],
  rounds: 5,
  run: (exercise) => measurePull(exercise, "pull", false),
};

const pullTls: Metric = {
  systems: ["breadbox", "nginx"],
  rounds: 5,
  tls: true,
  run: (exercise) => measurePull(exercise, "pullTls", true),
};

/** Gives the system a blob of `size` bytes. @returns the path to pull it from. */
async function putForPull(
  { client, system }: Exercise,
  size: number,
  tls: boolean,
): Promise<string> {
  if (system.name === "nginx") {
    const file = join(system.data, "blob");
    await fillFile(file, size);
    return "/blob";
  }
  const name = "bench/pull";
  const job = { kind: "upload", port: system.port, tls, name, size, times: 1 } as const;
  const { uploads } = await client.perform(job);
  return `/v2/${name}/blobs/${uploads[0]?.digest}`;
}

/** distribution answers a POST with a whole body by 202, and takes none of it. */
const whole = (kind: "put" | "post"): Metric => ({
  systems: kind === "put" ? registries : ["breadbox"],
  rounds: 5,
  run: async ({ client, system, quick }) => {
    const size = (quick ? 16 : 256) * mebibyte;
    const { ms } = await client.perform({ kind, port: system.port, name: "bench/whole", size });
    return { [kind]: rate(size, ms) };
  },
});

const parallel: Metric = {
  systems: receivers,
  rounds: 5,
  run: (exercise) =>
    withCost(exercise, "parallel", async () => {
      const { client, system } = exercise;
      const size = 4 * mebibyte;
      const job = { kind: "parallel", port: system.port, name: "bench/parallel", size } as const;
      const { ms } = await client.perform({ ...job, count: 64 });
      return { parallel: rate(64 * size, ms) };
    }),
};

const start: Metric = {
  systems: [...registries, "nginx"],
  rounds: 20,
  run: async ({ system }) => {
    // Memory of a server that nobody has asked anything but whether it is ready.
    await Bun.sleep(500);
    return {
      ready: system.readyMs,
      idle: system.rssBytes() / mebibyte,
      idleOwn: anonymousBytes([system.pid]) / mebibyte,
    };
  },
};

const transferMetrics = {
  upload,
  uploadChunked,
  chunks,
  closing,
  put: whole("put"),
  post: whole("post"),
  parallel,
  pull,
  pullTls,
  start,
};

/** The tables of the report, each with its metrics by the names that `--only` takes, in the order they run. */
export const sections = {
  transfers: transferMetrics,
  small: smallMetrics,
  manifests: manifestMetrics,
  access: accessMetrics,
  collection: collectionMetrics,
  objects: objectMetrics,
  buckets: gatewayMetrics,
  slowDisk: slowDiskMetrics,
  box: boxMetrics,
  pages: pageMetrics,
  replicas: { ...replicaMetrics, ...bucketMetrics },
  sessions: sessionMetrics,
} satisfies Record<string, Readonly<Record<string, Metric>>>;

/** Name of a table. */
export type SectionName = keyof typeof sections;

const isSection = (name: string): name is SectionName => name in sections;

/** All of them, in the order of the report. */
export const sectionNames: readonly SectionName[] = Object.keys(sections).filter(isSection);

/** All metrics by name. */
export const metrics: ReadonlyMap<string, Metric> = new Map<string, Metric>(
  Object.values(sections).flatMap((section) => Object.entries<Metric>(section)),
);
