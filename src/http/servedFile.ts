// Files that the executable carries for browsers, and how they are sent: revalidated, or kept for ever under a name of their version.
import { type Digest, digestOf, hexOf } from "../model/digest.ts";
import { notModified } from "./answers.ts";
import { acceptsGzip, etagOf, matchesEtag } from "./headers.ts";
import type { RequestContext } from "./requestContext.ts";
import { sharedFrom } from "./sharedBodies.ts";
import { longAnswer } from "./slowReaders.ts";

/** A file ready to be sent. */
export interface ServedFile {
  readonly body: Blob | Uint8Array<ArrayBuffer>;
  /** Bytes. */
  readonly size: number;
  /** Of the bytes as they are sent: the file's ETag. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Distinguishes versions of the file in its URL. */
  readonly version: string;
}

/** For an address that names the version of what it leads to. */
export const forever = { "cache-control": "public, max-age=31536000, immutable" };

/** @param bytes of `body`. */
export function describeFile(
  body: ServedFile["body"],
  bytes: Uint8Array,
  mediaType: string,
): ServedFile {
  const digest = digestOf(bytes);
  return { body, size: bytes.byteLength, digest, mediaType, version: hexOf(digest).slice(0, 12) };
}

/** A file that the executable carries packed with gzip. */
export async function openPacked(path: string, mediaType: string): Promise<ServedFile> {
  const packed = Bun.file(path);
  return describeFile(packed, await packed.bytes(), mediaType);
}

/** Sends the file, or says that the client has it. */
export function deliver(
  context: RequestContext,
  { body, size, digest, mediaType }: ServedFile,
  further: Record<string, string>,
): Response {
  const headers = {
    "content-type": mediaType,
    etag: etagOf(digest),
    "cache-control": "no-cache",
    ...further,
  };
  if (matchesEtag(context.request.headers.get("if-none-match"), digest))
    return notModified(headers);
  const response = new Response(context.request.method === "HEAD" ? null : body, {
    headers: { ...headers, "content-length": String(size) },
  });
  return size < sharedFrom ? response : longAnswer(response);
}

/** Sends a packed file; unpacked to the few clients that take no gzip, each time anew: it is not worth keeping. */
export async function deliverPacked(
  context: RequestContext,
  file: ServedFile,
  further: Record<string, string>,
): Promise<Response> {
  const headers = { ...further, vary: "accept-encoding" };
  if (acceptsGzip(context.request.headers))
    return deliver(context, file, { ...headers, "content-encoding": "gzip" });
  const { body } = file;
  const bytes = Bun.gunzipSync(body instanceof Blob ? await body.bytes() : body);
  return deliver(context, describeFile(bytes, bytes, file.mediaType), headers);
}
