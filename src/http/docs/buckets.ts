// What the explorer says of buckets.
import {
  always,
  failures,
  inside,
  jsonLike,
  sometimes,
  whileWriting,
  withHeaders,
  withoutBodies,
} from "./answers.ts";
import {
  after,
  bucket,
  bucketName,
  curl,
  jsonHeader,
  limit,
  sizeSchema,
  timeSchema,
  uncached,
} from "./objectStore.ts";
import type { Documentation, RequestBody } from "./types.ts";

const text = { type: "string" as const };
const bucketsUrl = "http://localhost:5000/v1/buckets";
const namePattern = "^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$";

const schema = {
  type: "object" as const,
  required: ["name", "created_at", "objects", "size_bytes"],
  properties: {
    name: text,
    created_at: timeSchema,
    objects: { type: "integer" as const, description: "how many it holds" },
    size_bytes: {
      ...sizeSchema,
      description:
        "bytes of all its objects; equal content counts for each of them, and is stored once",
    },
  },
};
const fresh = {
  name: bucketName,
  created_at: "2026-01-01T03:00:00.000Z",
  objects: 0,
  size_bytes: 0,
};
const filled = { ...fresh, objects: 12, size_bytes: 3_221_225_472 };

const wish: RequestBody = {
  description: "The name of the bucket.",
  required: true,
  content: jsonLike(
    {
      type: "object",
      required: ["name"],
      additionalProperties: false,
      properties: {
        name: {
          ...text,
          pattern: namePattern,
          description: "Lower-case letters, digits, `.` and `-`, at most 63; never `..`.",
        },
      },
    },
    { name: bucketName },
  ),
};

export const createBucket: Documentation = {
  description: "Creates an empty bucket. Of several requests for one name, one creates it.",
  requestBody: wish,
  responses: {
    201: {
      description: "The bucket is there.",
      headers: { ...uncached, Location: always("Its address.", `/v1/buckets/${bucketName}`) },
      content: jsonLike(schema, fresh),
    },
    ...failures(
      ...(["BUCKET_NAME_INVALID", "REQUEST_INVALID", "BUCKET_EXISTS"] as const),
      ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
      ...whileWriting,
      ...inside,
    ),
  },
  "x-codeSamples": [
    curl(
      "Create a bucket with curl",
      jsonHeader,
      `--data '${JSON.stringify({ name: bucketName })}'`,
      bucketsUrl,
    ),
  ],
};

export const listBuckets: Documentation = {
  description: "The buckets, in the order of their names.",
  parameters: [limit(1000, "1000 is the largest page"), after("name")],
  responses: {
    200: {
      description: "A page of buckets.",
      headers: {
        ...uncached,
        Link: sometimes(
          "The next page, when there is one (RFC 8288).",
          `</v1/buckets?limit=1&after=${bucketName}>; rel="next"`,
        ),
      },
      content: jsonLike(
        {
          type: "object",
          required: ["buckets", "next"],
          properties: {
            buckets: { type: "array", items: schema },
            next: { ...text, nullable: true, description: "`after` of the next page" },
          },
        },
        { buckets: [filled], next: null },
      ),
    },
    ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
  },
};

export const headBuckets: Documentation = {
  description: "As `GET`, without a body.",
  ...(listBuckets.parameters !== undefined && { parameters: listBuckets.parameters }),
  responses: withoutBodies(listBuckets.responses),
};

const ofBucket = ["BUCKET_NAME_INVALID", "BUCKET_UNKNOWN"] as const;

export const getBucket: Documentation = {
  description: "How much a bucket holds, and since when it is there.",
  parameters: [bucket],
  responses: {
    200: { description: "The bucket.", headers: uncached, content: jsonLike(schema, filled) },
    ...failures(...ofBucket, ...inside),
  },
};

export const headBucket: Documentation = {
  description: "Whether there is a bucket of this name.",
  parameters: [bucket],
  responses: withoutBodies(getBucket.responses),
};

export const deleteBucket: Documentation = {
  description:
    "Deletes a bucket that holds no object. Uploads in parts that are under way into it are aborted.",
  parameters: [bucket],
  responses: {
    204: { description: "It is gone." },
    ...withHeaders(
      failures(
        ...ofBucket,
        "BUCKET_NOT_EMPTY",
        "BUCKET_BUSY",
        "DELETE_DISABLED",
        ...whileWriting,
        ...inside,
      ),
      "409",
      { "Retry-After": sometimes("Seconds to wait, while an object is being stored.", "1") },
    ),
  },
  "x-codeSamples": [
    curl("Delete a bucket with curl", "--request DELETE", `${bucketsUrl}/${bucketName}`),
  ],
};
