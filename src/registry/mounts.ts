// Mounts: a repository gets a blob that another one holds, or that an object is made of, without an upload (OCI distribution-spec,
// "Mounting a blob from another repository").

import { findStored } from "../content/intact.ts";
import { leaseAt } from "../content/lease.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName } from "../model/objectNames.ts";
import { findIntact } from "./blobs.ts";
import type { RegistryDeps } from "./manifests.ts";

/** A blob that a client would like to have in `repository`. */
export interface MountRequest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** The only repository it may come from; null for any that may be pulled from. */
  readonly from: RepositoryName | null;
  /** The client's rights: content of other repositories must not even seem to exist. */
  readonly mayPull: (repository: RepositoryName) => boolean;
}

/** A blob that a client would like to have, made of what an object is made of. */
export interface ObjectMountRequest extends Pick<MountRequest, "repository" | "digest"> {
  /** The only bucket it may come from; null for any that may be read. */
  readonly from: BucketName | null;
  readonly mayRead: (bucket: BucketName) => boolean;
}

type MountDeps = Pick<
  RegistryDeps,
  "metadata" | "contents" | "storage" | "onDamage" | "clock" | "leaseMs"
>;

/** The dependencies of mounts from buckets. */
export type ObjectMountDeps = Omit<MountDeps, "metadata">;

const holdersAtOnce = 1000;
/** Without a name only so many holders are looked at: content that all repositories have would keep the server busy for a caller who may see none. */
const mostHolders = 5000;

/**
 * Links the blob and keeps it for a lease, if a repository that may be pulled from holds it intact.
 * @returns its size in bytes; null when there is none: the client has to upload.
 */
export async function mountBlob(
  deps: MountDeps,
  { repository, digest, from, mayPull }: MountRequest,
): Promise<number | null> {
  const { contents } = deps;
  const list = (page: HoldersPage<RepositoryName>) => contents.listHolders(digest, page);
  const source = from ?? (await findHolder(list, mayPull));
  if (source === null || !mayPull(source)) return null;
  const intact = await findIntact(deps, source, digest);
  if (intact === null) return null;
  const { locator, size } = intact;
  const isMounted = await contents.mountBlob({
    ...{ repository, digest, source, locator, ...leaseNow(deps) },
  });
  return isMounted ? size : null;
}

/** As `mountBlob`, from a bucket that may be read and holds an object of that digest. */
export async function mountObject(
  deps: ObjectMountDeps,
  { repository, digest, from, mayRead }: ObjectMountRequest,
): Promise<number | null> {
  const { storage, onDamage, contents } = deps;
  const list = (page: HoldersPage<BucketName>) => contents.listObjectHolders(digest, page);
  const bucket = from ?? (await findHolder(list, mayRead));
  if (bucket === null || !mayRead(bucket)) return null;
  const intact = await findStored(
    storage,
    () => contents.findObjectContent(bucket, digest),
    ({ locator }) => onDamage?.(digest, locator),
  );
  if (intact === null) return null;
  const { locator, size } = intact;
  const isMounted = await contents.mountObject({
    ...{ repository, digest, bucket, locator, ...leaseNow(deps) },
  });
  return isMounted ? size : null;
}

function leaseNow({ clock, leaseMs }: Pick<MountDeps, "clock" | "leaseMs">) {
  const now = clock();
  return { now, keptUntil: leaseAt(now, leaseMs).until };
}

/** A page of those that hold a digest, by name. */
interface HoldersPage<Name> {
  readonly after: Name | null;
  readonly limit: number;
}

/** One that may be seen, among the first. */
async function findHolder<Name>(
  list: (page: HoldersPage<Name>) => Promise<readonly Name[]>,
  maySee: (name: Name) => boolean,
): Promise<Name | null> {
  let after: Name | null = null;
  for (let looked = 0; looked < mostHolders; looked += holdersAtOnce) {
    const page: readonly Name[] = await list({ after, limit: holdersAtOnce });
    const found = page.find(maySee);
    if (found !== undefined) return found;
    if (page.length < holdersAtOnce) return null;
    after = page.at(-1) ?? null;
  }
  return null;
}
