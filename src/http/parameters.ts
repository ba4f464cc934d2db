// The values that paths carry, by the names of their parameters: how each is read, and what a malformed one means.
import { RegistryError } from "../errors.ts";
import { type Digest, parseDigest } from "../model/digest.ts";
import {
  parseRepositoryName,
  parseTag,
  type Reference,
  type RepositoryName,
  readReference,
} from "../model/names.ts";
import {
  type BucketName,
  type ObjectName,
  parseBucketName,
  parseObjectName,
  readPartNumber,
} from "../model/objectNames.ts";
import { readUploadId, type UploadId } from "../model/uploadId.ts";

/** Every parameter that a path may have. */
export interface Values {
  name: RepositoryName;
  reference: Reference;
  digest: Digest;
  uploadId: UploadId;
  runId: string;
  checkId: string;
  hook: string;
  user: string;
  token: string;
  rule: string;
  trust: string;
  bucket: BucketName;
  object: ObjectName;
  partNumber: number;
  /** The name of a script or a style. */
  asset: string;
}

export type ParameterName = keyof Values;

type Names<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Further}`
    ? Name | Names<`/${Further}`>
    : Rest
  : never;

/** The typed values of a path. */
export type Params<Path extends string> = string extends Path
  ? Readonly<Partial<Values>>
  : Readonly<Pick<Values, Names<Path> & ParameterName>>;

/** Facts that the error for a malformed value depends on. */
interface Asked {
  readonly path: string;
  readonly method: string;
}

/** What is spelt in no name is unknown. */
const asSent = (text: string): string => text;

const readers: { readonly [Name in ParameterName]: (text: string, asked: Asked) => Values[Name] } =
  {
    name: parseRepositoryName,
    reference: parseReference,
    digest: parseDigest,
    uploadId: parseUploadId,
    ...{
      runId: asSent,
      checkId: asSent,
      hook: asSent,
      user: asSent,
      token: asSent,
      rule: asSent,
      trust: asSent,
    },
    bucket: parseBucketName,
    object: (text) => parseObjectName(unescapeName(text)),
    partNumber: parsePartNumber,
    asset: (text) => text,
  };

/** Reads a value into `values`. @throws RegistryError as its grammar says. */
export function readValue<Name extends ParameterName>(
  values: Partial<Values>,
  name: Name,
  text: string,
  asked: Asked,
): void {
  values[name] = readers[name](text, asked);
}

/** True for the name of a parameter. */
export function isParameterName(text: string): text is ParameterName {
  return Object.hasOwn(readers, text);
}

/** A malformed reference cannot be pushed; in other requests it is one that does not exist. */
function parseReference(text: string, { method }: Asked): Reference {
  const reference = readReference(text);
  if (reference !== null) return reference;
  if (method !== "PUT") throw new RegistryError("MANIFEST_UNKNOWN");
  if (text.includes(":")) return { digest: parseDigest(text) };
  return { tag: parseTag(text) };
}

function parseUploadId(text: string, { path }: Asked): UploadId {
  const id = readUploadId(text);
  if (id !== null) return id;
  throw new RegistryError(path.startsWith("/v1/buckets/") ? "MULTIPART_UNKNOWN" : "UPLOAD_UNKNOWN");
}

function parsePartNumber(text: string): number {
  const number = readPartNumber(text);
  if (number === null) throw new RegistryError("PART_NUMBER_INVALID");
  return number;
}

function unescapeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RegistryError("OBJECT_NAME_INVALID", {
      message: "invalid object name: its escapes (%XX) are not UTF-8",
    });
  }
}
