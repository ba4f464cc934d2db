// Tags of a repository, listed by page (OCI distribution-spec, "Listing Tags").
import { RegistryError } from "../errors.ts";
import type { Page } from "../metadata/metadata.ts";
import type { RepositoryName, Tag } from "../model/names.ts";
import type { RegistryDeps } from "./manifests.ts";

/** At most `n` names, strictly after `last` in byte order; `last` need not exist. */
export interface ListRequest {
  readonly n: number;
  readonly last: string | null;
}

/**
 * A page of tags. `n` 0 is an empty page with nothing after it, as the specification wants.
 * @throws RegistryError NAME_UNKNOWN
 */
export async function listTags(
  deps: Pick<RegistryDeps, "metadata">,
  repository: RepositoryName,
  { n, last }: ListRequest,
): Promise<Page<Tag>> {
  const page = await deps.metadata.listTags(repository, { after: last, limit: Math.max(n, 1) });
  if (page === null) {
    throw new RegistryError("NAME_UNKNOWN", {
      message: `no repository named ${repository}`,
      detail: { name: repository },
    });
  }
  return n === 0 ? { names: [], more: false } : page;
}
