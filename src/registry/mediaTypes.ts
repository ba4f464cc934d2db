// Media types of manifests: which are known, how one is spelled, and which type a pushed manifest is stored under.
import { RegistryError } from "../errors.ts";

/**
 * How a manifest is read. `other`: any other JSON document; what it refers to is found where it follows the known shapes.
 * `artifact` are the two predecessors of OCI 1.1 artifacts, which tools of that time still push.
 */
export type ManifestShape = "image" | "index" | "artifact" | "other";

/** The members that determine a manifest's type; unknown values from outside. */
export interface TypedDocument {
  readonly mediaType?: unknown;
  readonly config?: unknown;
  readonly layers?: unknown;
  readonly manifests?: unknown;
  readonly fsLayers?: unknown;
}

const ociImage = "application/vnd.oci.image.manifest.v1+json";
const ociIndex = "application/vnd.oci.image.index.v1+json";

const shapes: ReadonlyMap<string, ManifestShape> = new Map([
  [ociImage, "image"],
  ["application/vnd.docker.distribution.manifest.v2+json", "image"],
  [ociIndex, "index"],
  ["application/vnd.docker.distribution.manifest.list.v2+json", "index"],
  ["application/vnd.oci.artifact.manifest.v1+json", "artifact"],
  ["application/vnd.cncf.oras.artifact.manifest.v1+json", "artifact"],
]);

const dockerSchema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** RFC 6838 names, and JSON only: a manifest is served with this type, and `text/html` would be a page. */
const grammar =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/(?:[A-Za-z0-9][A-Za-z0-9!#$&^_.-]*\+)*json$/;
const longestMediaType = 255;

/** How manifests of `mediaType` are read. */
export function shapeOf(mediaType: string): ManifestShape {
  return shapes.get(mediaType) ?? "other";
}

/**
 * The type a manifest is stored and served under: the Content-Type header without its parameters, else the body's
 * `mediaType`, else what the body's fields show (helm pushes without `mediaType`).
 * @throws RegistryError MANIFEST_INVALID when the two differ, or the type is missing, malformed or no longer served.
 */
export function readMediaType(document: TypedDocument, contentType: string | null): string {
  const sent = contentType?.split(";", 1)[0]?.trim() || null;
  const stated = readStatedType(document.mediaType);
  if (sent !== null && stated !== null && sent !== stated) {
    throw invalid(
      `Content-Type says ${excerpt(sent)}, the manifest's mediaType says ${excerpt(stated)}`,
    );
  }
  const mediaType = sent ?? stated ?? deriveType(document);
  if (dockerSchema1.test(mediaType)) {
    throw invalid("Docker schema 1 manifests are no longer accepted; push with a newer client");
  }
  if (mediaType.length > longestMediaType || !grammar.test(mediaType)) {
    throw invalid(
      `${excerpt(mediaType)} is not a manifest's media type: expected type/subtype+json, at most ${longestMediaType} characters`,
    );
  }
  return mediaType;
}

function readStatedType(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string") throw invalid("mediaType is not a string");
  return value;
}

function deriveType(document: TypedDocument): string {
  if (document.config !== undefined && document.layers !== undefined) return ociImage;
  if (document.manifests !== undefined) return ociIndex;
  if (document.fsLayers !== undefined)
    return "application/vnd.docker.distribution.manifest.v1+json";
  throw invalid(
    "the manifest's media type is unknown: send Content-Type, or mediaType in the body",
  );
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function invalid(message: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", { message, detail: { field: "mediaType" } });
}
