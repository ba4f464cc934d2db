// The load client, a process of its own: takes one job a line as JSON on stdin, does it against 127.0.0.1, prints its
// timings as one line of JSON. Everything that costs time (random bytes, digests) is prepared before the clock starts.
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { bodyDigest, Connection } from "../support/connection.ts";
import { createBucket, type PartedTimes, uploadInParts } from "../support/rawObjects.ts";
import {
  askFor,
  type Prepared,
  prepareUpload,
  type UploadTimes,
  uploadInChunks,
  uploadInPatch,
  uploadInPost,
  uploadInPut,
} from "../support/rawUploads.ts";

/** What the client can be told to do. Sizes are bytes, `name` is a repository. */
export type Job =
  /** POST, one PATCH with everything, closing PUT without a body; `times` in a row. */
  | {
      kind: "upload";
      port: number;
      tls?: boolean;
      name: string;
      size: number;
      times: number;
      chunked?: boolean;
    }
  /** POST, then everything in the closing PUT. */
  | { kind: "put"; port: number; name: string; size: number }
  /** POST, PATCHes of `chunkSize` bytes, closing PUT without a body. */
  | { kind: "chunks"; port: number; name: string; size: number; chunkSize: number }
  /** Everything in one POST?digest=. */
  | { kind: "post"; port: number; name: string; size: number }
  /** `count` times "put", all at once, one connection each. */
  | { kind: "parallel"; port: number; name: string; size: number; count: number }
  /** GET of each path in turn, on one connection. */
  | { kind: "pull"; port: number; tls?: boolean; paths: string[] }
  /** GET of all paths at once, one connection each. */
  | { kind: "pulls"; port: number; paths: string[] }
  /** Config, layer and manifest of a small image under the tag `latest`. */
  | { kind: "image"; port: number; name: string }
  /** A bucket that was not there. */
  | { kind: "bucket"; port: number; bucket: string }
  /** A bucket with one object in parts of `partSize` bytes, `lanes` of them at a time. */
  | {
      kind: "parts";
      port: number;
      bucket: string;
      object: string;
      size: number;
      partSize: number;
      lanes: number;
    }
  /** Each path once, `lanes` of them at a time; a PUT sends `size` bytes that nobody has seen. */
  | {
      kind: "objects";
      port: number;
      method: "GET" | "PUT";
      paths: string[];
      size: number;
      lanes: number;
    }
  /** Body of `size` bytes to whoever listens there: the client's own ceiling. */
  | { kind: "sink"; port: number; size: number };

/** One upload of an "upload" job. */
export interface Uploaded extends UploadTimes {
  readonly digest: string;
}

/** What a job prints. */
export interface JobResult {
  /** Wall time of the timed part. */
  readonly ms: number;
  readonly uploads: Uploaded[];
  /** Wall time of each pull. */
  readonly pulls: number[];
  /** Of a "parts" job. */
  readonly parted?: PartedTimes;
  /** Set when the job failed; the rest is then void. */
  readonly failure?: string;
}

/** Small enough to stay in a CPU's cache, large enough for few writes: 1 MiB costs this client least (0.2 s of CPU a GiB). */
const block = randomBytes(1 << 20);

/** Content that nobody has seen before, so that no server can answer from what it holds. */
const prepare = (size: number): Prepared => prepareUpload(randomBytes(32), block, size);

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

const result = (ms: number, more: Partial<JobResult> = {}): JobResult => ({
  ms,
  uploads: [],
  pulls: [],
  ...more,
});

async function parallel(job: Extract<Job, { kind: "parallel" }>): Promise<JobResult> {
  const contents = Array.from({ length: job.count }, () => prepare(job.size));
  const lanes = await Promise.all(
    contents.map(async (content) => ({ content, connection: await Connection.open(job.port) })),
  );
  const ms = await timed(() =>
    Promise.all(lanes.map(({ connection, content }) => uploadInPut(connection, job.name, content))),
  );
  for (const { connection } of lanes) connection.close();
  return result(ms);
}

async function pushImage(connection: Connection, name: string): Promise<void> {
  const descriptors = [];
  for (const size of [700, 4096]) {
    const content = prepare(size);
    await uploadInPut(connection, name, content);
    descriptors.push({ digest: content.digest, size });
  }
  const [config, layer] = descriptors;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
    }),
  );
  await askFor(connection, [201], {
    method: "PUT",
    path: `/v2/${name}/manifests/latest`,
    headers: { "Content-Type": "application/vnd.oci.image.manifest.v1+json" },
    body: { head: manifest, block, size: manifest.length },
  });
}

