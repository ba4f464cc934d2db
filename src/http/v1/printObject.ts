// How an object is printed, where it is, and how its media type is read: the same for those that came whole and those that came in parts.
import { isoTime } from "../../amounts.ts";
import type { ObjectRecord } from "../../metadata/objects.ts";
import type { BucketName, ObjectName } from "../../model/objectNames.ts";
import type { RequestContext } from "../requestContext.ts";
import { invalid } from "./requests.ts";

/** The type of an object that was put without one. */
export const unknownType = "application/octet-stream";
/** It is stored as it came, and sent back as a header: 1 to 255 printable ASCII characters. */
const mediaType = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

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

/** @throws RegistryError REQUEST_INVALID unless it is one that a header can hold. */
export function readMediaType(text: string): string {
  if (mediaType.test(text)) return text;
  throw invalid("the content type must be 1 to 255 printable characters of ASCII");
}

/** Path of a bucket. */
export function bucketPath(bucket: BucketName): string {
  return `/v1/buckets/${bucket}`;
}

/** Path of an object: slashes are kept, other characters that a path cannot hold are escaped. */
export function objectPath(bucket: BucketName, object: ObjectName): string {
  return `${bucketPath(bucket)}/objects/${object.split("/").map(encodeURIComponent).join("/")}`;
}

/** How long ago a request arrived, in seconds. */
export function secondsOf({ startedAt }: RequestContext): number {
  return (performance.now() - startedAt) / 1000;
}
