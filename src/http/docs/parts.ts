// What the explorer says of the parts of an upload, and of completing it.
import { jsonLike } from "./answers.ts";
import { sizeSchema, timeSchema } from "./objectStore.ts";
import type { Parameter, RequestBody } from "./types.ts";

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

export const completion: RequestBody = {
  required: true,
  description: "The parts in rising order, each with the etag from its answer.",
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
            properties: { ...partSchema, ...created },
          },
        },
        digest: {
          ...textSchema,
          description:
            "Expected digest of the whole object: `sha256:` and lower-case hex. 400 when it differs.",
        },
      },
    },
    { parts: exampleList },
  ),
};
