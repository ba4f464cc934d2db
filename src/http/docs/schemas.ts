// Schemas of answers, in few words: every member of an object is always there. Bodies of requests are TypeBox schemas, which are checked.
import type { Content } from "./types.ts";

/** A schema of OpenAPI 3.0. */
export type Schema = NonNullable<Content[string]["schema"]>;
type More = Readonly<Record<string, unknown>>;

export const string = (more: More = {}) => ({ type: "string" as const, ...more });
export const integer = (more: More = {}) => ({ type: "integer" as const, ...more });
export const boolean = (more: More = {}) => ({ type: "boolean" as const, ...more });
export const array = (items: Schema, more: More = {}) => ({
  ...{ type: "array" as const, items },
  ...more,
});
export const object = (properties: Record<string, Schema>, more: More = {}) => ({
  ...{ type: "object" as const, required: Object.keys(properties), properties },
  ...more,
});
