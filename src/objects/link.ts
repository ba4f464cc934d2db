// An object made of content that is stored already: of a repository, or of another object. Not a byte is sent or copied.

import { findStored } from "../content/intact.ts";
import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { ObjectLinkSource, ObjectRecord, Precondition } from "../metadata/objects.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName, ObjectKey, ObjectName } from "../model/objectNames.ts";
import type { ObjectsDeps } from "./deps.ts";
import { unknownObject } from "./objects.ts";

/** Content of a repository. */
export interface BlobSource {
  readonly kind: "link";
  /** null for a name that no repository can have. */
  readonly repository: RepositoryName | null;
  readonly digest: Digest;
}

/** Another object. */
export interface CopySource extends ObjectKey {
  readonly kind: "copy";
}

/** The source of an object whose bytes are not sent. */
export type LinkSource = BlobSource | CopySource;

/** Content of repositories and buckets that may not be read must not even seem to exist. */
export interface LinkRights {
  readonly mayPull: (repository: RepositoryName) => boolean;
  /** @param object null for whatever the bucket holds. */
  readonly mayRead: (bucket: BucketName, object: ObjectName | null) => boolean;
}

/** The object that is made. */
interface Linked extends ObjectKey {
  readonly allows: Precondition;
  readonly rights: LinkRights;
  readonly by?: Author | undefined;
}

/** Content as it was found intact. */
interface Found {
  readonly from: ObjectLinkSource;
  readonly contentType: string;
}

/** Of a blob: what its request says is the type of that request's own body. */
const blobType = "application/octet-stream";

/**
 * Makes an object, or replaces it, at once and durably.
 * @throws RegistryError BUCKET_UNKNOWN, PRECONDITION_FAILED; BLOB_UNKNOWN or OBJECT_UNKNOWN when its source is not there.
 */
export async function linkObject(
  deps: ObjectsDeps,
  { bucket, object, allows, rights, by }: Linked,
  source: LinkSource,
): Promise<ObjectRecord> {
  const found =
    source.kind === "link"
      ? await findBlob(deps, source, rights)
      : await findSource(deps, source, rights);
  if (found === null) throw unknownSource(source);
  const outcome = await deps.metadata.linkObject({
    ...{ bucket, object, allows, ...found },
    ...{ now: deps.clock(), by },
  });
  switch (outcome.kind) {
    case "linked":
      return outcome.record;
    case "bucketUnknown":
      throw unknownObject(outcome.kind);
    case "refused":
      throw new RegistryError("PRECONDITION_FAILED");
    case "contentGone":
      throw unknownSource(source);
    default:
      return outcome satisfies never;
  }
}

async function findBlob(
  deps: ObjectsDeps,
  { repository, digest }: BlobSource,
  { mayPull }: LinkRights,
): Promise<Found | null> {
  if (repository === null || !mayPull(repository)) return null;
  const intact = await findStored(
    deps.storage,
    () => deps.registry.findBlob(repository, digest),
    ({ locator }) => deps.onDamage?.(digest, locator),
  );
  if (intact === null) return null;
  const from = { repository, digest, locator: intact.locator };
  return { from, contentType: blobType };
}

/** A copy is of the same media type. */
async function findSource(
  deps: ObjectsDeps,
  { bucket, object }: CopySource,
  { mayRead }: LinkRights,
): Promise<Found | null> {
  if (!mayRead(bucket, object)) return null;
  const intact = await findStored(
    deps.storage,
    async () => {
      const row = await deps.metadata.findObject(bucket, object);
      return row.kind === "found" && row.object.damagedAt === null ? row.object : null;
    },
    ({ digest, locator }) => deps.onDamage?.(digest, locator),
  );
  if (intact === null) return null;
  const { digest, locator, contentType } = intact;
  return { from: { copyOf: { bucket, object }, digest, locator }, contentType };
}

function unknownSource(source: LinkSource): RegistryError {
  return source.kind === "link"
    ? new RegistryError("BLOB_UNKNOWN", {
        message: `the repository has no blob ${source.digest}`,
      })
    : new RegistryError("OBJECT_UNKNOWN", {
        message: "there is no object of the name in from",
      });
}
