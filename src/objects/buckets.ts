// Buckets: create, look, list, remove.
import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { Bucket } from "../metadata/objects.ts";
import type { BucketName } from "../model/objectNames.ts";
import type { ObjectsDeps } from "./deps.ts";
import { dropStaged } from "./dropping.ts";

/** A page of buckets: those with names after `after`, in byte order. */
export interface BucketPage {
  readonly after: string | null;
  readonly limit: number;
}

/** @param by is written down with it. @throws RegistryError BUCKET_EXISTS */
export async function createBucket(
  { metadata, clock }: Pick<ObjectsDeps, "metadata" | "clock">,
  name: BucketName,
  by?: Author,
): Promise<Bucket> {
  const createdAt = clock();
  const isNew = await metadata.createBucket(name, createdAt, by);
  if (!isNew) throw new RegistryError("BUCKET_EXISTS");
  return { name, createdAt, objects: 0, bytes: 0 };
}

/** @throws RegistryError BUCKET_UNKNOWN */
export async function findBucket(
  { metadata }: Pick<ObjectsDeps, "metadata">,
  name: BucketName,
): Promise<Bucket> {
  const bucket = await metadata.findBucket(name);
  if (bucket === null) throw new RegistryError("BUCKET_UNKNOWN");
  return bucket;
}

/** `more` is true when others follow. */
export function listBuckets(
  { metadata }: Pick<ObjectsDeps, "metadata">,
  page: BucketPage,
): Promise<{ readonly buckets: readonly Bucket[]; readonly more: boolean }> {
  return metadata.listBuckets(page);
}

/**
 * Removes a bucket without objects. Its open uploads end, and their staged bytes are deleted.
 * @param by is written down with it.
 * @throws RegistryError BUCKET_UNKNOWN, BUCKET_NOT_EMPTY, BUCKET_LOST_OBJECTS; BUCKET_BUSY while an object is received or completed.
 */
export async function removeBucket(
  deps: ObjectsDeps,
  name: BucketName,
  by?: Author,
): Promise<void> {
  const outcome = await deps.metadata.removeBucket(name, by && { ...by, at: deps.clock() });
  switch (outcome.kind) {
    case "removed":
      // The bucket is deleted: the cleanup drops what cannot be dropped now.
      for (const id of outcome.uploads) await dropStaged(deps, id).catch(() => {});
      return;
    case "unknown":
      throw new RegistryError("BUCKET_UNKNOWN");
    case "notEmpty":
      throw new RegistryError("BUCKET_NOT_EMPTY");
    case "lostObjects":
      throw new RegistryError("BUCKET_LOST_OBJECTS");
    case "busy":
      throw new RegistryError("BUCKET_BUSY", { retryAfter: 1 });
    default:
      outcome satisfies never;
  }
}
