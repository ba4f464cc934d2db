// Lists of names, by page: repositories and tags. Thin: read the page, ask the registry, print names and Link.

import type { RepositoryName } from "../../model/names.ts";
import { listRepositories } from "../../registry/catalog.ts";
import { listTags } from "../../registry/tags.ts";
import { json } from "../answers.ts";
import { failures, inRepository, inside, jsonLike, sometimes } from "../docs/answers.ts";
import { repository, tag } from "../docs/examples.ts";
import { name as nameParameter, page } from "../docs/parameters.ts";
import { visibleTo } from "../door.ts";
import { type ListQuery, nextLink, parseListQuery } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { visiblePage } from "../visible.ts";

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

async function catalog(call: RequestContext, { registry }: Services): Promise<Response> {
  const query = parseListQuery(queryOf(call));
  const maySee = visibleTo(call);
  const { items: names, more } = await visiblePage<RepositoryName>(
    {
      list: async (last, n) => {
        const page = await listRepositories(registry, { n, last });
        return { items: page.names, more: page.more };
      },
      nameOf: (name) => name,
      maySee: maySee && ((repository) => maySee({ kind: "repository", repository })),
      seek: (name) => call.rights.seek(name),
    },
    { after: query.last, limit: query.n },
  );
  const headers = pageHeaders("/v2/_catalog", query, { names, more });
  return json({ repositories: names }, { headers });
}

async function tags(call: Call<"/v2/:name/tags/list">, { registry }: Services): Promise<Response> {
  const { name } = call.params;
  const query = parseListQuery(queryOf(call));
  const page = await listTags(registry, name, query);
  const headers = pageHeaders(`/v2/${name}/tags/list`, query, page);
  return json({ name, tags: page.names }, { headers });
}

const nextPage = (path: string, last: string) => ({
  Link: sometimes(
    "The next page, when there is one (RFC 8288).",
    `<${path}?n=1&last=${encodeURIComponent(last)}>; rel="next"`,
  ),
});

const names = { type: "array" as const, items: { type: "string" as const } };

/** `/v2/_catalog` and `/v2/<name>/tags/list`. */
export const listOperations = [
  ...operation({
    id: "listRepositories",
    method: "GET",
    path: "/v2/_catalog",
    action: "catalog",
    target: "server",
    needs: "own",
    tag: "registry",
    summary: "List repositories",
    handle: catalog,
    doc: () => ({
      description:
        "All repositories in byte order, by page. This endpoint is not part of the distribution-spec, but clients know it from the Docker registry.",
      parameters: page(repository),
      responses: {
        200: {
          description: "A page of names.",
          headers: nextPage("/v2/_catalog", repository),
          content: jsonLike(
            { type: "object", required: ["repositories"], properties: { repositories: names } },
            { repositories: [repository] },
          ),
        },
        ...failures("PAGE_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    id: "listTags",
    method: "GET",
    path: "/v2/:name/tags/list",
    action: "pull",
    target: "repository",
    needs: { right: "pull", on: "repository" },
    tag: "tags",
    summary: "List the tags of a repository",
    handle: tags,
    doc: () => ({
      description:
        "The tags of a repository in byte order, by page. Source: distribution-spec, _Listing Tags_ (end-8a, end-8b).",
      parameters: [nameParameter, ...page(tag)],
      responses: {
        200: {
          description: "A page of tags.",
          headers: nextPage(`/v2/${repository}/tags/list`, tag),
          content: jsonLike(
            {
              type: "object",
              required: ["name", "tags"],
              properties: { name: { type: "string" }, tags: names },
            },
            { name: repository, tags: [tag] },
          ),
        },
        ...failures("PAGE_INVALID", "NAME_UNKNOWN", ...inRepository, ...inside),
      },
    }),
  }),
];
