// Descriptors inside a manifest: from untrusted JSON to checked values, with the name of the field that is wrong.
import type { Descriptor } from "../model/descriptor.ts";
import { readDigest } from "../model/digest.ts";
import { invalidField, readObject } from "./members.ts";

const longestMediaType = 255;
const printable = /^[\x20-\x7e]+$/;

/**
 * @param field the descriptor's path, as a client would write it: `layers[3]`.
 * @throws RegistryError MANIFEST_INVALID that names the field.
 */
export function parseDescriptor(value: unknown, field: string): Descriptor {
  if (value === undefined || value === null) throw invalidField(field, "is missing");
  const object = readObject(value);
  if (object === null) throw invalidField(field, "is not an object");
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

function isMediaType(value: unknown): value is string {
  return typeof value === "string" && value.length <= longestMediaType && printable.test(value);
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
