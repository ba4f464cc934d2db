// A manifest's facts: media type, artifact type, subject and references, from its exact bytes. Pure.

import { RegistryError } from "../errors.ts";
import type { ManifestReference } from "../metadata/metadata.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import { parseDescriptor, readDescriptor } from "./descriptors.ts";
import { type JsonLimits, readPlainJson } from "./jsonScan.ts";
import { type ManifestShape, readMediaType, shapeOf, type TypedDocument } from "./mediaTypes.ts";
import { assertDecodable, invalidField, type JsonObject, readObject } from "./members.ts";

/** A manifest as it was understood. Its bytes are stored as they came. */
export interface ParsedManifest {
  /** Stored, and served exactly. */
  readonly mediaType: string;
  /** For the referrers list: `artifactType`, else an image manifest's config media type. */
  readonly artifactType: string | null;
  /** The manifest this one is about; it need not exist. */
  readonly subject: Digest | null;
  /** For the same list: JSON of an object of texts; null when there are none, or no subject. */
  readonly annotations: string | null;
  /** Each digest once. */
  readonly references: readonly ManifestReference[];
  /** Declared bytes of all references together. */
  readonly contentSize: number;
}

/** Most descriptors of one list. Real ones stay below a few hundred; each is a row, and one transaction holds up all others. */
export const maxDescriptors = 4_096;
/** Most brackets open at once; the specifications need six. */
export const maxDepth = 32;
/** Most values of one document: 20 bytes each in the largest manifest, which none comes near. */
export const maxValues = 200_000;
/** Most different names in one document: reading one costs as much as ten values, and on the thread that answers everybody. */
export const maxNames = 10_000;
const limits: JsonLimits = {
  ...{ depth: maxDepth, values: maxValues, names: maxNames },
  wholeNumbers: new Set(["schemaVersion", "size"]),
};

type Kind = ManifestReference["kind"];
type Field = "config" | "layers" | "blobs" | "manifests";
/** The members that mean something here; unknown values from outside. */
interface ManifestDocument extends TypedDocument {
  readonly schemaVersion?: unknown;
  readonly artifactType?: unknown;
  readonly subject?: unknown;
  readonly annotations?: unknown;
  readonly blobs?: unknown;
}

const fields: readonly { readonly name: Field; readonly kind: Kind }[] = [
  { name: "config", kind: "blob" },
  { name: "layers", kind: "blob" },
  { name: "blobs", kind: "blob" },
  { name: "manifests", kind: "child" },
];
const fieldsByShape: Readonly<Record<ManifestShape, readonly Field[]>> = {
  image: ["config", "layers"],
  index: ["manifests"],
  artifact: ["blobs"],
  other: ["config", "layers", "blobs", "manifests"],
};

/**
 * Reads a manifest that is being pushed. @param contentType the request's header as it came.
 * @throws RegistryError MANIFEST_INVALID; the message says what is wrong with which field.
 */
export function parseManifest(body: Uint8Array, contentType: string | null): ParsedManifest {
  const text = readText(body);
  if (text.startsWith(byteOrderMark)) {
    throw new RegistryError("MANIFEST_INVALID", {
      message: "manifest begins with a byte order mark; send it without",
    });
  }
  const document = readDocument(readPlainJson(text, limits));
  if (shapeOf(readMediaType(document, contentType)) !== "other") assertDecodable(document);
  return understand(document, contentType);
}

/**
 * Reads a manifest that is stored, as `parseManifest` did when it was pushed: earlier versions took some that Go does not decode.
 * @throws RegistryError MANIFEST_INVALID
 */
export function readStoredManifest(body: Uint8Array, mediaType: string | null): ParsedManifest {
  const text = readText(body);
  const start = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  return understand(readDocument(text.slice(start)), mediaType);
}

const byteOrderMark = "\ufeff";

function understand(document: ManifestDocument, contentType: string | null): ParsedManifest {
  const mediaType = readMediaType(document, contentType);
  const shape = shapeOf(mediaType);
  refuseAmbiguity(document, shape);
  const references = mergeReferences(collectReferences(document, shape));
  const subject = readSubject(document.subject, shape);
  return {
    mediaType,
    artifactType: readArtifactType(document, shape),
    subject,
    annotations: subject === null ? null : readAnnotations(document.annotations),
    references,
    contentSize: sumSizes(references),
  };
}

function readText(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new RegistryError("MANIFEST_INVALID", { message: "manifest is not valid UTF-8", cause });
  }
}

function readDocument(text: string): JsonObject & ManifestDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RegistryError("MANIFEST_INVALID", { message: "manifest is not valid JSON", cause });
  }
  const document = readObject(value);
  if (document !== null) return document;
  throw new RegistryError("MANIFEST_INVALID", { message: "manifest is not a JSON object" });
}

