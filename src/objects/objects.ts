// Objects: open, look, list, remove.
import { type OpenContent, openIntact, openReader } from "../content/intact.ts";
import { RegistryError } from "../errors.ts";
import type {
  ObjectPage,
  ObjectPageRequest,
  ObjectRecord,
  Precondition,
  StoredObject,
} from "../metadata/objects.ts";
import type { ObjectsDeps } from "./deps.ts";
import type { BucketName, ObjectName } from "./names.ts";

/** Which object is meant. */
export interface ObjectKey {
  readonly bucket: BucketName;
  readonly object: ObjectName;
}

/** An object to be sent. */
export interface OpenObject extends OpenContent {
  readonly record: ObjectRecord;
}

type ReadDeps = Pick<ObjectsDeps, "metadata" | "storage" | "onDamage">;

/**
 * An object whose content is what its row says; nothing of it is read yet.
 * @throws RegistryError BUCKET_UNKNOWN; OBJECT_UNKNOWN, also when its content is damaged or missing.
 */
export async function openObject(deps: ReadDeps, key: ObjectKey): Promise<OpenObject> {
  const first = await findRow(deps, key);
  const opened = await tryOpen(deps, first);
  if (opened !== null) return opened;
  // Between the two looks the object may have been put again, or its content stored under another name.
  const row = await findRow(deps, key);
  const again = row.locator === first.locator ? null : await tryOpen(deps, row);
  if (again !== null) return again;
  if (!row.damaged) deps.onDamage?.(row.digest, row.locator);
  throw new RegistryError("OBJECT_UNKNOWN", {
    message: "the content of this object is damaged or missing: the object must be put again",
  });
}

async function findRow({ metadata }: ReadDeps, key: ObjectKey): Promise<StoredObject> {
  const outcome = await metadata.findObject(key.bucket, key.object);
  if (outcome.kind === "found") return outcome.object;
  throw unknownObject(outcome.kind);
}

/** @param kind what there is none of. */
export function unknownObject(kind: "bucketUnknown" | "objectUnknown"): RegistryError {
  return new RegistryError(kind === "bucketUnknown" ? "BUCKET_UNKNOWN" : "OBJECT_UNKNOWN");
}

async function tryOpen({ storage }: ReadDeps, row: StoredObject): Promise<OpenObject | null> {
  const intact = row.damaged ? null : await openIntact(storage, row);
  if (intact === null) return null;
  const { locator, damaged: _damaged, ...record } = row;
  const reader = () => openReader(storage, locator, "OBJECT_UNKNOWN");
  return { record, size: intact.size, body: intact.body, openReader: reader };
}

/** @throws RegistryError BUCKET_UNKNOWN */
export async function listObjects(
  { metadata }: Pick<ObjectsDeps, "metadata">,
  bucket: BucketName,
  page: ObjectPageRequest,
): Promise<ObjectPage> {
  const listed = await metadata.listObjects(bucket, page);
  if (listed === null) throw new RegistryError("BUCKET_UNKNOWN");
  return listed;
}

/**
 * Takes the object's name away; content that nothing else keeps goes with the next collection.
 * @throws RegistryError BUCKET_UNKNOWN, OBJECT_UNKNOWN, PRECONDITION_FAILED.
 */
export async function removeObject(
  { metadata, clock }: Pick<ObjectsDeps, "metadata" | "clock">,
  key: ObjectKey,
  allows: Precondition,
): Promise<void> {
  const { kind } = await metadata.removeObject({ ...key, allows, now: clock() });
  if (kind === "removed") return;
  throw kind === "refused" ? new RegistryError("PRECONDITION_FAILED") : unknownObject(kind);
}