async function pull(connection: Connection, paths: string[]): Promise<JobResult> {
  const pulls: number[] = [];
  for (const path of paths) {
    pulls.push(await timed(() => askFor(connection, [200], { method: "GET", path })));
  }
  return result(Math.min(...pulls), { pulls });
}

async function pullAtOnce(port: number, paths: string[]): Promise<JobResult> {
  const lanes = await Promise.all(
    paths.map(async (path) => ({ path, connection: await Connection.open(port) })),
  );
  const ms = await timed(() =>
    Promise.all(lanes.map(({ path, connection }) => pull(connection, [path]))),
  );
  for (const { connection } of lanes) connection.close();
  return result(ms);
}

async function objects(job: Extract<Job, { kind: "objects" }>): Promise<JobResult> {
  const { port, method, size } = job;
  const contents = method === "PUT" ? job.paths.map(() => prepare(size).body) : [];
  const asks = job.paths.map((path, at) => {
    const body = contents[at];
    return { method, path, ...(body !== undefined && { body }) };
  });
  const waiting = asks.values();
  const connections = await Promise.all(
    Array.from({ length: job.lanes }, () => Connection.open(port)),
  );
  const lane = async (connection: Connection): Promise<void> => {
    for (const ask of waiting) await askFor(connection, [200, 201], ask);
  };
  const ms = await timed(() => Promise.all(connections.map(lane)));
  for (const connection of connections) connection.close();
  return result(ms);
}

async function perform(job: Job): Promise<JobResult> {
  if (job.kind === "parallel") return parallel(job);
  if (job.kind === "objects") return objects(job);
  if (job.kind === "pulls") return pullAtOnce(job.port, job.paths);
  const connection = await Connection.open(job.port, "tls" in job && job.tls);
  try {
    return await performOn(connection, job);
  } finally {
    connection.close();
  }
}

async function performOn(
  connection: Connection,
  job: Exclude<Job, { kind: "parallel" | "pulls" | "objects" }>,
): Promise<JobResult> {
  switch (job.kind) {
    case "upload": {
      const contents = Array.from({ length: job.times }, () => prepare(job.size));
      const uploads: Uploaded[] = [];
      for (const content of contents) {
        const times = await uploadInPatch(connection, job.name, {
          ...content,
          chunked: job.chunked ?? false,
        });
        uploads.push({ ...times, digest: content.digest });
      }
      return result(
        uploads.reduce((sum, { totalMs }) => sum + totalMs, 0),
        { uploads },
      );
    }
    case "put": {
      const content = prepare(job.size);
      return result(await timed(() => uploadInPut(connection, job.name, content)));
    }
    case "chunks": {
      const heads = Array.from({ length: job.size / job.chunkSize }, () => randomBytes(32));
      const bodies = heads.map((head) => ({ head, block, size: job.chunkSize }));
      const content = { bodies, digest: bodyDigest(...bodies) };
      return result(await timed(() => uploadInChunks(connection, job.name, content)));
    }
    case "post": {
      const content = prepare(job.size);
      return result(await timed(() => uploadInPost(connection, job.name, content)));
    }
    case "pull":
      return pull(connection, job.paths);
    case "bucket":
      return result(await timed(() => createBucket(connection, job.bucket)));
    case "parts": {
      await createBucket(connection, job.bucket);
      const parted = await uploadInParts(job.port, { ...job, block });
      return result(parted.totalMs, { parted });
    }
    case "image":
      return result(await timed(() => pushImage(connection, job.name)));
    case "sink": {
      const body = { head: new Uint8Array(0), block, size: job.size };
      return result(
        await timed(() => askFor(connection, [200], { method: "PATCH", path: "/", body })),
      );
    }
  }
}

if (import.meta.main) {
  for await (const line of createInterface({ input: process.stdin })) {
    const job: Job = JSON.parse(line);
    const answer = await perform(job).catch((failure) =>
      result(0, { failure: `${job.kind}: ${failure}` }),
    );
    console.log(JSON.stringify(answer));
  }
}
