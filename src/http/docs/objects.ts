// What the explorer says of objects.
import {
  acceptRanges,
  always,
  bytes,
  failures,
  inside,
  jsonLike,
  rangeAnswers,
  sometimes,
  whileWriting,
  withoutBodies,
} from "./answers.ts";
import {
  after,
  bucket,
  bucketName,
  bucketUrl,
  contentDigest,
  ifUnmodifiedSince,
  limit,
  objectDigest,
  objectName,
  objectSchema,
  objectSize,
  prefix,
  printedObject,
  putConditions,
  uncached,
} from "./objectStore.ts";
import { header, ifNoneMatch, ifRange, range } from "./parameters.ts";
import type { Content, Documentation, Headers, Parameter, Responses } from "./types.ts";

const text = { type: "string" as const };
const objectsPath = `/v1/buckets/${bucketName}/objects`;
const objectUrl = `${bucketUrl}/objects/${objectName}`;
const printedDigest = `sha-256=:${Buffer.from(objectDigest.slice(7), "hex").toString("base64")}:`;
const linkFrom = { from: { repository: "team/app", digest: objectDigest } };
const copyFrom = { from: { bucket: bucketName, object: "db/2025-12-31.dump" } };

const object: Parameter = {
  in: "path",
  name: "object",
  required: true,
  description:
    "Name of the object, 1 to 1024 bytes of UTF-8. Slashes stand in the address as they are, whatever else an address cannot hold is escaped (`%20`). No `//`, no `.` or `..` between slashes, no control characters, no slash at either end.",
  schema: { ...text, maxLength: 1024 },
  example: objectName,
};

const delimiter: Parameter = {
  in: "query",
  name: "delimiter",
  required: false,
  description:
    "Names that hold it behind `prefix` are told once, up to and with it, in `prefixes`: with `/` a bucket is listed like a folder.",
  schema: text,
};

const ifModifiedSince = header(
  "If-Modified-Since",
  "304 when the object was put at this time or before. Without meaning beside `If-None-Match`.",
  "Thu, 01 Jan 2026 03:05:00 GMT",
);

const ifMatch = header(
  "If-Match",
  "The ETag that the object must have, a list of them, or `*` for any: otherwise 412.",
  `"${objectDigest}"`,
);
const wantContent = header(
  "Want-Content-Digest",
  "Asks for `Content-Digest` where the whole object is sent (RFC 9530).",
  "sha-256=10",
);
const wantRepr = header(
  "Want-Repr-Digest",
  "Asks for `Repr-Digest`, which is that of the whole object, also where a part of it is sent.",
  "sha-256=10",
);

const ofObject = [
  ...(["BUCKET_NAME_INVALID", "OBJECT_NAME_INVALID"] as const),
  ...(["BUCKET_UNKNOWN", "OBJECT_UNKNOWN"] as const),
] as const;

export const listObjects: Documentation = {
  description:
    "The objects of a bucket, in the byte order of their names: all, or those with a prefix, or level by level with a delimiter. A page has at most `limit` entries, objects and prefixes together.",
  parameters: [bucket, prefix, delimiter, limit(1000, "1000 is the largest page"), after("name")],
  responses: {
    200: {
      description: "A page of objects.",
      headers: {
        ...uncached,
        Link: sometimes(
          "The next page, when there is one (RFC 8288).",
          `<${objectsPath}?limit=1&after=${encodeURIComponent(objectName)}>; rel="next"`,
        ),
      },
      content: jsonLike(
        {
          type: "object",
          required: ["objects", "prefixes", "next"],
          properties: {
            objects: { type: "array", items: objectSchema },
            prefixes: { type: "array", items: text },
            next: { ...text, nullable: true, description: "`after` of the next page" },
          },
        },
        { objects: [printedObject], prefixes: [], next: null },
      ),
    },
    ...failures(
      ...(["PAGE_INVALID", "REQUEST_INVALID"] as const),
      ...(["BUCKET_NAME_INVALID", "BUCKET_UNKNOWN"] as const),
      ...inside,
    ),
  },
  "x-codeSamples": [
    { lang: "shell", label: "List with curl", source: `curl '${bucketUrl}/objects?delimiter=/'` },
  ],
};

export const headObjects: Documentation = {
  description: "As `GET`, without a body.",
  ...(listObjects.parameters !== undefined && { parameters: listObjects.parameters }),
  responses: withoutBodies(listObjects.responses),
};

const validators: Headers = {
  ETag: always("Digest of the whole object, in quotes.", `"${objectDigest}"`),
  "Last-Modified": always("When it was put.", "Thu, 01 Jan 2026 03:05:00 GMT"),
  "Cache-Control": always("Another object may take its name.", "no-cache"),
};
const reprDigest: Headers = {
  "Repr-Digest": sometimes("Digest of the whole object, where it is asked for.", printedDigest),
};
const content: Content = { "application/octet-stream": { ...bytes, example: "(the bytes)" } };
const refusals = failures(...ofObject, "PRECONDITION_FAILED", ...inside);

