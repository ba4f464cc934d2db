// What is said of deleting tags, manifests and blobs.
import { always, failures, inRepository, inside, whileWriting } from "./answers.ts";
import { layerDigest, manifestDigest } from "./examples.ts";
import { digest, name, reference } from "./parameters.ts";
import type { Documentation } from "./types.ts";

export const deleteManifest: Documentation = {
  description:
    "By tag: that tag goes; the manifest and its other tags stay. By digest: the manifest goes, with all its tags, and no longer stands among the referrers of its subject. Nothing else goes with it: what it referred to stays in the repository until it is deleted or collected. Tags that `registry.immutableTags` locks cannot be deleted, nor can their manifests. Source: distribution-spec, _Content Management_ (end-9).",
  parameters: [name, reference],
  responses: {
    202: {
      description: "Gone, from now on and after a crash.",
      headers: {
        "Docker-Content-Digest": always("Digest of the manifest.", manifestDigest),
      },
    },
    ...failures(
      "MANIFEST_UNKNOWN",
      "TAG_IMMUTABLE",
      "DELETE_DISABLED",
      ...inRepository,
      ...whileWriting,
      ...inside,
    ),
  },
};

export const deleteBlob: Documentation = {
  description:
    "Takes a blob out of this repository, at once; other repositories that hold it keep it. A blob that a manifest of this repository refers to stays: 405, and `detail` names the manifest. Source: distribution-spec, _Content Management_ (end-10).",
  parameters: [name, digest],
  responses: {
    202: {
      description: "Gone, from now on and after a crash.",
      headers: { "Docker-Content-Digest": always("Digest of the blob.", layerDigest) },
    },
    ...failures(
      "BLOB_UNKNOWN",
      "DIGEST_INVALID",
      "BLOB_IN_USE",
      "DELETE_DISABLED",
      ...inRepository,
      ...whileWriting,
      ...inside,
    ),
  },
};
