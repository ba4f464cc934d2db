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

/** `GET /v2/_catalog` and `GET /v2/<name>/tags/list`. */
export const listRoutes = (deps: RegistryDeps) =>
  new Elysia({ name: "oci.lists" })
    .get(
      "/v2/_catalog",
      async ({ request }) => {
        const query = parseListQuery(queryOf(request));
        const page = await listRepositories(deps, query);
        return json(
          { repositories: page.names },
          { headers: pageHeaders("/v2/_catalog", query, page) },
        );
      },
      {
        detail: {
          operationId: "listRepositories",
          tags: ["registry"],
          summary: "List repositories",
        },
      },
    )
    .get(
      "/v2/:name/tags/list",
      async ({ request }) => {
        const { name } = matchOf(request, "/v2/:name/tags/list");
        const query = parseListQuery(queryOf(request));
        const page = await listTags(deps, name, query);
        return json(
          { name, tags: page.names },
          { headers: pageHeaders(`/v2/${name}/tags/list`, query, page) },
        );
      },
      {
        detail: {
          operationId: "listTags",
          tags: ["tags"],
          summary: "List the tags of a repository",
        },
      },
    );
