// What a bucket must be before it is used: reachable, and this store's. With another store's rows, all of its bytes would look like
// garbage.
import type { BucketClient, BucketOptions } from "./client.ts";
import { S3Error } from "./failures.ts";
import { folders } from "./names.ts";
import type { Objects } from "./objects.ts";
import { readWhole } from "./reading.ts";

/** The layout of keys that this version reads and writes. */
const formatVersion = 1;
/** The object that says whose bytes these are. */
export const formatKey = "format";

/** Why a bucket cannot be used, in words for the operator. */
export class BucketError extends Error {
  override readonly name = "BucketError";
}

/** @param store the database's id. @throws BucketError */
export async function assertOwn(
  objects: Objects,
  place: Pick<BucketOptions, "bucket" | "endpoint" | "prefix">,
  store: string,
): Promise<void> {
  try {
    await objects.check();
    const found = await readFormat(objects);
    if (found === null) await writeFormat(objects, place, store);
    else assertSame(found, place, store);
  } catch (error) {
    throw error instanceof S3Error ? explained(error, place) : error;
  }
}

/** @throws BucketError when there are no keys to sign with. Not tried again: who starts the server waits for it. */
export async function assertKeys(client: Pick<BucketClient, "keys">): Promise<void> {
  try {
    await client.keys();
  } catch (cause) {
    throw new BucketError(
      "no access key for the bucket: set storage.s3.accessKeyId and storage.s3.secretAccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine, container or pod a role",
      { cause },
    );
  }
}

async function readFormat(objects: Objects): Promise<string | null> {
  const head = await objects.head(formatKey);
  const bytes = head === null ? null : await readWhole(objects, formatKey, head.size);
  return bytes && new TextDecoder().decode(bytes);
}

const formatOf = (store: string): string =>
  JSON.stringify({ version: formatVersion, database: store });

function assertSame(
  found: string,
  { bucket, prefix }: Pick<BucketOptions, "bucket" | "prefix">,
  store: string,
): void {
  if (found === formatOf(store)) return;
  throw new BucketError(
    `the bucket ${bucket} holds the bytes of another store below "${prefix}" (${formatKey}: ${found.slice(0, 200)}; this database is ${store}): name another storage.s3.prefix, or open the database that belongs to it`,
  );
}

/** Of stores that start at once, the one that wrote last has it. */
async function writeFormat(
  objects: Objects,
  place: Pick<BucketOptions, "bucket" | "prefix">,
  store: string,
): Promise<void> {
  const { done, value } = await objects.list(folders.data).next();
  if (done !== true && value.length > 0) {
    throw new BucketError(
      `the bucket ${place.bucket} holds content below "${place.prefix}${folders.data}", and no object "${place.prefix}${formatKey}" says whose it is: restore that object, or name another storage.s3.prefix`,
    );
  }
  await objects.put(formatKey, new TextEncoder().encode(formatOf(store)));
  assertSame((await readFormat(objects)) ?? "absent", place, store);
}

function explained(
  error: S3Error,
  { bucket, endpoint }: Pick<BucketOptions, "bucket" | "endpoint">,
): BucketError {
  const where = endpoint ?? "Amazon S3";
  const cause = { cause: error };
  switch (error.status) {
    case 0:
      return new BucketError(
        `no answer from ${where}: check storage.s3.endpoint, and whether the server runs (${error.message})`,
        cause,
      );
    case 301:
      return new BucketError(
        `the bucket ${bucket} is in another region: correct storage.s3.region`,
        cause,
      );
    case 401:
    case 403:
      return new BucketError(
        `${where} refuses access to the bucket ${bucket}: check the access key, its secret, and that it may list, get, put and delete objects and handle multipart uploads (${error.message})`,
        cause,
      );
    case 404:
      return new BucketError(
        `there is no bucket ${bucket} at ${where}: create it, or correct storage.s3.bucket`,
        cause,
      );
    default:
      return new BucketError(`the bucket ${bucket} cannot be used: ${error.message}`, cause);
  }
}
