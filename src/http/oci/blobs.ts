// Blobs: GET and HEAD (distribution-spec, "Pulling blobs"). Whole files go to the server's native send, which also answers ranges.
import { Elysia } from "elysia";
import { openBlob, statBlob } from "../../registry/blobs.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { contentHeaders, empty, notModified } from "../answers.ts";
import { bytesAsked, isSingleRange, isUnsatisfiable, matchesEtag } from "../headers.ts";
import { longestTimeout, matchOf, visitOf } from "../visit.ts";

/** What these routes work with. */
export interface BlobRoutesDeps {
  readonly registry: RegistryDeps;
  readonly telemetry: Telemetry;
}

const address = "/v2/:name/blobs/:digest";
const asAttachment = { "content-disposition": "attachment" };

async function pull({ registry, telemetry }: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const { mediaType, size, body } = await openBlob(registry, name, digest);
  const headers = { ...contentHeaders(digest, mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  visitOf(request).extend(longestTimeout);
  const range = request.headers.get("range");
  if (body instanceof Blob && isUnsatisfiable(range, size)) {
    return empty(416, { "content-range": `bytes */${size}`, "accept-ranges": "bytes" });
  }
  telemetry.metrics.sent(bytesAsked(range, size));
  // The server adds the header itself to the ranges of a file, and knows none of bytes in memory.
  const sendsRanges = body instanceof Blob && !isSingleRange(range);
  return new Response(body, {
    headers: sendsRanges ? { ...headers, "accept-ranges": "bytes" } : headers,
  });
}

/** Answered from the rows and the file's size: no byte of the blob is read. */
async function stat({ registry }: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const { mediaType, size } = await statBlob(registry, name, digest);
  const headers = { ...contentHeaders(digest, mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  return new Response(null, {
    headers: { ...headers, "accept-ranges": "bytes", "content-length": String(size) },
  });
}

/** `/v2/<name>/blobs/<digest>`. */
export const blobRoutes = (deps: BlobRoutesDeps) =>
  new Elysia({ name: "oci.blobs" })
    .get(address, ({ request }) => pull(deps, request), {
      detail: { operationId: "getBlob", tags: ["blobs"], summary: "Pull a blob, or a range of it" },
    })
    .head(address, ({ request }) => stat(deps, request), {
      detail: {
        operationId: "headBlob",
        tags: ["blobs"],
        summary: "Ask whether a blob exists, and its size",
      },
    });
