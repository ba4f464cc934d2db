// Mounts: a repository gets a blob that another one holds, without an upload (OCI distribution-spec, "Mounting a blob from
// another repository").
import type { Digest } from "../content/digest.ts";
import { leaseAt } from "../content/lease.ts";
import { findIntact } from "./blobs.ts";
import type { RegistryDeps } from "./manifests.ts";
import type { RepositoryName } from "./names.ts";

/** A blob that a client would like to have in `repository`. */
export interface MountRequest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** The only repository it may come from; null for any that may be pulled from. */
  readonly from: RepositoryName | null;
  /** What the client may see: content of other repositories must not even seem to exist. */
  readonly mayPull: (repository: RepositoryName) => boolean;
}

type MountDeps = Pick<RegistryDeps, "metadata" | "storage" | "onDamage" | "clock" | "leaseMs">;

const holdersAtOnce = 1000;

/**
 * Links the blob and keeps it for a lease, if a repository that may be pulled from holds it intact.
 * @returns false when there is none: the client has to upload.
 */
export async function mountBlob(
  deps: MountDeps,
  { repository, digest, from, mayPull }: MountRequest,
): Promise<boolean> {
  const source = from ?? (await findHolder(deps, digest, mayPull));
  if (source === null || !mayPull(source)) return false;
  const intact = await findIntact(deps, source, digest);
  if (intact === null) return false;
  const now = deps.clock();
  const keptUntil = leaseAt(now, deps.leaseMs).until;
  const { locator } = intact;
  return deps.metadata.mountBlob({ repository, digest, source, locator, now, keptUntil });
}

async function findHolder(
  { metadata }: Pick<RegistryDeps, "metadata">,
  digest: Digest,
  mayPull: MountRequest["mayPull"],
): Promise<RepositoryName | null> {
  let after: RepositoryName | null = null;
  for (;;) {
    const page: readonly RepositoryName[] = await metadata.listHolders(digest, {
      after,
      limit: holdersAtOnce,
    });
    const found = page.find(mayPull);
    if (found !== undefined) return found;
    if (page.length < holdersAtOnce) return null;
    after = page.at(-1) ?? null;
  }
}
