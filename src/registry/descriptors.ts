// Descriptors inside a manifest: from untrusted JSON to checked values, with the name of the field that is wrong.
import type { Descriptor } from "../content/descriptor.ts";
import { readDigest } from "../content/digest.ts";
import { RegistryError } from "../errors.ts";

/** A JSON object that came from outside; its members are unknown. */
export type JsonObject = Readonly<Record<string, unknown>>;

const longestMediaType = 255;
const printable = /^[\x20-\x7e]+$/;

/** @returns `value` when it is a JSON object (not null, not an array). */
export function readObject(value: unknown): JsonObject | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return value as JsonObject;
}

/**
 * @param field where the descriptor stands, as a client would write it: `layers[3]`.
 * @throws RegistryError MANIFEST_INVALID that names the field.
 */
export function parseDescriptor(value: unknown, field: string): Descriptor {
  if (value === undefined || value === null) throw invalidField(field, "is missing");
  const object = readObject(value);
  if (object === null) throw invalidField(field, "is not an object");
  refuseOtherSpellings(object, ["mediaType", "digest", "size"], field);
  const { mediaType, digest, size } = object;
  if (!isMediaType(mediaType)) {
    throw invalidField(
      `${field}.mediaType`,
      `is not a text of 1 to ${longestMediaType} characters`,
    );
  }
  const parsed = typeof digest === "string" ? readDigest(digest) : null;
  if (parsed === null) {
    throw invalidField(`${field}.digest`, "is not a sha256 or sha512 digest in lower case");
  }
  if (!isSize(size)) {
    throw invalidField(`${field}.size`, "is not a whole number from 0 to 9007199254740991");
  }
  return { mediaType, digest: parsed, size };
}

/** As `parseDescriptor`, for places where a document of unknown type may hold something else. */
export function readDescriptor(value: unknown): Descriptor | null {
  const object = readObject(value);
  if (object === null) return null;
  const { mediaType, digest, size } = object;
  const parsed = typeof digest === "string" ? readDigest(digest) : null;
  if (parsed === null || !isMediaType(mediaType) || !isSize(size)) return null;
  return { mediaType, digest: parsed, size };
}

/**
 * Go's decoder takes `Layers` for `layers`, so docker would see what this registry does not.
 * @throws RegistryError MANIFEST_INVALID when a member is one of `names` but for its letters' case.
 */
export function refuseOtherSpellings(
  object: JsonObject,
  names: readonly string[],
  field: string,
): void {
  const folded = new Map(names.map((name) => [name.toLowerCase(), name]));
  for (const key of Object.keys(object)) {
    // Upper case first: it also folds the two letters outside of ASCII (U+017F, U+212A) that Go folds.
    const name = key.length > 32 ? undefined : folded.get(key.toUpperCase().toLowerCase());
    if (name === undefined || name === key) continue;
    throw invalidField(field === "" ? key : `${field}.${key}`, `has to be spelled ${name}`);
  }
}

/** A MANIFEST_INVALID error about one field. */
export function invalidField(field: string, problem: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", {
    message: `manifest invalid: ${field} ${problem}`,
    detail: { field },
  });
}

function isMediaType(value: unknown): value is string {
  return typeof value === "string" && value.length <= longestMediaType && printable.test(value);
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
