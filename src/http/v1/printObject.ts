// How an object is printed, and how its media type is read: the same for those that came whole and those that came in parts.
import type { ObjectRecord } from "../../metadata/objects.ts";
import { invalid, isoTime } from "./requests.ts";

/** What an object is when nobody says what it is. */
export const unknownType = "application/octet-stream";
/** Bytes. */
const longestType = 255;
const mediaType = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+[ \t]*(?:;[\t\x20-\x7e]*)?$/;

/** An object's metadata: size in bytes, time in ISO 8601; its etag is its digest. */
export function printObject({
  bucket,
  object,
  size,
  digest,
  contentType,
  createdAt,
}: ObjectRecord) {
  return {
    bucket,
    object,
    size_bytes: size,
    etag: digest,
    digest,
    content_type: contentType,
    created_at: isoTime(createdAt),
  };
}

/** @throws RegistryError REQUEST_INVALID unless it is a media type (RFC 9110, 8.3.1) that a header can hold. */
export function readMediaType(text: string): string {
  if (text.length <= longestType && mediaType.test(text)) return text;
  throw invalid(`the content type must be type/subtype, at most ${longestType} bytes`);
}
