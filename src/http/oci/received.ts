// The body of an upload, and the digest it is to have: the same whole, in chunks and at the end.
import { RegistryError } from "../../errors.ts";
import { type Digest, parseDigest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { Chunk } from "../../uploads/session.ts";
import { empty } from "../answers.ts";
import { openBody } from "../body.ts";
import { assertNotEncoded, contentLength, parseContentRange } from "../headers.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
/** @throws RegistryError DIGEST_INVALID unless the query has exactly one valid `digest`. */
export function askedDigest(query: URLSearchParams): Digest {
  const [text, ...others] = query.getAll("digest");
  if (text !== undefined && others.length === 0) return parseDigest(text);
  throw new RegistryError("DIGEST_INVALID", {
    message: "the digest parameter must be given exactly once",
  });
}

/** @throws RegistryError ENCODING_UNSUPPORTED, UPLOAD_INVALID, BODY_TOO_LARGE: all before the body is read. */
export function chunkOf(context: RequestContext, { maxBodyBytes, pace }: Services): Chunk {
  const { headers } = context.request;
  assertNotEncoded(headers);
  const range = parseContentRange(headers.get("content-range"));
  const body = openBody(context, maxBodyBytes, pace);
  const length = contentLength(headers) ?? (body === null ? 0 : null);
  return { body, length, start: range?.start ?? null, end: range?.end ?? null };
}

export function created(name: RepositoryName, digest: Digest): Response {
  return empty(201, {
    location: `/v2/${name}/blobs/${digest}`,
    "docker-content-digest": digest,
  });
}
