// Documentation of buckets.
import { Type } from "@sinclair/typebox";
import { bucketName, sizeSchema, timeSchema } from "./objectStore.ts";

export const text = { type: "string" as const };
export const bucketsUrl = "http://localhost:5000/v1/buckets";
const namePattern = "^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$";

export const schema = {
  type: "object" as const,
  required: ["name", "created_at", "objects", "size_bytes"],
  properties: {
    name: text,
    created_at: timeSchema,
    objects: { type: "integer" as const, description: "number of its objects" },
    size_bytes: {
      ...sizeSchema,
      description:
        "bytes of all its objects; equal content counts for each of them, and is stored once",
    },
  },
};
export const fresh = {
  name: bucketName,
  created_at: "2026-01-01T03:00:00.000Z",
  objects: 0,
  size_bytes: 0,
};
export const filled = { ...fresh, objects: 12, size_bytes: 3_221_225_472 };

export const named = Type.Object({
  name: Type.String({
    pattern: namePattern,
    description: "Lower-case letters, digits, `.` and `-`, at most 63; never `..`.",
  }),
});

export const ofBucket = ["BUCKET_NAME_INVALID", "BUCKET_UNKNOWN"] as const;
