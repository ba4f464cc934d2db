// Paths below /v1/buckets/ → address and typed values. Apart from address.ts: object names are escaped in a path, nothing under /v2 is.
import { RegistryError } from "../errors.ts";
import { parseBucketName, parseObjectName, readPartNumber } from "../model/objectNames.ts";
import { readUploadId } from "../model/uploadId.ts";
import type { BucketMatch } from "./visit.ts";

/** What every address in a bucket begins with. */
export const bucketsPrefix = "/v1/buckets/";
/** Longest path in bytes: an object name of 1024 bytes, each of them escaped, a bucket and the words between. */
export const longestBucketPath = 3 * 1024 + 128;

const uploadsTemplate = "/v1/buckets/:bucket/multipart-uploads/:uploadId";

/**
 * @param path begins with `bucketsPrefix`.
 * @returns null when no address has this shape.
 * @throws RegistryError BUCKET_NAME_INVALID, OBJECT_NAME_INVALID, MULTIPART_UNKNOWN, PART_NUMBER_INVALID.
 */
export function findInBucket(path: string): BucketMatch | null {
  const [name = "", noun, ...rest] = path.slice(bucketsPrefix.length).split("/");
  if (noun === undefined) {
    return name === "" ? null : { template: "/v1/buckets/:bucket", bucket: parseBucketName(name) };
  }
  if (noun === "objects") return findObject(name, rest);
  return noun === "multipart-uploads" ? findUpload(name, rest) : null;
}

function findObject(name: string, rest: readonly string[]): BucketMatch | null {
  const bucket = parseBucketName(name);
  if (rest.length === 0) return { template: "/v1/buckets/:bucket/objects", bucket };
  const object = parseObjectName(unescapeName(rest.join("/")));
  return { template: "/v1/buckets/:bucket/objects/:object", bucket, object };
}

function unescapeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RegistryError("OBJECT_NAME_INVALID", {
      message: "invalid object name: its escapes (%XX) are not UTF-8",
    });
  }
}

function findUpload(name: string, rest: readonly string[]): BucketMatch | null {
  const [id, action, number, ...others] = rest;
  if (others.length > 0) return null;
  if (id === undefined) {
    const bucket = parseBucketName(name);
    return { template: "/v1/buckets/:bucket/multipart-uploads", bucket };
  }
  const isComplete = action === "complete" && number === undefined;
  if (id === "" || (action !== undefined && action !== "parts" && !isComplete)) return null;
  const bucket = parseBucketName(name);
  const uploadId = readUploadId(id);
  if (uploadId === null) throw new RegistryError("MULTIPART_UNKNOWN");
  if (action === undefined) return { template: uploadsTemplate, bucket, uploadId };
  if (isComplete) return { template: `${uploadsTemplate}/complete`, bucket, uploadId };
  if (number === undefined) return { template: `${uploadsTemplate}/parts`, bucket, uploadId };
  const partNumber = readPartNumber(number);
  if (partNumber === null) throw new RegistryError("PART_NUMBER_INVALID");
  return { template: `${uploadsTemplate}/parts/:partNumber`, bucket, uploadId, partNumber };
}

/** The path as Elysia's routes read. Who serves it takes the values from the match: an object's name does not stand in it. */
export function canonicalBucketPath(match: BucketMatch): string {
  return match.template
    .replace(":bucket", match.bucket)
    .replace(":object", "-")
    .replace(":uploadId", "uploadId" in match ? match.uploadId : "")
    .replace(":partNumber", "partNumber" in match ? String(match.partNumber) : "");
}
