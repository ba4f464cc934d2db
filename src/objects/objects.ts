// Objects: open, look, list, remove.
import { findStored, type OpenContent, openReader } from "../content/intact.ts";
import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type {
  ObjectPage,
  ObjectPageRequest,
  ObjectRecord,
  Precondition,
  StoredObject,
} from "../metadata/objects.ts";
import type { BucketName, ObjectKey } from "../model/objectNames.ts";
import type { ObjectsDeps } from "./deps.ts";

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
  const intact = await findStored(
    deps.storage,
    () => findRow(deps, key),
    ({ digest, locator }) => deps.onDamage?.(digest, locator),
  );
  if (intact === null) {
    throw new RegistryError("OBJECT_UNKNOWN", {
      message: "the content of this object is damaged or missing: the object must be put again",
    });
  }
  const { locator, damagedAt: _damagedAt, body, ...record } = intact;
  const reader = () => openReader(deps.storage, locator, "OBJECT_UNKNOWN");
  // Its answers have headers and conditions that a store does not know.
  return { record, size: record.size, body, link: null, openReader: reader };
}

/** So many replacements in a row, each while the object is being opened. */
const mostReplaced = 10;

/**
 * Opens an object and uses it. An object that is replaced meanwhile may lose its content before it is read: then it is opened again.
 * @throws as `openObject`, and what `use` throws.
 */
export async function withObject<Result>(
  deps: ReadDeps,
  key: ObjectKey,
  use: (found: OpenObject) => Result | Promise<Result>,
): Promise<Result> {
  for (let looks = 1; ; looks += 1) {
    const found = await openObject(deps, key);
    try {
      return await use(found);
    } catch (error) {
      const isGone = error instanceof RegistryError && error.situation === "OBJECT_UNKNOWN";
      if (!isGone || looks === mostReplaced) throw error;
    }
  }
}

/** @returns null for content that is known to be damaged. */
async function findRow(
  { metadata }: ReadDeps,
  { bucket, object }: ObjectKey,
): Promise<StoredObject | null> {
  const outcome = await metadata.findObject(bucket, object);
  if (outcome.kind !== "found") throw unknownObject(outcome.kind);
  return outcome.object.damagedAt === null ? outcome.object : null;
}

/** @param kind the kind that does not exist. */
export function unknownObject(kind: "bucketUnknown" | "objectUnknown"): RegistryError {
  return new RegistryError(kind === "bucketUnknown" ? "BUCKET_UNKNOWN" : "OBJECT_UNKNOWN");
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
 * Deletes the object's row; the next collection deletes content that nothing else keeps.
 * @param by is written down with it. @throws RegistryError BUCKET_UNKNOWN, OBJECT_UNKNOWN, PRECONDITION_FAILED.
 */
export async function removeObject(
  { metadata, clock }: Pick<ObjectsDeps, "metadata" | "clock">,
  key: ObjectKey,
  allows: Precondition,
  by?: Author,
): Promise<void> {
  const { kind } = await metadata.removeObject({ ...key, allows, now: clock(), by });
  if (kind === "removed") return;
  throw kind === "refused" ? new RegistryError("PRECONDITION_FAILED") : unknownObject(kind);
}
