// Blobs: GET and HEAD (distribution-spec, "Pulling blobs"). Whole files go to the server's native send, which also answers ranges.
import { Elysia } from "elysia";
import type { Digest } from "../../content/digest.ts";
import { type OpenBlob, openBlob, statBlob } from "../../registry/blobs.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { contentHeaders, empty, notModified } from "../answers.ts";
import { etagOf, isSingleRange, matchesEtag, spanOf } from "../headers.ts";
import { longestTimeout, matchOf, visitOf } from "../visit.ts";

/** What these routes work with. */
export interface BlobRoutesDeps {
  readonly registry: RegistryDeps;
  readonly telemetry: Telemetry;
}

const address = "/v2/:name/blobs/:digest";
const asAttachment = { "content-disposition": "attachment" };
const acceptsRanges = { "accept-ranges": "bytes" };

async function pull({ registry, telemetry }: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const blob = await openBlob(registry, name, digest);
  const headers = { ...contentHeaders(digest, blob.mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  const visit = visitOf(request);
  visit.extend(longestTimeout);
  const range = rangeFor(digest, request.headers);
  const span = spanOf(range, blob.size);
  if (range !== null && span.start === span.end && blob.size > 0) {
    return empty(416, { ...acceptsRanges, "content-range": `bytes */${blob.size}` });
  }
  if (range !== null && blob.body instanceof Blob) visit.sentStatus = 206;
  telemetry.metrics.sent(span.end - span.start);
  return send(blob, range, headers);
}

/** The Range header when it is to be answered with a range: a single one, and of this version. */
function rangeFor(digest: Digest, headers: Headers): string | null {
  const range = headers.get("range");
  const version = headers.get("if-range");
  return isSingleRange(range) && (version === null || version === etagOf(digest)) ? range : null;
}

/** @param range null for the whole. */
function send({ size, body }: OpenBlob, range: string | null, headers: Record<string, string>) {
  if (range === null) return new Response(body, { headers: { ...headers, ...acceptsRanges } });
  // The server cuts a file to its range itself, status and headers included. It sends all of it for positions that it cannot
  // count to: these ranges, and bytes in memory, are ours to cut.
  if (body instanceof Blob && !/\d{16}/.test(range)) return new Response(body, { headers });
  const { start, end } = spanOf(range, size);
  const part = body instanceof Blob ? body.slice(start, end) : body.subarray(start, end);
  return new Response(part, {
    status: 206,
    headers: {
      ...headers,
      ...acceptsRanges,
      "content-range": `bytes ${start}-${end - 1}/${size}`,
    },
  });
}

/** Answered from the rows and the file's size: no byte of the blob is read. */
async function stat({ registry }: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const { mediaType, size } = await statBlob(registry, name, digest);
  const headers = { ...contentHeaders(digest, mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  return new Response(null, {
    headers: { ...headers, ...acceptsRanges, "content-length": String(size) },
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
