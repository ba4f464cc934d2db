// Headers of requests and answers: parse and print. Pure.

import { RegistryError } from "../errors.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { UploadId } from "../model/uploadId.ts";

/** Where a chunk says it belongs: both positions inclusive. */
export interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

/** `<start>-<end>` as the distribution-spec writes it, and the `bytes <start>-<end>/<total>` of RFC 9110. */
const contentRange = /^(?:bytes )?([0-9]{1,19})-([0-9]{1,19})(?:\/(?:\*|([0-9]{1,19})))?$/;

/**
 * @returns null without a header.
 * @throws RegistryError UPLOAD_INVALID when it is not a range of whole positions below 2^53.
 */
export function parseContentRange(text: string | null): ChunkRange | null {
  if (text === null) return null;
  const [, first, last, whole] = contentRange.exec(text) ?? [];
  const start = Number(first);
  const end = Number(last);
  const total = whole === undefined ? Number.POSITIVE_INFINITY : Number(whole);
  const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!valid || start > end || end >= total) {
    throw new RegistryError("UPLOAD_INVALID", {
      message: "Content-Range must be <first>-<last>, both inclusive",
    });
  }
  return { start, end };
}

/**
 * Declared body length in bytes; null for a chunked body. The server has refused malformed ones and those that contradict each
 * other; the same one twice it hands over as `5, 5`.
 */
export function contentLength(headers: Headers): number | null {
  const text = headers.get("content-length")?.split(",", 1)[0];
  if (text === undefined) return null;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : Number.POSITIVE_INFINITY;
}

/** @throws RegistryError ENCODING_UNSUPPORTED: bodies are kept as they come, and never inflated. */
export function assertNotEncoded(headers: Headers): void {
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.trim().toLowerCase() !== "identity") {
    throw new RegistryError("ENCODING_UNSUPPORTED");
  }
}

/** Strong validator of immutable content. */
export function etagOf(digest: Digest): string {
  return `"${digest}"`;
}

/** If-None-Match by weak comparison (RFC 9110, 13.1.2): a list, `W/` and `*` included. */
export function matchesEtag(ifNoneMatch: string | null, digest: Digest): boolean {
  if (ifNoneMatch === null) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const etag = etagOf(digest);
  return ifNoneMatch.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag);
}

/** A list request: at most `n` names after `last`. */
export interface ListQuery {
  readonly n: number;
  readonly last: string | null;
}

/** Longest page of names; a larger `n` gets this many and a Link. */
export const longestPage = 1000;

/** @throws RegistryError PAGE_INVALID when `n` is not a whole number (of any length), or is given twice. */
export function parseListQuery(query: URLSearchParams): ListQuery {
  const [text, ...others] = query.getAll("n");
  const last = query.get("last");
  if (text === undefined) return { n: longestPage, last };
  if (others.length > 0 || !/^[0-9]+$/.test(text)) throw new RegistryError("PAGE_INVALID");
  return { n: Math.min(Number(text), longestPage), last };
}

/** The next page, path-relative: right behind every proxy. */
export function nextLink(path: string, { n }: ListQuery, last: string): string {
  return `<${path}?n=${n}&last=${encodeURIComponent(last)}>; rel="next"`;
}

/** Path of a repository's resource. Path-relative: clients drop their credentials when the host differs. */
export function uploadLocation(name: RepositoryName, id: UploadId): string {
  return `/v2/${name}/blobs/uploads/${id}`;
}

/** Headers for continuing an upload: `Range` names the last byte that counts, `0-0` also for none. */
export function uploadHeaders(
  name: RepositoryName,
  id: UploadId,
  offset: number,
): Record<string, string> {
  return {
    location: uploadLocation(name, id),
    range: `0-${Math.max(offset - 1, 0)}`,
    "docker-upload-uuid": id,
  };
}

/** True when the client takes gzip (RFC 9110, 12.5.3): it, or `*`, is named and not with a weight of 0. */
export function acceptsGzip(headers: Headers): boolean {
  const accepted = (headers.get("accept-encoding") ?? "").toLowerCase().split(",");
  const weight = (coding: string) =>
    accepted
      .map((entry) => entry.split(";").map((part) => part.trim()))
      .find(([name]) => name === coding)
      ?.slice(1)
      .join(";");
  const parameters = weight("gzip") ?? weight("*");
  return parameters !== undefined && !/^q=0(?:\.0*)?$/.test(parameters);
}

/** True for a client that shows pages: it says so. Programs that take anything get JSON. */
export function acceptsHtml(headers: Headers): boolean {
  return (headers.get("accept") ?? "").toLowerCase().includes("text/html");
}
