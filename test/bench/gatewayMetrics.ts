// What the bench measures of buckets beside an S3 server over a folder: the same objects, each by the interface that it has.
import { S3Client } from "bun";
import { localBucket } from "../support/s3Server.ts";
import { atLeast, type Figure, requests, seconds, throughput } from "./goals.ts";
import { type Exercise, type Metric, mebibyte, rate, withCost } from "./metric.ts";
import type { SystemName } from "./systems.ts";

const bucket = "bucket";
const gateway: SystemName = "versitygw";
const systems = ["breadbox", gateway] as const;

/** Paths of `count` objects: of the S3 server with a signature that is good for all of the exercise. */
function pathsOf({ system }: Exercise, method: "GET" | "PUT", count: number): string[] {
  const names = Array.from({ length: count }, (_, at) => `o${at}`);
  if (system.name === "breadbox")
    return names.map((name) => `/v1/buckets/${bucket}/objects/${name}`);
  const { endpoint, region, credentials } = localBucket(system.port);
  const place = { endpoint: endpoint ?? "", region: region ?? "", bucket };
  const client = new S3Client({ ...credentials, ...place });
  return names.map((name) => {
    const { pathname, search } = new URL(client.presign(name, { method, expiresIn: 3600 }));
    return pathname + search;
  });
}

/** PUT of `count` new objects, then GET of each. @returns ms of both. */
async function putAndGet(exercise: Exercise, count: number, size: number) {
  const { client, system } = exercise;
  const lanes = Math.min(8, count);
  const send = async (method: "GET" | "PUT"): Promise<number> => {
    const paths = pathsOf(exercise, method, count);
    const job = { kind: "objects", port: system.port, method, paths, size, lanes } as const;
    return (await client.perform(job)).ms;
  };
  const put = await send("PUT");
  return { put, get: await send("GET") };
}

async function createBucket({ client, system }: Exercise): Promise<void> {
  if (system.name === "breadbox")
    await client.perform({ kind: "bucket", port: system.port, bucket });
}

const tiny: Metric = {
  systems,
  rounds: 5,
  run: async (exercise) => {
    const count = exercise.quick ? 500 : 5_000;
    await createBucket(exercise);
    const { put, get } = await putAndGet(exercise, count, 4096);
    return { tinyPut: count / (put / 1000), tinyGet: count / (get / 1000) };
  },
};

const large: Metric = {
  systems,
  rounds: 5,
  run: async (exercise) => {
    const size = (exercise.quick ? 16 : 256) * mebibyte;
    await createBucket(exercise);
    return withCost(exercise, "large", async () => {
      const { put, get } = await putAndGet(exercise, 4, size);
      return { largePut: rate(4 * size, put), largeGet: rate(4 * size, get) };
    });
  },
};

/** Metrics of buckets by the name that `--only` takes. */
export const gatewayMetrics = { tinyObjects: tiny, largeObjects: large };

/** The rows of the table. */
export const gatewayFigures: Readonly<Record<string, Figure>> = {
  tinyPut: { label: "PUT of an object of 4 KiB, 8 connections", ...requests },
  tinyGet: { label: "GET of one, 8 connections", ...requests, goal: atLeast(1, gateway) },
  largePut: { label: "PUT of 4 × 256 MiB at once", ...throughput },
  largeGet: { label: "GET of them at once", ...throughput, goal: atLeast(1, gateway) },
  largeCpu: { label: "server CPU of both", ...seconds },
};
