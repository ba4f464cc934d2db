// Documentation of objects.
import { acceptRanges, always, bytes, failures, inside, jsonLike, sometimes } from "./answers.ts";
import {
  bucketName,
  bucketUrl,
  objectDigest,
  objectName,
  objectSchema,
  objectSize,
  printedObject,
  uncached,
} from "./objectStore.ts";
import { header } from "./parameters.ts";
import type { Content, Headers, Parameter, Responses } from "./types.ts";

export const textSchema = { type: "string" as const };
export const objectsPath = `/v1/buckets/${bucketName}/objects`;
export const objectUrl = `${bucketUrl}/objects/${objectName}`;
const printedDigest = `sha-256=:${Buffer.from(objectDigest.slice(7), "hex").toString("base64")}:`;
export const linkFrom = { from: { repository: "team/app", digest: objectDigest } };
export const copyFrom = { from: { bucket: bucketName, object: "db/2025-12-31.dump" } };

export const objectParameter: Parameter = {
  in: "path",
  name: "object",
  required: true,
  description:
    "Name of the object, 1 to 1024 bytes of UTF-8. Slashes are not escaped; other characters that a URL cannot hold are (`%20`). No `//`, no `.` or `..` between slashes, no control characters, no slash at either end.",
  schema: { ...textSchema, maxLength: 1024 },
  example: objectName,
};

export const delimiterParameter: Parameter = {
  in: "query",
  name: "delimiter",
  required: false,
  description:
    "Names that contain this text after `prefix` are grouped: `prefixes` lists each group once, up to and including the delimiter. With `/`, a bucket is listed like a folder.",
  schema: textSchema,
};

export const sharedParameter: Parameter = {
  in: "query",
  name: "shared",
  required: false,
  description:
    "`true`: each object also names repositories that hold the same content. That takes longer.",
  schema: { ...textSchema, enum: ["true", "false"], default: "false" },
};

/** An object in a list. */
export const listedSchema = {
  ...objectSchema,
  properties: {
    ...objectSchema.properties,
    repositories: {
      type: "array" as const,
      items: textSchema,
      description:
        "with `shared=true`: some that hold the same content and that the caller may pull from",
    },
    other_repositories: {
      type: "integer" as const,
      nullable: true,
      description:
        "with `shared=true`: further ones; null for callers who may not `pull` on `server:gc`",
    },
  },
};

export const ifModifiedSince = header(
  "If-Modified-Since",
  "304 when the object was put at this time or before. Ignored when `If-None-Match` is sent.",
  "Thu, 01 Jan 2026 03:05:00 GMT",
);

export const ifMatch = header(
  "If-Match",
  "The ETag that the object must have, a list of them, or `*` for any; otherwise 412.",
  `"${objectDigest}"`,
);
export const wantContent = header(
  "Want-Content-Digest",
  "Requests `Content-Digest` when the whole object is sent (RFC 9530).",
  "sha-256=10",
);
export const wantRepr = header(
  "Want-Repr-Digest",
  "Requests `Repr-Digest`, the digest of the whole object, also when only a range is sent.",
  "sha-256=10",
);

export const ofObject = [
  ...(["BUCKET_NAME_INVALID", "OBJECT_NAME_INVALID"] as const),
  ...(["BUCKET_UNKNOWN", "OBJECT_UNKNOWN"] as const),
] as const;

export const validators: Headers = {
  ETag: always("Digest of the whole object, in quotes.", `"${objectDigest}"`),
  "Last-Modified": sometimes(
    "When the object was put; absent when If-Range names anything but its ETag.",
    "Thu, 01 Jan 2026 03:05:00 GMT",
  ),
  "Cache-Control": always("Another object may replace it.", "no-cache"),
};
export const reprDigest: Headers = {
  "Repr-Digest": sometimes("Digest of the whole object, when requested.", printedDigest),
};
export const content: Content = {
  "application/octet-stream": { ...bytes, example: "(the bytes)" },
};
export const objectFailures = () => failures(...ofObject, "PRECONDITION_FAILED", ...inside);

export const whole: Responses = {
  200: {
    description: "The object, with the content type that it was put with.",
    headers: {
      ...validators,
      ...acceptRanges,
      ...reprDigest,
      "Content-Length": always("Bytes of the object.", String(objectSize)),
      "Content-Disposition": always("Browsers save it: they must not run it.", "attachment"),
      "Content-Digest": sometimes("Digest of the body, when requested.", printedDigest),
    },
    content,
  },
  304: { description: "The client has it already.", headers: validators },
};

export const storedAnswer = (description: string) => ({
  description,
  headers: {
    ...uncached,
    ETag: always("Digest of the object, in quotes.", `"${objectDigest}"`),
    Location: always("Its address.", `${objectsPath}/${objectName}`),
  },
  content: jsonLike(objectSchema, printedObject),
});