const whole: Responses = {
  200: {
    description: "The object, under the content type that it was put with.",
    headers: {
      ...validators,
      ...acceptRanges,
      ...reprDigest,
      "Content-Length": always("Bytes of the object.", String(objectSize)),
      "Content-Disposition": always("Browsers save it: they must not run it.", "attachment"),
      "Content-Digest": sometimes("Digest of the body, where it is asked for.", printedDigest),
    },
    content,
  },
  304: { description: "The client has it already.", headers: validators },
};

export const getObject: Documentation = {
  description:
    "An object, whole or in ranges. Content that turns out to be damaged or missing is answered with 404 as well: the object must be put again.",
  parameters: [
    ...[bucket, object, range, ifRange],
    ...[ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince],
    ...[wantContent, wantRepr],
  ],
  responses: {
    ...whole,
    ...rangeAnswers("object", {
      size: objectSize,
      headers: { ...validators, ...reprDigest },
      content,
    }),
    ...refusals,
  },
  "x-codeSamples": [
    {
      lang: "shell",
      label: "Get with curl",
      source: `curl --fail --remote-name \\\n  ${objectUrl}`,
    },
  ],
};

export const headObject: Documentation = {
  description: "Whether there is an object of this name, what it is, and how large.",
  parameters: [
    ...[bucket, object, ifMatch, ifUnmodifiedSince],
    ...[ifNoneMatch, ifModifiedSince, wantContent, wantRepr],
  ],
  responses: withoutBodies({ ...whole, ...refusals }),
};

const stored = (description: string) => ({
  description,
  headers: {
    ...uncached,
    ETag: always("Digest of the object, in quotes.", `"${objectDigest}"`),
    Location: always("Its address.", `${objectsPath}/${objectName}`),
  },
  content: jsonLike(objectSchema, printedObject),
});

export const putObject: Documentation = {
  description:
    "Stores an object in one request, of any size, also an empty one. It is there when the answer comes, whole and on disk, or not at all: readers see the object before or the object after, nothing between. Of several that come at the same time, the last one stays.\n\n" +
    'A body of type `application/json` (or what curl and fetch make of a text without a type), at most 4096 bytes long, that is exactly `{"from":{"repository":…,"digest":…}}` names content that a repository holds: the object is made of it, without a byte being sent or copied, with the content type `application/octet-stream`. `{"from":{"bucket":…,"object":…}}` makes a copy of another object, of the same content type, in the same way. A `from` that has only some of these names, or others too, is refused with 400. With `Content-Digest`, or as any other type, such a body is stored as it is.',
  parameters: [bucket, object, contentDigest, ...putConditions],
  requestBody: {
    description:
      "The bytes of the object, or what it is to be made of. `Content-Type` is kept with it. `Content-Encoding` is not supported.",
    required: false,
    content: {
      "application/octet-stream": bytes,
      ...jsonLike(
        {
          type: "object",
          required: ["from"],
          properties: {
            from: {
              oneOf: [
                {
                  type: "object",
                  additionalProperties: false,
                  required: ["repository", "digest"],
                  properties: { repository: text, digest: text },
                },
                {
                  type: "object",
                  additionalProperties: false,
                  required: ["bucket", "object"],
                  properties: { bucket: text, object: text },
                },
              ],
            },
          },
        },
        linkFrom,
      ),
    },
  },
  responses: {
    200: stored("It is stored, in the place of another one."),
    201: stored("It is stored, under a name that was free."),
    ...failures(
      ...(["BUCKET_NAME_INVALID", "OBJECT_NAME_INVALID", "REQUEST_INVALID"] as const),
      ...(["CONTENT_DIGEST_INVALID", "CONTENT_DIGEST_DIFFERS", "CHUNK_SIZE_MISMATCH"] as const),
      ...(["BUCKET_UNKNOWN", "BLOB_UNKNOWN", "OBJECT_UNKNOWN", "PRECONDITION_FAILED"] as const),
      ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
      ...whileWriting,
      ...inside,
    ),
  },
  "x-codeSamples": [
    {
      lang: "shell",
      label: "Put with curl",
      source: `curl --upload-file db.dump \\\n  ${objectUrl}`,
    },
    {
      lang: "shell",
      label: "Copy an object",
      source: `curl --request PUT \\\n  --header 'Content-Type: application/json' \\\n  --data '${JSON.stringify(copyFrom)}' \\\n  ${objectUrl}`,
    },
    {
      lang: "shell",
      label: "Put what a repository holds",
      source: `curl --request PUT \\\n  --header 'Content-Type: application/json' \\\n  --data '${JSON.stringify(linkFrom)}' \\\n  ${objectUrl}`,
    },
  ],
};

export const deleteObject: Documentation = {
  description:
    "Deletes an object. Its bytes go with the next garbage collection, if nothing else is made of them.",
  parameters: [bucket, object, ifMatch, ifUnmodifiedSince],
  responses: {
    204: { description: "It is gone." },
    ...failures(
      ...ofObject,
      ...(["PRECONDITION_FAILED", "DELETE_DISABLED"] as const),
      ...whileWriting,
      ...inside,
    ),
  },
  "x-codeSamples": [
    {
      lang: "shell",
      label: "Delete with curl",
      source: `curl --include --request DELETE \\\n  ${objectUrl}`,
    },
  ],
};
