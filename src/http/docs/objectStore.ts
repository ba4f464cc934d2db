// Shared by the documentation of buckets, objects and multipart uploads: one example, its addresses, and how they are printed.
import { always } from "./answers.ts";
import { header } from "./parameters.ts";
import type { CodeSample, Headers, Parameter } from "./types.ts";

/** A bucket. */
export const bucketName = "backups";
/** An object in it, */
export const objectName = "db/2026-01-01.dump";
/** its size, */
export const objectSize = 268_435_456;
/** its digest, */
export const objectDigest =
  "sha256:a6d72ac7690f53be6ae46ba88506bd97302a093f7108472bd9efc3cefda06484";
/** and what it is. */
export const objectType = "application/octet-stream";
/** The address of that bucket, for `curl`. */
export const bucketUrl = `http://localhost:5000/v1/buckets/${bucketName}`;

const text = { type: "string" as const };

/** A time as it is printed. */
export const timeSchema = { ...text, format: "date-time" };
/** A size as it is printed. */
export const sizeSchema = { type: "integer" as const, format: "int64", description: "bytes" };

/** True when it was asked, and not to be kept. */
export const uncached: Headers = {
  "Cache-Control": always("Never cached.", "no-store"),
};

/** A command that does it. */
export const curl = (label: string, ...words: string[]): CodeSample => ({
  lang: "shell",
  label,
  source: ["curl --include", ...words].join(" \\\n  "),
});

/** Where JSON is sent with `curl`. */
export const jsonHeader = "--header 'Content-Type: application/json'";

/** An object as it is printed. */
export const objectSchema = {
  type: "object" as const,
  required: [
    ...["bucket", "object", "size_bytes", "etag"],
    ...["digest", "content_type", "created_at"],
  ],
  properties: {
    bucket: text,
    object: text,
    size_bytes: sizeSchema,
    etag: { ...text, description: "the same as the digest; the header has quotes around it" },
    digest: { ...text, description: "`sha256:` and lower-case hex" },
    content_type: text,
    created_at: { ...timeSchema, description: "when the object was put, or its upload completed" },
  },
};

/** That object, printed. */
export const printedObject = {
  bucket: bucketName,
  object: objectName,
  size_bytes: objectSize,
  etag: objectDigest,
  digest: objectDigest,
  content_type: objectType,
  created_at: "2026-01-01T03:05:00.000Z",
};

/** `{bucket}` of an address. */
export const bucket: Parameter = {
  in: "path",
  name: "bucket",
  required: true,
  description: "Name of the bucket: lower-case letters, digits, `.` and `-`, at most 63.",
  schema: { ...text, maxLength: 63, pattern: "^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$" },
  example: bucketName,
};

/** `?limit=` of a list. @param usual the page without it; null when that is everything. */
export const limit = (usual: number | null, longest: string): Parameter => ({
  in: "query",
  name: "limit",
  required: false,
  description: `Largest number of entries on a page; ${longest}.`,
  schema: { type: "integer", minimum: 1, ...(usual !== null && { default: usual }) },
});

/** `?after=` of a list. */
export const after = (what: string, schema: Parameter["schema"] = text): Parameter => ({
  in: "query",
  name: "after",
  required: false,
  description: `The page begins after this ${what}: the \`next\` of the previous page.`,
  schema,
});

/** The same where entries have ids. */
export const afterId = (what: string): Parameter => after(what, { ...text, format: "uuid" });

/** `?prefix=` of a list. */
export const prefix: Parameter = {
  in: "query",
  name: "prefix",
  required: false,
  description: "Only objects whose names begin with this text.",
  schema: text,
};

/** `If-Unmodified-Since` of an object. */
export const ifUnmodifiedSince: Parameter = header(
  "If-Unmodified-Since",
  "412 when the object was put after this time (whole seconds). Ignored when `If-Match` is sent, and when there is no object.",
  "Thu, 01 Jan 2026 03:05:00 GMT",
);

/** The conditions of what puts an object. */
export const putConditions: readonly Parameter[] = [
  header(
    "If-Match",
    "The ETag of the object that may be replaced, a list of them, or `*` for any: 412 when the object has another ETag, or does not exist.",
    `"${objectDigest}"`,
  ),
  ifUnmodifiedSince,
  header(
    "If-None-Match",
    "`*`: 412 when an object with this name exists. Or ETags that it must not have.",
    "*",
  ),
];

/** `Content-Digest` of bytes that are sent. */
export const contentDigest: Parameter = header(
  "Content-Digest",
  "Digest of the body, `sha-256` or `sha-512` (RFC 9530): 400 when it differs, and nothing is stored.",
  "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:",
);
