// Documentation of multipart uploads. Their parts have a file of their own.
import { Type } from "@sinclair/typebox";
import type { Situation } from "../../errors.ts";
import { sometimes, withHeaders } from "./answers.ts";
import {
  bucketName,
  bucketUrl,
  objectName,
  objectType,
  sizeSchema,
  timeSchema,
} from "./objectStore.ts";
import type { Parameter, Responses } from "./types.ts";

/** An upload. */
export const multipartId = "01a1f7e7-2c9d-7b41-8e55-9f0d3c7a1b22";
/** Where it is, for `curl`. */
export const uploadUrl = `${bucketUrl}/multipart-uploads/${multipartId}`;
export const examplePath = `/v1/buckets/${bucketName}/multipart-uploads`;

export const textSchema = { type: "string" as const };
const maxPartBytes = 134_217_728;

/** `{uploadIdParameter}` of a multipart upload. */
export const uploadIdParameter: Parameter = {
  in: "path",
  name: "uploadId",
  required: true,
  description: "Id of the upload, from the answer that initiated it.",
  schema: { ...textSchema, format: "uuid" },
  example: multipartId,
};

/** Where an upload may be missing, misspelled or switched off. */
export const ofUpload = [
  ...(["BUCKET_NAME_INVALID", "MULTIPART_UNKNOWN", "MULTIPART_DISABLED"] as const),
] satisfies Situation[];

/** Where another request may be in the way: the answer says when to ask again. */
export function whileCompleting(responses: Responses): Responses {
  return withHeaders(responses, "409", {
    "Retry-After": sometimes("Seconds to wait while the upload is being completed.", "1"),
  });
}

export const limitsSchema = {
  type: "object" as const,
  required: ["max_parts", "max_part_bytes"],
  properties: {
    max_parts: { type: "integer" as const, description: "highest part number" },
    max_part_bytes: { ...sizeSchema, description: "largest part, in bytes" },
  },
};

export const initiated = {
  upload_id: textSchema,
  object: textSchema,
  state: {
    ...textSchema,
    enum: ["initiated", "uploading"],
    description: "`uploading` from its first part on; an upload that has ended is unknown",
  },
  content_type: { ...textSchema, description: "media type of the object" },
  created_at: timeSchema,
  expires_at: {
    ...timeSchema,
    description: "when it expires; each part extends it (`storage.multipart`)",
  },
};

export const staged = {
  ...initiated,
  parts: { type: "integer" as const, description: "number of stored parts" },
  size_bytes: { ...sizeSchema, description: "size of these parts, in bytes" },
};

export const shape = <T extends object>(properties: T) => ({
  type: "object" as const,
  required: Object.keys(properties),
  properties,
});

export const begun = {
  upload_id: multipartId,
  object: objectName,
  state: "initiated",
  content_type: objectType,
  created_at: "2026-01-01T03:00:00.000Z",
  expires_at: "2026-01-02T03:00:00.000Z",
};
export const exampleLimits = { limits: { max_parts: 10_000, max_part_bytes: maxPartBytes } };
export const underWay = {
  ...begun,
  state: "uploading",
  expires_at: "2026-01-02T03:02:00.000Z",
  parts: 1,
  size_bytes: maxPartBytes,
};

export const initiation = Type.Object({
  object: Type.String({
    description:
      "Name of the object, 1 to 1024 bytes: no slash at its ends, no `//`, no `.` or `..` between slashes, no control characters.",
  }),
  content_type: Type.Optional(
    Type.String({ default: objectType, description: "Media type of the object." }),
  ),
});
