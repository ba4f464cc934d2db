// What the explorer says of uploads in parts: initiate, list, look at, abort. Their parts have a file of their own.
import type { Situation } from "../../errors.ts";
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
  bucketUrl,
  curl,
  jsonHeader,
  limit,
  objectName,
  objectType,
  prefix,
  sizeSchema,
  timeSchema,
  uncached,
} from "./objectStore.ts";
import type { Documentation, Parameter, RequestBody, Responses } from "./types.ts";

/** An upload. */
export const multipartId = "01a1f7e7-2c9d-7b41-8e55-9f0d3c7a1b22";
/** Where it is, for `curl`. */
export const uploadUrl = `${bucketUrl}/multipart-uploads/${multipartId}`;
const uploadsPath = `/v1/buckets/${bucketName}/multipart-uploads`;

const text = { type: "string" as const };
const maxPartBytes = 134_217_728;

/** `{uploadId}` of a multipart upload. */
export const uploadId: Parameter = {
  in: "path",
  name: "uploadId",
  required: true,
  description: "Id of the upload, as it was answered when it was initiated.",
  schema: { ...text, format: "uuid" },
  example: multipartId,
};

/** Where an upload may be missing, misspelled or switched off. */
export const ofUpload = [
  ...(["BUCKET_NAME_INVALID", "MULTIPART_UNKNOWN", "MULTIPART_DISABLED"] as const),
] satisfies Situation[];

/** Where another request may be in the way: the answer says when to ask again. */
export function whileCompleting(responses: Responses): Responses {
  return withHeaders(responses, "409", {
    "Retry-After": sometimes("Seconds to wait, while the upload is being completed.", "1"),
  });
}

const limits = {
  type: "object" as const,
  required: ["max_parts", "max_part_bytes"],
  properties: {
    max_parts: { type: "integer" as const, description: "highest part number" },
    max_part_bytes: { ...sizeSchema, description: "largest part, in bytes" },
  },
};

const initiated = {
  upload_id: text,
  object: text,
  state: {
    ...text,
    enum: ["initiated", "uploading"],
    description: "`uploading` from its first part on; one that has ended is gone",
  },
  content_type: { ...text, description: "of the object that it will be" },
  created_at: timeSchema,
  expires_at: {
    ...timeSchema,
    description: "when it ends by itself; each part moves it (`storage.multipart`)",
  },
};

const staged = {
  ...initiated,
  parts: { type: "integer" as const, description: "how many are stored" },
  size_bytes: { ...sizeSchema, description: "of these parts, in bytes" },
};

const shape = <T extends object>(properties: T) => ({
  type: "object" as const,
  required: Object.keys(properties),
  properties,
});

const begun = {
  upload_id: multipartId,
  object: objectName,
  state: "initiated",
  content_type: objectType,
  created_at: "2026-01-01T03:00:00.000Z",
  expires_at: "2026-01-02T03:00:00.000Z",
};
const exampleLimits = { limits: { max_parts: 10_000, max_part_bytes: maxPartBytes } };
const underWay = {
  ...begun,
  state: "uploading",
  expires_at: "2026-01-02T03:02:00.000Z",
  parts: 1,
  size_bytes: maxPartBytes,
};

const wish: RequestBody = {
  required: true,
  description: "What is to be uploaded.",
  content: jsonLike(
    {
      type: "object",
      required: ["object"],
      additionalProperties: false,
      properties: {
        object: {
          ...text,
          description:
            "Name of the object, 1 to 1024 bytes: no slash at its ends, no `//`, no `.` or `..` between slashes, no control characters.",
        },
        content_type: { ...text, default: objectType, description: "What the object will be." },
      },
    },
    { object: objectName, content_type: objectType },
  ),
};

export const initiateMultipartUpload: Documentation = {
  description:
    "Begins the upload of an object in parts, which may come at once and in any order. Nothing is reserved: several uploads may be under way for one name, and the one that is completed last stays.",
  parameters: [bucket],
  requestBody: wish,
  responses: {
    201: {
      description: "The upload has begun.",
      headers: {
        ...uncached,
        Location: always("Address of the upload.", `${uploadsPath}/${multipartId}`),
      },
      content: jsonLike(shape({ ...initiated, limits }), { ...begun, ...exampleLimits }),
    },
    ...failures(
      ...(["BUCKET_NAME_INVALID", "OBJECT_NAME_INVALID", "REQUEST_INVALID"] as const),
      ...(["BUCKET_UNKNOWN", "MULTIPART_DISABLED"] as const),
      ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
      ...whileWriting,
      ...inside,
    ),
  },
  "x-codeSamples": [
    curl(
      "Initiate with curl",
      jsonHeader,
      `--data '${JSON.stringify({ object: objectName })}'`,
      `${bucketUrl}/multipart-uploads`,
    ),
  ],
};

export const listMultipartUploads: Documentation = {
  description:
    "Open uploads of a bucket, in the order in which they were initiated. Those that have expired are among them until the cleanup ends them.",
  parameters: [
    bucket,
    limit(1000, "1000 is the default and the largest page"),
    after("upload"),
    prefix,
  ],
  responses: {
    200: {
      description: "A page of uploads.",
      headers: {
        ...uncached,
        Link: sometimes(
          "The next page, when there is one (RFC 8288).",
          `<${uploadsPath}?limit=1&after=${multipartId}>; rel="next"`,
        ),
      },
      content: jsonLike(
        shape({
          uploads: { type: "array" as const, items: shape(staged) },
          next: { ...text, nullable: true, description: "`after` of the next page" },
        }),
        { uploads: [underWay], next: null },
      ),
    },
    ...failures(
      ...(["BUCKET_NAME_INVALID", "PAGE_INVALID", "REQUEST_INVALID"] as const),
      ...(["BUCKET_UNKNOWN", "MULTIPART_DISABLED"] as const),
      ...inside,
    ),
  },
};

export const headMultipartUploads: Documentation = {
  ...listMultipartUploads,
  description: "As `GET`, without a body.",
  responses: withoutBodies(listMultipartUploads.responses),
};

export const getMultipartUpload: Documentation = {
  description:
    "One upload, with what is stored for it. One that was completed, aborted or removed after it expired is unknown.",
  parameters: [bucket, uploadId],
  responses: {
    200: {
      description: "The upload is open.",
      headers: uncached,
      content: jsonLike(shape({ ...staged, limits }), { ...underWay, ...exampleLimits }),
    },
    ...failures(...ofUpload, ...inside),
  },
};

export const headMultipartUpload: Documentation = {
  ...getMultipartUpload,
  description: "As `GET`, without a body.",
  responses: withoutBodies(getMultipartUpload.responses),
};

export const abortMultipartUpload: Documentation = {
  description:
    "Ends an upload and drops its parts. A part that is arriving is answered with 404 and leaves nothing.",
  parameters: [bucket, uploadId],
  responses: {
    204: { description: "The upload is gone." },
    ...whileCompleting(
      failures(...ofUpload, "MULTIPART_STATE", "MULTIPART_COMPLETING", ...whileWriting, ...inside),
    ),
  },
  "x-codeSamples": [curl("Abort with curl", "--request DELETE", uploadUrl)],
};
