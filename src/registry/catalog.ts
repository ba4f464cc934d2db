// The list of repositories, by page (`GET /v2/_catalog`, as the Docker registry has it).
import type { Page } from "../metadata/metadata.ts";
import type { RepositoryName } from "../model/names.ts";
import type { RegistryDeps } from "./manifests.ts";
import type { ListRequest } from "./tags.ts";

/** A page of repository names in byte order. `n` 0 is an empty page with nothing after it. */
export async function listRepositories(
  deps: Pick<RegistryDeps, "metadata">,
  { n, last }: ListRequest,
): Promise<Page<RepositoryName>> {
  if (n === 0) return { names: [], more: false };
  return deps.metadata.listRepositories({ after: last, limit: n });
}
