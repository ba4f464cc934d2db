// Manifests about another one, listed as an image index by page (OCI distribution-spec, "Listing Referrers").

import type { Referrer } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { RegistryDeps } from "./manifests.ts";
import type { ListRequest } from "./tags.ts";

/** At most `n` referrers, strictly after `last`. */
export interface ReferrersRequest extends ListRequest {
  /** Only those of this type; null for all. */
  readonly artifactType: string | null;
}

/** A page of referrers. */
export interface ReferrersPage {
  /** JSON of an OCI image index. */
  readonly index: string;
  /** The last referrer, when others follow. */
  readonly next: Digest | null;
}

/** Media type of the list. */
export const referrersType = "application/vnd.oci.image.index.v1+json";

/** Clients read no more of a list than they read of a manifest: 4 MiB. A descriptor without its annotations stays below 1 KiB. */
const annotationBytes = 3 * 1024 * 1024;

/** Never fails for what is not there: an unknown subject or repository has an empty list. `n` is 1000 at most. */
export async function listReferrers(
  deps: Pick<RegistryDeps, "metadata">,
  repository: RepositoryName,
  subject: Digest,
  { n, last, artifactType }: ReferrersRequest,
): Promise<ReferrersPage> {
  const { referrers, more } = await deps.metadata.listReferrers(repository, subject, {
    artifactType,
    after: last,
    limit: n,
    annotationBytes,
  });
  return { index: printIndex(referrers), next: more ? (referrers.at(-1)?.digest ?? null) : null };
}

function printIndex(referrers: readonly Referrer[]): string {
  const manifests = referrers.map(printDescriptor).join(",");
  return `{"schemaVersion":2,"mediaType":"${referrersType}","manifests":[${manifests}]}`;
}

/** Annotations are JSON already; reading megabytes of them only to print them again would hold up everybody else. */
function printDescriptor({ annotations, artifactType, ...rest }: Referrer): string {
  const { mediaType, digest, size } = rest;
  const descriptor = JSON.stringify({
    mediaType,
    digest,
    size,
    ...(artifactType !== null && { artifactType }),
  });
  return annotations === null
    ? descriptor
    : `${descriptor.slice(0, -1)},"annotations":${annotations}}`;
}
