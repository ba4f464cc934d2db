// What the bench measures of objects: a large one in parts beside what disk and processor can do at best, many tiny parts, small objects.
import { join } from "node:path";
import { run as runCommand, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { fillFile } from "./fillFile.ts";
import { type Exercise, type Metric, mebibyte, rate, withCost } from "./metric.ts";
import { getPages, putObjects } from "./wrk.ts";

const bucket = "bench";

/** MiB/s of one thread that hashes the same 64 KiB again and again: nothing it reads has to be fetched from afar. */
function hashRate(): number {
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  const hasher = new Bun.CryptoHasher("sha256");
  const size = 1024 * mebibyte;
  const started = performance.now();
  for (let at = 0; at < size; at += block.length) hasher.update(block);
  hasher.digest();
  return rate(size, performance.now() - started);
}

/** MiB/s of a file of `size` bytes written from its first byte to its last and synced, on the disk that the data is on. */
async function diskRate(size: number): Promise<number> {
  await using scope = new Scope();
  const file = join(tempFolder(scope, "disk"), "file");
  const started = performance.now();
  await fillFile(file, size, { sync: true });
  return rate(size, performance.now() - started);
}

/** The disk's other writes must be done before something is timed on it. */
const settleDisk = ({ system }: Exercise) => runCommand(["sync", "-f", system.data]);

const upload = (exercise: Exercise, size: number) =>
  withCost(exercise, "multipart", async () => {
    const { client, system } = exercise;
    const parts = { bucket, object: "large", size, partSize: 128 * mebibyte, lanes: 4 };
    const { parted } = await client.perform({ kind: "parts", port: system.port, ...parts });
    if (parted === undefined) throw new Error("the load client told no times");
    return {
      multipart: rate(size, parted.totalMs),
      multipartParts: parted.partsMs / 1000,
      multipartComplete: parted.completeMs / 1000,
    };
  });

const multipart: Metric = {
  systems: ["breadbox"],
  // Each writes three times 10 GiB.
  rounds: 3,
  run: async (exercise) => {
    const size = (exercise.quick ? 0.25 : 10) * 1024 * mebibyte;
    const hash = hashRate();
    const diskFirst = exercise.round % 2 === 0;
    const before = diskFirst ? await diskRate(size) : Number.NaN;
    await settleDisk(exercise);
    const values = await upload(exercise, size);
    await settleDisk(exercise);
    const disk = diskFirst ? before : await diskRate(size);
    return {
      multipartDisk: disk,
      multipartHash: hash,
      multipartFloor: Math.min(disk, hash),
      ...values,
    };
  },
};

const tinyParts: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  run: async ({ client, system, quick }) => {
    const count = quick ? 2_000 : 10_000;
    const parts = { bucket, object: "tiny", size: count * 1024, partSize: 1024, lanes: 8 };
    const { parted } = await client.perform({ kind: "parts", port: system.port, ...parts });
    if (parted === undefined) throw new Error("the load client told no times");
    return {
      tinyParts: count / (parted.partsMs / 1000),
      tinyComplete: parted.completeMs / 1000,
    };
  },
};

const objects: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  run: async ({ client, system, quick }) => {
    await client.perform({ kind: "bucket", port: system.port, bucket });
    const seconds = quick ? 1 : 3;
    const put = await putObjects(system.port, bucket, seconds);
    // The first one is made, and not sent: wrk tries its script before it begins.
    const paths = Array.from({ length: 100 }, (_, n) => `/v1/buckets/${bucket}/objects/o${n + 2}`);
    const get = await getPages({ port: system.port, paths, seconds, connections: 16 });
    return {
      objectPut: put.perSecond,
      objectPutP99: put.p99Ms,
      objectGet: get.perSecond,
      objectGetP99: get.p99Ms,
    };
  },
};

/** Metrics of objects by the name that `--only` takes. */
export const objectMetrics = { multipart, tinyParts, smallObjects: objects };
