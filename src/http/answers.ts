// Answers that several routes give.

import type { Digest } from "../model/digest.ts";
import { etagOf } from "./headers.ts";
import { answerBytes, sharedFrom } from "./sharedBodies.ts";

/** A JSON answer without the `; charset` that `Response.json` adds. */
export function json(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const text = JSON.stringify(value);
  const init = { status, headers: { "content-type": "application/json", ...headers } };
  // Pages of tags and referrers reach some MiB.
  return text.length < sharedFrom ? new Response(text, init) : answerBytes(Buffer.from(text), init);
}

/** An answer whose status and headers say everything. */
export function empty(status: number, headers: Record<string, string>): Response {
  const bodiless = status === 204 || status === 304;
  return new Response(null, {
    status,
    headers: bodiless ? headers : { ...headers, "content-length": "0" },
  });
}

/** Content is pushed by clients: a browser must neither run nor guess it. */
export const inert = "default-src 'none'; sandbox";

/** Headers of content that was asked for by its digest, or by a tag that may move. */
export function contentHeaders(
  digest: Digest,
  mediaType: string,
  byDigest: boolean,
): Record<string, string> {
  return {
    "content-type": mediaType,
    "docker-content-digest": digest,
    etag: etagOf(digest),
    "cache-control": byDigest ? "private, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": inert,
  };
}

/** The headers of a 200 that a 304 repeats (RFC 9110, 15.4.5). */
export function notModified(headers: Record<string, string>): Response {
  const { "content-type": _type, ...kept } = headers;
  return empty(304, kept);
}
