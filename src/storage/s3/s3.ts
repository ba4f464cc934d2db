// Bytes in an S3 bucket. Below the store's prefix: data/<2>/<upload>.<id> is content, staging/ and parts/ are bytes of open uploads,
// damaged/ is what was set aside. Loaded only where a bucket is configured.
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { Storage } from "../storage.ts";
import { CellBudget } from "./budget.ts";
import { BucketClient, type BucketOptions } from "./client.ts";
import { answering, S3Content } from "./content.ts";
import { standardCellBytes } from "./grid.ts";
import { assertKeys, assertOwn } from "./guard.ts";
import { Hashes } from "./hashes.ts";
import { type HashingOptions, TravellingHashes } from "./hashing/travelling.ts";
import { S3Intake } from "./intake.ts";
import { Leftovers } from "./leftovers.ts";
import { type LinkPlace, Links } from "./links.ts";
import { Objects } from "./objects.ts";
import { S3Parts } from "./parts.ts";
import { Placing } from "./placing.ts";
import { S3Repair } from "./repair.ts";
import { Sealing } from "./sealing.ts";
import { S3Staging } from "./staging.ts";
import { Uploads } from "./uploads.ts";

/** The options of the S3 storage. */
export interface S3Options {
  readonly bucket: BucketOptions;
  /** The id of the database whose bytes these are. */
  readonly store: string;
  readonly latch: WriteLatch;
  /** UUIDv7 source for keys that are never used twice. */
  readonly newId: () => string;
  /** Parts of one size, for servers that want them (R2). Never changed for a bucket with open uploads. */
  readonly equalParts?: boolean;
  /** Of a server: without it, digests of chunks that came to other processes are made of the stored bytes. */
  readonly hashing?: HashingOptions;
  /** Where clients reach the bucket; null: they get all bytes from the server. */
  readonly links?: LinkPlace | null;
  /** Bytes of the first cells; 8 MiB unless a test says otherwise. */
  readonly cellBytes?: number;
}

/** Of the cells of all uploads together. The runtime holds about as much again while it sends them. */
const budgetBytes = 64 * 1024 * 1024;

/** Opens a bucket, which must exist. @throws BucketError */
export async function openS3({
  bucket,
  store,
  latch,
  newId,
  hashing,
  links = null,
  equalParts = false,
  cellBytes = standardCellBytes,
}: S3Options): Promise<Storage> {
  const client = new BucketClient(bucket);
  const grid = { cellBytes, grows: !equalParts };
  const objects = new Objects(client);
  const budget = new CellBudget(budgetBytes);
  const tools = { objects, uploads: new Uploads(client), grid, budget, latch, newId };
  const travelling = hashing === undefined ? null : new TravellingHashes(hashing);
  const hashes = new Hashes(travelling);
  const placing = new Placing(tools);
  const sealing = new Sealing({ tools, hashes, placing });
  const leftovers = new Leftovers({ tools, placing, sealing });
  const shared = { tools, hashes, placing, sealing, leftovers };
  try {
    await assertKeys(client);
    await assertOwn(objects, bucket, store);
  } catch (error) {
    // Idle connections would keep a command alive for a minute.
    client.close();
    throw error;
  }
  return {
    staging: new S3Staging(shared),
    content: new S3Content(tools, links && new Links(client, links)),
    parts: new S3Parts(shared),
    repair: new S3Repair(tools, client),
    intake: new S3Intake(tools),
    check: () => answering(() => objects.check()),
    space: async () => null,
    close: async () => {
      await leftovers.close();
      await travelling?.close();
      client.close();
    },
  };
}
