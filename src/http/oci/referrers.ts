import { listReferrers, referrersType } from "../../registry/referrers.ts";
import { answers, parameters } from "../docs/referrers.ts";
import { type ListQuery, parseListQuery } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";

const address = "/v2/:name/referrers/:digest";

/** The one type that is filtered by. Several are no filter of the specification: then all are listed, without the header. */
function filterOf(query: URLSearchParams): string | null {
  const [artifactType, ...others] = query.getAll("artifactType");
  return others.length > 0 ? null : artifactType || null;
}

async function list(call: Call<typeof address>, { registry }: Services): Promise<Response> {
  const { name, digest } = call.params;
  const asked = queryOf(call);
  const query = parseListQuery(asked);
  const artifactType = filterOf(asked);
  const { index, next } = await listReferrers(registry, name, digest, { ...query, artifactType });
  const body = Buffer.from(index);
  const path = `/v2/${name}/referrers/${digest}`;
  return new Response(call.request.method === "HEAD" ? null : body, {
    headers: {
      "content-type": referrersType,
      "content-length": String(body.byteLength),
      ...(artifactType !== null && { "oci-filters-applied": "artifactType" }),
      ...(next !== null && { link: linkTo(path, query, artifactType, next) }),
    },
  });
}

/** The next page, path-relative: right behind every proxy. */
function linkTo(path: string, { n }: ListQuery, artifactType: string | null, last: string): string {
  const filter = artifactType === null ? {} : { artifactType };
  return `<${path}?${new URLSearchParams({ n: String(n), last, ...filter })}>; rel="next"`;
}

/** `/v2/<name>/referrers/<digest>`. */
export const referrerOperations = [
  ...operation({
    id: "listReferrers",
    method: "GET",
    path: address,
    action: "pull",
    target: "repository",
    needs: { right: "pull", on: "repository" },
    tag: "manifests",
    summary: "List the referrers of a manifest",
    handle: list,
    head: {
      summary: "Get the headers of the list of referrers",
      description: "As `GET`, without the index.",
    },
    doc: () => ({
      description:
        "The manifests of this repository whose `subject` is the given digest: signatures, SBOMs, attestations. Each has its `artifactType` (or the media type of its config, when it has none) and its annotations. A page has at most 1000 descriptors and 4 MiB, unless a single one is larger; `Link` is the next page. Source: distribution-spec, _Listing Referrers_ (end-12a, end-12b).",
      parameters,
      responses: answers(),
    }),
  }),
];