/** One document must not read as an image to one client and as an index to another (CVE-2021-41190). */
function refuseAmbiguity(document: ManifestDocument, shape: ManifestShape): void {
  const present = (name: Field | "fsLayers") => (document[name] ?? null) !== null;
  if (present("manifests") && (shape === "image" || present("layers"))) {
    throw invalidField("manifests", "does not belong into an image manifest");
  }
  if (shape === "index" && (present("config") || present("layers"))) {
    const field = present("layers") ? "layers" : "config";
    throw invalidField(field, "does not belong into an index");
  }
  if (shape !== "other" && present("fsLayers")) {
    throw invalidField("fsLayers", "belongs to Docker schema 1, which is no longer accepted");
  }
  const version = document.schemaVersion;
  if ((shape === "image" || shape === "index") && version !== undefined && version !== 2) {
    throw invalidField("schemaVersion", "is not 2, written as a whole number");
  }
}

function collectReferences(document: ManifestDocument, shape: ManifestShape): ManifestReference[] {
  if (shape === "index" && document.manifests === undefined) {
    throw invalidField("manifests", "is missing");
  }
  const wanted = fieldsByShape[shape];
  return fields
    .filter(({ name }) => wanted.includes(name))
    .flatMap(({ name, kind }) => {
      const value = document[name];
      const descriptors =
        name === "config" ? readConfig(value, shape) : readList(value, name, shape);
      return descriptors.map((descriptor) => toReference(descriptor, kind));
    });
}

function readConfig(value: unknown, shape: ManifestShape): Descriptor[] {
  if (shape === "image") return [parseDescriptor(value, "config")];
  const descriptor = readDescriptor(value);
  return descriptor === null ? [] : [descriptor];
}

function readList(value: unknown, name: string, shape: ManifestShape): Descriptor[] {
  // Go prints an empty list as null.
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    if (shape === "other") return [];
    throw invalidField(name, "is not a list");
  }
  if (value.length > maxDescriptors) {
    throw invalidField(name, `has more than ${maxDescriptors} entries`);
  }
  const entries: readonly unknown[] = value;
  if (shape !== "other") return entries.map((entry, i) => parseDescriptor(entry, `${name}[${i}]`));
  return entries.map(readDescriptor).filter((descriptor) => descriptor !== null);
}

function toReference({ mediaType, digest, size }: Descriptor, kind: Kind): ManifestReference {
  return { digest, size, kind, required: !isNonDistributable(mediaType) };
}

/** Layers that clients fetch from elsewhere and do not push (OCI image-spec, "Non-Distributable Layers"). */
function isNonDistributable(mediaType: string): boolean {
  return (
    mediaType.includes(".nondistributable.") ||
    mediaType === "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" ||
    mediaType === "application/vnd.docker.image.rootfs.foreign.diff.tar"
  );
}

/** Images repeat layers, and artifacts use one empty blob as config and as layer. */
function mergeReferences(all: readonly ManifestReference[]): readonly ManifestReference[] {
  const merged = new Map<Digest, ManifestReference>();
  for (const reference of all) {
    const earlier = merged.get(reference.digest);
    if (earlier !== undefined && earlier.size !== reference.size) {
      throw new RegistryError("MANIFEST_INVALID", {
        message: `manifest invalid: ${reference.digest} is declared with two sizes`,
        detail: { digest: reference.digest },
      });
    }
    const required = reference.required || earlier?.required === true;
    merged.set(reference.digest, { ...(earlier ?? reference), required });
  }
  return [...merged.values()];
}

function sumSizes(references: readonly ManifestReference[]): number {
  const sum = references.reduce((total, { size }) => total + size, 0);
  if (Number.isSafeInteger(sum)) return sum;
  throw new RegistryError("MANIFEST_INVALID", {
    message: "manifest invalid: the declared sizes add up to more than any storage holds",
  });
}

/** OCI distribution-spec, "Listing Referrers". */
function readArtifactType(document: ManifestDocument, shape: ManifestShape): string | null {
  const stated = document.artifactType ?? "";
  if (typeof stated !== "string") throw invalidField("artifactType", "is not a string");
  if (stated.length > 255 || /[^\x20-\x7e]/.test(stated)) {
    throw invalidField("artifactType", "is not a text of at most 255 characters");
  }
  if (stated !== "") return stated;
  return shape === "image" ? parseDescriptor(document.config, "config").mediaType : null;
}

function readSubject(value: unknown, shape: ManifestShape): Digest | null {
  if (value === undefined || value === null) return null;
  if (shape === "other") return readDescriptor(value)?.digest ?? null;
  return parseDescriptor(value, "subject").digest;
}

/**
 * Texts only: clients read a list of referrers as a whole, and a single number in it would spoil all of it for them. Manifests of
 * unknown types may have any.
 */
function readAnnotations(value: unknown): string | null {
  const texts = Object.entries(readObject(value) ?? {}).filter(
    ([, text]) => typeof text === "string",
  );
  return texts.length === 0 ? null : JSON.stringify(Object.fromEntries(texts));
}
