// Documentation of the parts of an upload, and of completing it.
import { Type } from "@sinclair/typebox";
import { sizeSchema, timeSchema } from "./objectStore.ts";
import type { Parameter } from "./types.ts";

export const textSchema = { type: "string" as const };
export const partSize = 134_217_728;
export const etags = ["3f0c8d1b2a694e57-134217728", "91be02c47d5fa836-134217728"] as const;

export const partNumberParameter: Parameter = {
  in: "path",
  name: "partNumber",
  required: true,
  description: "Number of the part: 1 or larger, without leading zeros. Numbers may have gaps.",
  schema: { type: "integer", minimum: 1 },
  example: 1,
};

export const partSchema = {
  part_number: { type: "integer" as const },
  etag: {
    ...textSchema,
    description:
      "identifies the bytes of the part: equal bytes have equal etags; the header has quotes",
  },
  size_bytes: sizeSchema,
};
export const created = { created_at: { ...timeSchema, description: "when it was stored" } };

export const exampleList = etags.map((etag, index) => ({ part_number: index + 1, etag }));

/** Entries are read one by one, because their errors name the part. */
export const completion = Type.Object({
  parts: Type.Array(
    Type.Unknown({
      type: "object",
      required: ["part_number", "etag"],
      additionalProperties: false,
      properties: { ...partSchema, ...created },
    }),
    { minItems: 1 },
  ),
  digest: Type.Optional(
    Type.Unknown({
      ...textSchema,
      nullable: true,
      description:
        "Expected digest of the whole object: `sha256:` and lower-case hex. 400 when it differs.",
    }),
  ),
});
