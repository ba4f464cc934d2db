// Blobs as a repository serves them: through its own link, and only when the stored file is what the row says.

import {
  findStored,
  type IntactContent,
  type OpenContent,
  openReader,
  readerOf,
} from "../content/intact.ts";
import { leaseAt } from "../content/lease.ts";
import { RegistryError, type Situation } from "../errors.ts";
import type { StoredContent } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { RegistryDeps } from "./manifests.ts";

/** The answer to HEAD of a blob; size in bytes. */
export interface BlobSummary {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

/** A blob to be sent. */
export interface OpenBlob extends BlobSummary, OpenContent {}

const writeFailures: ReadonlySet<Situation> = new Set(["READ_ONLY", "DISK_FULL"]);
const octetStream = "application/octet-stream";

/**
 * A blob of this repository, or the bytes of one of its manifests (containerd fetches those here as well).
 * @throws RegistryError BLOB_UNKNOWN without a link, even if the content exists, and when the file is damaged, so that
 * the next push stores it again.
 */
export async function openBlob(
  deps: Pick<RegistryDeps, "metadata" | "storage" | "onDamage">,
  repository: RepositoryName,
  digest: Digest,
): Promise<OpenBlob> {
  const intact = await findIntact(deps, repository, digest);
  if (intact !== null) {
    const { locator, size, body, link } = intact;
    const open = () => openReader(deps.storage, locator, "BLOB_UNKNOWN");
    return { digest, size, mediaType: octetStream, body, link, openReader: open };
  }
  const manifest = await deps.metadata.findManifest(repository, { digest });
  if (manifest === null) throw unknownBlob(repository, digest);
  const { size, mediaType, body } = manifest;
  return { digest, size, mediaType, body, link: null, openReader: async () => readerOf(body) };
}

/**
 * As `openBlob` without the bytes. A pusher skips its upload after this answer, so the content is kept for a lease.
 * @param mayPush false for who cannot push: then the answer promises nothing.
 * @throws RegistryError BLOB_UNKNOWN
 */
export async function statBlob(
  deps: Pick<RegistryDeps, "metadata" | "contents" | "storage" | "onDamage" | "clock" | "leaseMs">,
  repository: RepositoryName,
  digest: Digest,
  mayPush = true,
): Promise<BlobSummary> {
  const find = () =>
    mayPush ? findKept(deps, repository, digest) : deps.metadata.findBlob(repository, digest);
  const intact = await findStored(deps.storage, find, ({ locator }) =>
    deps.onDamage?.(digest, locator),
  );
  if (intact !== null) return { digest, size: intact.size, mediaType: octetStream };
  const manifest = await deps.metadata.findManifestSummary(repository, { digest });
  if (manifest === null) throw unknownBlob(repository, digest);
  return { digest, size: manifest.size, mediaType: manifest.mediaType };
}

/** A blob with a lease. While the store is read-only, no push can need the lease, and reads continue. */
async function findKept(
  deps: Pick<RegistryDeps, "metadata" | "contents" | "clock" | "leaseMs">,
  repository: RepositoryName,
  digest: Digest,
): Promise<StoredContent | null> {
  const { atLeast, until: keptUntil } = leaseAt(deps.clock(), deps.leaseMs);
  try {
    return await deps.contents.keepBlob({ repository, digest, atLeast, keptUntil });
  } catch (error) {
    const unwritable = error instanceof RegistryError && writeFailures.has(error.situation);
    if (!unwritable) throw error;
    return deps.metadata.findBlob(repository, digest);
  }
}

/** @returns null when the repository has no link, or the file behind it is absent or of another size. */
export function findIntact(
  { metadata, storage, onDamage }: Pick<RegistryDeps, "metadata" | "storage" | "onDamage">,
  repository: RepositoryName,
  digest: Digest,
): Promise<IntactContent | null> {
  return findStored(
    storage,
    () => metadata.findBlob(repository, digest),
    ({ locator }) => onDamage?.(digest, locator),
  );
}

/** The refusal of a digest that this repository does not hold. */
export function unknownBlob(repository: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", {
    message: `${repository} has no blob ${digest}`,
    detail: { name: repository, digest },
  });
}
