// Referrers of a manifest (distribution-spec, "Listing Referrers"). Thin: read the page, ask the registry, print the headers.
import { Elysia } from "elysia";
import type { RegistryDeps } from "../../registry/manifests.ts";
import { listReferrers, referrersType } from "../../registry/referrers.ts";
import { type ListQuery, parseListQuery } from "../headers.ts";
import { matchOf, queryOf } from "../visit.ts";

const address = "/v2/:name/referrers/:digest";

/** The one type that is asked for. Several are no filter that the specification knows: then all are listed, and no header says otherwise. */
function filterOf(query: URLSearchParams): string | null {
  const [artifactType, ...others] = query.getAll("artifactType");
  return others.length > 0 ? null : artifactType || null;
}

async function list(deps: RegistryDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const asked = queryOf(request);
  const query = parseListQuery(asked);
  const artifactType = filterOf(asked);
  const { index, next } = await listReferrers(deps, name, digest, { ...query, artifactType });
  const body = Buffer.from(index);
  const path = `/v2/${name}/referrers/${digest}`;
  return new Response(request.method === "HEAD" ? null : body, {
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
export const referrerRoutes = (deps: RegistryDeps) =>
  new Elysia({ name: "oci.referrers" })
    .get(address, ({ request }) => list(deps, request), {
      detail: {
        operationId: "listReferrers",
        tags: ["manifests"],
        summary: "List what refers to a manifest",
      },
    })
    .head(address, ({ request }) => list(deps, request), {
      detail: {
        operationId: "headReferrers",
        tags: ["manifests"],
        summary: "Ask for the list of referrers without its body",
      },
    });
