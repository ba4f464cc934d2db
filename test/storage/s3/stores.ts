// Stores in one bucket of a test server: each has a prefix of its own.
import { WriteLatch } from "../../../src/durability/writeLatch.ts";
import type { BucketOptions } from "../../../src/storage/s3/client.ts";
import type { HashingOptions } from "../../../src/storage/s3/hashing/travelling.ts";
import { openS3, type S3Options } from "../../../src/storage/s3/s3.ts";
import type { Storage } from "../../../src/storage/storage.ts";

let stores = 0;

/** A prefix that no other store of this run has. */
export function newPrefix(): string {
  stores += 1;
  return `store-${process.pid}-${stores}/`;
}

/** Cells as short as servers take them: several fit into a test. Bytes. */
export const cellBytes = 5 * 1024 * 1024;

const workerUrl = new URL("../../../src/storage/s3/hashing/worker.ts", import.meta.url);

/** Workers as a server has them. */
export const hashing: HashingOptions = {
  spawn: () => new Worker(workerUrl),
  workers: 1,
  onLost: () => {},
};

/** Opens a store, as one replica does. */
export function openReplica(
  server: BucketOptions,
  prefix: string,
  options: Partial<S3Options> = {},
): Promise<Storage> {
  return openS3({
    bucket: { ...server, prefix },
    store: "the database of the test",
    latch: new WriteLatch(() => {}),
    newId: Bun.randomUUIDv7,
    ...{ cellBytes, hashing },
    ...options,
  });
}
