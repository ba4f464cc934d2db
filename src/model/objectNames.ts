// Grammars of the object store: bucket names, object names, part numbers.
import { RegistryError } from "../errors.ts";

/** `backups`: 1 to 63 bytes, lower case. Only `parseBucketName` and `readBucketName` make one. */
export type BucketName = string & { readonly __brand: "BucketName" };
/** `path/to/file.bin`: 1 to 1024 bytes of UTF-8. Only `parseObjectName` makes one. It never becomes a path of a file. */
export type ObjectName = string & { readonly __brand: "ObjectName" };

/** An object, by name. */
export interface ObjectKey {
  readonly bucket: BucketName;
  readonly object: ObjectName;
}

const bucketGrammar = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
/** Longest object name in bytes of UTF-8. */
export const longestObjectName = 1024;
/** Control characters: NUL above all. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f]/;
const numberGrammar = /^[1-9][0-9]{0,8}$/;

/** @returns the name, or null when `text` is not one. */
export function readBucketName(text: string): BucketName | null {
  return bucketGrammar.test(text) && !text.includes("..") ? (text as BucketName) : null;
}

/** @throws RegistryError BUCKET_NAME_INVALID when `text` is not a bucket name. */
export function parseBucketName(text: string): BucketName {
  const name = readBucketName(text);
  if (name === null) throw new RegistryError("BUCKET_NAME_INVALID");
  return name;
}

/** @throws RegistryError OBJECT_NAME_INVALID, saying what is wrong with `text`. */
export function parseObjectName(text: string): ObjectName {
  const objection = objectionTo(text);
  if (objection === null) return text as ObjectName;
  throw new RegistryError("OBJECT_NAME_INVALID", { message: `invalid object name: ${objection}` });
}

function objectionTo(text: string): string | null {
  if (text === "") return "it is empty";
  if (!text.isWellFormed()) return "it is not valid Unicode";
  if (Buffer.byteLength(text) > longestObjectName) {
    return `it has more than ${longestObjectName} bytes`;
  }
  if (control.test(text)) return "it holds a control character";
  const segments = text.split("/");
  if (segments.includes("")) return "it must not begin or end with '/', nor hold '//'";
  if (segments.some((segment) => segment === "." || segment === "..")) {
    return "'.' and '..' are not allowed between slashes";
  }
  return null;
}

/** @returns the number of a part, 1 or larger; null when `text` is none. */
export function readPartNumber(text: string): number | null {
  return numberGrammar.test(text) ? Number(text) : null;
}
