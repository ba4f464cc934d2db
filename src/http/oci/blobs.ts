// Blobs: GET and HEAD (distribution-spec, "Pulling blobs"). Whole files and single ranges go to the server's native send.
import { Elysia } from "elysia";
import type { Digest } from "../../content/digest.ts";
import { type OpenBlob, openBlob, statBlob } from "../../registry/blobs.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { contentHeaders, empty, notModified } from "../answers.ts";
import type { Rights } from "../guard.ts";
import { etagOf, matchesEtag } from "../headers.ts";
import { multipartBody, multipartType } from "../multipart.ts";
import { type ByteSpan, chooseRanges } from "../ranges.ts";
import { longestTimeout, matchOf, visitOf } from "../visit.ts";

/** What these routes work with. */
export interface BlobRoutesDeps {
  readonly registry: RegistryDeps;
  readonly rights: Pick<Rights, "mayPush">;
  readonly telemetry: Telemetry;
  /** Not to be guessed: parts of an answer are told apart by it. */
  readonly newId: () => string;
}

const address = "/v2/:name/blobs/:digest";
const asAttachment = { "content-disposition": "attachment" };
const acceptsRanges = { "accept-ranges": "bytes" };

type AnswerHeaders = Record<string, string>;

async function pull(deps: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const blob = await openBlob(deps.registry, name, digest);
  const headers = { ...contentHeaders(digest, blob.mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  visitOf(request).extend(longestTimeout);
  return send(deps, request, blob, headers);
}

/** The whole, or what Range asks for. */
async function send(
  { telemetry, newId }: BlobRoutesDeps,
  request: Request,
  blob: OpenBlob,
  headers: AnswerHeaders,
): Promise<Response> {
  const range = rangeFor(blob.digest, request.headers);
  const choice = chooseRanges(range, blob.size);
  const { metrics } = telemetry;
  if (choice.kind === "none") {
    return empty(416, { ...acceptsRanges, "content-range": `bytes */${blob.size}` });
  }
  if (choice.kind === "whole") {
    metrics.sent(blob.size);
    // The server would answer any range of an empty file with 416.
    const body = blob.size === 0 ? new Uint8Array() : blob.body;
    return new Response(body, { headers: { ...headers, ...acceptsRanges } });
  }
  const spans = [choice.first, ...choice.others];
  metrics.sent(spans.reduce((sum, { start, end }) => sum + end - start, 0));
  if (choice.others.length > 0) return sendSpans(blob, spans, headers, newId());
  if (!(blob.body instanceof Blob) || !nativeRange.test(range ?? "")) {
    return sendSpan(blob, choice.first, headers);
  }
  // The server cuts a file to its range itself, status and headers included.
  visitOf(request).sentStatus = 206;
  return new Response(blob.body, { headers });
}

/** The Range header, unless it is about another version. */
function rangeFor(digest: Digest, headers: Headers): string | null {
  const version = headers.get("if-range");
  return version === null || version === etagOf(digest) ? headers.get("range") : null;
}

/** What the server can cut a file to: one range, of positions that it can count to (it sends all of the file for others). */
const nativeRange = /^bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/;

function sendSpan({ size, body }: OpenBlob, { start, end }: ByteSpan, headers: AnswerHeaders) {
  const part = body instanceof Blob ? body.slice(start, end) : body.subarray(start, end);
  const contentRange = `bytes ${start}-${end - 1}/${size}`;
  return new Response(part, {
    status: 206,
    headers: { ...headers, ...acceptsRanges, "content-range": contentRange },
  });
}

async function sendSpans(
  { size, mediaType, openReader }: OpenBlob,
  spans: readonly ByteSpan[],
  headers: AnswerHeaders,
  boundary: string,
): Promise<Response> {
  const parts = await multipartBody({ size, mediaType, boundary, openReader }, spans);
  return new Response(parts, {
    status: 206,
    headers: { ...headers, ...acceptsRanges, "content-type": multipartType(boundary) },
  });
}

/** Answered from the rows and the file's size: no byte of the blob is read. */
async function stat({ registry, rights }: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const { mediaType, size } = await statBlob(registry, name, digest, rights.mayPush(name));
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
      detail: { operationId: "getBlob", tags: ["blobs"], summary: "Pull a blob, or ranges of it" },
    })
    .head(address, ({ request }) => stat(deps, request), {
      detail: {
        operationId: "headBlob",
        tags: ["blobs"],
        summary: "Ask whether a blob exists, and its size",
      },
    });
