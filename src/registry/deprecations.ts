// Deprecated features of a pushed manifest. Pure; its client gets a warning, and the manifest is stored all the same.
import type { Tag } from "../model/names.ts";

/** The checked facts. */
export interface PushedManifest {
  readonly mediaType: string;
  readonly tags: readonly Tag[];
  /** True when it has layers that clients fetch from elsewhere and do not push. */
  readonly hasForeignLayers: boolean;
}

const artifactManifest = "application/vnd.oci.artifact.manifest.v1+json";
const indexes: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
/** distribution-spec, "Referrers Tag Schema": algorithm and at most 64 characters of the digest. */
const referrersTag = /^sha(?:256|512)-[0-9a-f]{64}$/;

/**
 * Sentences for who pushed, in printable ASCII without quotation marks.
 *
 * Sources: image-spec 1.1 dropped the artifact manifest of its release candidates, and says in "Non-Distributable Layers" that
 * those are deprecated; distribution-spec, "Unavailable Referrers API": the tag is for registries without that API.
 */
export function findDeprecations({ mediaType, tags, hasForeignLayers }: PushedManifest): string[] {
  const found: string[] = [];
  if (mediaType === artifactManifest) {
    found.push(
      "OCI artifact manifests are deprecated: push an image manifest with an artifactType (OCI image-spec 1.1).",
    );
  }
  if (hasForeignLayers) {
    found.push("Non-distributable layers are deprecated (OCI image-spec 1.1).");
  }
  const tag = tags.find((name) => referrersTag.test(name));
  if (tag !== undefined && indexes.includes(mediaType)) {
    found.push(
      `The referrers tag ${tag} is not needed: this registry has the referrers API (OCI distribution-spec 1.1).`,
    );
  }
  return found;
}
