// What the explorer says of the parts of an upload, and of completing it.
import {
  always,
  bytes,
  failures,
  inside,
  jsonLike,
  sometimes,
  whileWriting,
  withoutBodies,
} from "./answers.ts";
import { multipartId, ofUpload, uploadId, uploadUrl, whileCompleting } from "./multipart.ts";
import {
  after,
  bucket,
  bucketName,
  contentDigest,
  curl,
  jsonHeader,
  limit,
  objectDigest,
  objectName,
  objectSchema,
  printedObject,
  putConditions,
  sizeSchema,
  timeSchema,
  uncached,
} from "./objectStore.ts";
import type { Documentation, Parameter, RequestBody } from "./types.ts";

const text = { type: "string" as const };
const partSize = 134_217_728;
const etags = ["3f0c8d1b2a694e57-134217728", "91be02c47d5fa836-134217728"] as const;

const partNumber: Parameter = {
  in: "path",
  name: "partNumber",
  required: true,
  description: "Which part: 1 or larger, without zeros before it. They need not be without gaps.",
  schema: { type: "integer", minimum: 1 },
  example: 1,
};

const part = {
  part_number: { type: "integer" as const },
  etag: {
    ...text,
    description: "names the bytes of the part: equal bytes have equal etags; the header has quotes",
  },
  size_bytes: sizeSchema,
};
const created = { created_at: { ...timeSchema, description: "when it was stored" } };

export const putPart: Documentation = {
  description:
    "Stores a part, of any size up to the limit, also an empty one. The same number again replaces it at once and whole; of two that come at the same time, one stays. A request that is cut leaves nothing, and what the number had as it was.",
  parameters: [bucket, uploadId, partNumber, contentDigest],
  requestBody: {
    required: true,
    description: "The bytes of the part. `Content-Encoding` is not supported.",
    content: { "application/octet-stream": bytes },
  },
  responses: {
    200: {
      description: "The part is on disk, and the one of its number.",
      headers: { ...uncached, ETag: always("Its etag.", `"${etags[0]}"`) },
      content: jsonLike(
        { type: "object", required: Object.keys(part), properties: part },
        { part_number: 1, etag: etags[0], size_bytes: partSize },
      ),
    },
    ...whileCompleting(
      failures(
        ...(["PART_NUMBER_INVALID", "CONTENT_DIGEST_INVALID", "CONTENT_DIGEST_DIFFERS"] as const),
        ...(["CHUNK_SIZE_MISMATCH", "REQUEST_INVALID"] as const),
        ...ofUpload,
        ...(["MULTIPART_STATE", "MULTIPART_COMPLETING", "PART_TOO_LARGE"] as const),
        ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
        ...whileWriting,
        ...inside,
      ),
    ),
  },
  "x-codeSamples": [
    curl("Upload a part with curl", "--upload-file part-1", `${uploadUrl}/parts/1`),
  ],
};

export const listParts: Documentation = {
  description:
    "The parts that are stored, in the order of their numbers; all of them unless `limit` is given. Who goes on with an upload after an interruption sees here what need not be sent again.",
  parameters: [bucket, uploadId, limit(null, "all of them without it"), after("part number")],
  responses: {
    200: {
      description: "A page of parts.",
      headers: {
        ...uncached,
        Link: sometimes(
          "The next page, when there is one (RFC 8288).",
          `</v1/buckets/${bucketName}/multipart-uploads/${multipartId}/parts?limit=1&after=1>; rel="next"`,
        ),
      },
      content: jsonLike(
        {
          type: "object",
          required: ["upload_id", "object", "parts", "next"],
          properties: {
            upload_id: text,
            object: text,
            parts: {
              type: "array",
              items: {
                type: "object",
                required: Object.keys({ ...part, ...created }),
                properties: { ...part, ...created },
              },
            },
            next: { type: "integer", nullable: true, description: "`after` of the next page" },
          },
        },
        {
          upload_id: multipartId,
          object: objectName,
          parts: etags.map((etag, index) => ({
            part_number: index + 1,
            etag,
            size_bytes: partSize,
            created_at: `2026-01-01T03:0${index + 1}:00.000Z`,
          })),
          next: null,
        },
      ),
    },
    ...failures("PAGE_INVALID", "REQUEST_INVALID", ...ofUpload, ...inside),
  },
};

export const headParts: Documentation = {
  ...listParts,
  description: "As `GET`, without a body.",
  responses: withoutBodies(listParts.responses),
};

const list = etags.map((etag, index) => ({ part_number: index + 1, etag }));

const completion: RequestBody = {
  required: true,
  description: "Which parts, in rising order, each with the etag that it was answered with.",
  content: jsonLike(
    {
      type: "object",
      required: ["parts"],
      additionalProperties: false,
      properties: {
        parts: {
          type: "array",
          minItems: 1,
          items: {
            type: "object",
            required: ["part_number", "etag"],
            additionalProperties: false,
            properties: { ...part, ...created },
          },
        },
        digest: {
          ...text,
          description: "What the whole must be: `sha256:` and lower-case hex. 400 when it is not.",
        },
      },
    },
    { parts: list },
  ),
};

export const completeMultipartUpload: Documentation = {
  description: `Makes an object of the parts that are named; others are dropped. The object has its name at once and whole, in the place of one that had it before. From the request on the parts are frozen; whatever it fails for, the upload stays open with all of them.

Much of the work is done while the parts arrive, so that this costs little more than the last one. The same request, sent again because its answer was lost, is answered the same for a quarter of an hour.`,
  parameters: [bucket, uploadId, ...putConditions],
  requestBody: completion,
  responses: {
    200: {
      description: "The object is stored. The upload is gone.",
      headers: { ...uncached, ETag: always("Of the object: its digest.", `"${objectDigest}"`) },
      content: jsonLike(objectSchema, printedObject),
    },
    ...whileCompleting(
      failures(
        ...(["PART_LIST_INVALID", "REQUEST_INVALID", "DIGEST_INVALID"] as const),
        ...ofUpload,
        ...(["PART_UNKNOWN", "PART_DIFFERS", "MULTIPART_STATE", "MULTIPART_COMPLETING"] as const),
        ...(["PRECONDITION_FAILED", "BODY_TOO_LARGE", "BODY_TOO_SLOW"] as const),
        ...(["ENCODING_UNSUPPORTED", ...whileWriting, ...inside] as const),
      ),
    ),
  },
  "x-codeSamples": [
    curl(
      "Complete with curl",
      jsonHeader,
      `--data '${JSON.stringify({ parts: list })}'`,
      `${uploadUrl}/complete`,
    ),
  ],
};
