// Lists of names, by page: repositories and tags. Thin: read the page, ask the registry, print names and Link.
import { Elysia } from "elysia";
import { listRepositories } from "../../registry/catalog.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import { listTags } from "../../registry/tags.ts";
import { json } from "../answers.ts";
import { type ListQuery, nextLink, parseListQuery } from "../headers.ts";
import { matchOf, queryOf } from "../visit.ts";

interface Names {
  readonly names: readonly string[];
  readonly more: boolean;
}

/** @param path of this list, for the next page's Link. */
function pageHeaders(
  path: string,
  query: ListQuery,
  { names, more }: Names,
): Record<string, string> {
  const last = names.at(-1);
  return more && last !== undefined ? { link: nextLink(path, query, last) } : {};
}

async function catalog(deps: RegistryDeps, request: Request): Promise<Response> {
  const query = parseListQuery(queryOf(request));
  const page = await listRepositories(deps, query);
  const headers = pageHeaders("/v2/_catalog", query, page);
  return json({ repositories: page.names }, { headers });
}

async function tags(deps: RegistryDeps, request: Request): Promise<Response> {
  const { name } = matchOf(request, "/v2/:name/tags/list");
  const query = parseListQuery(queryOf(request));
  const page = await listTags(deps, name, query);
  const headers = pageHeaders(`/v2/${name}/tags/list`, query, page);
  return json({ name, tags: page.names }, { headers });
}

/** `/v2/_catalog` and `/v2/<name>/tags/list`. After a HEAD the server drops the body. */
export const listRoutes = (deps: RegistryDeps) => {
  const repositories = { tags: ["registry"], summary: "List repositories" };
  const ofRepository = { tags: ["tags"], summary: "List the tags of a repository" };
  return new Elysia({ name: "oci.lists" })
    .get("/v2/_catalog", ({ request }) => catalog(deps, request), {
      detail: { ...repositories, operationId: "listRepositories" },
    })
    .head("/v2/_catalog", ({ request }) => catalog(deps, request), {
      detail: { ...repositories, operationId: "headRepositories" },
    })
    .get("/v2/:name/tags/list", ({ request }) => tags(deps, request), {
      detail: { ...ofRepository, operationId: "listTags" },
    })
    .head("/v2/:name/tags/list", ({ request }) => tags(deps, request), {
      detail: { ...ofRepository, operationId: "headTags" },
    });
};
