// Hashes whose state can be kept, of uploads to a bucket: each has a memory of its own.
import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { HashJobs } from "../../../src/storage/s3/hashing/jobs.ts";
import type { HashReport, HashRequest } from "../../../src/storage/s3/hashing/protocol.ts";
import { heapObjects } from "../../support/heapObjects.ts";
import { waitFor } from "../../support/processes.ts";

test("a hundred uploads at a time leave no hundred hashes in memory", async () => {
  const ended: HashReport[] = [];
  const jobs = new HashJobs((report) => void ended.push(report));
  const memories = (): number => {
    heapObjects();
    return heapStats().objectTypeCounts["WebAssembly.Memory"] ?? 0;
  };
  const ids = Array.from({ length: 100 }, (_, id) => id);
  const before = memories();
  const each = (requestOf: (job: number) => HashRequest) => {
    for (const job of ids) jobs.take(requestOf(job));
  };

  each((job) => ({ kind: "begin", job, algorithm: "sha256", state: null }));
  each((job) => ({ kind: "end", job }));
  await waitFor("all hashes", () => ended.length === ids.length);

  expect(ended.map(({ kind }) => kind)).not.toContain("failed");
  expect(memories() - before).toBeLessThanOrEqual(20);
});
