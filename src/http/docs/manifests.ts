// What is said of manifests.
import {
  always,
  failures,
  inRepository,
  inside,
  sometimes,
  whileWriting,
  withoutBodies,
} from "./answers.ts";
import { manifestDigest, manifestSize, manifests, repository } from "./examples.ts";
import { furtherTags, ifNoneMatch, name, reference } from "./parameters.ts";
import type { Content, Documentation, Headers, Responses } from "./types.ts";

const schema = { $ref: "#/components/schemas/Manifest" };
const bodies: Content = Object.fromEntries(
  Object.entries(manifests).map(([mediaType, example]) => [mediaType, { schema, example }]),
);

const validators: Headers = {
  "Docker-Content-Digest": always("Digest of the manifest's bytes.", manifestDigest),
  ETag: always("The same digest, for `If-None-Match`.", `"${manifestDigest}"`),
  "Cache-Control": always(
    "For ever when asked by digest; a tag may move.",
    "private, max-age=31536000, immutable",
  ),
};

const answers: Responses = {
  200: {
    description: "The manifest, exactly as it was pushed, under the media type it was pushed with.",
    headers: {
      ...validators,
      "Content-Length": always("Bytes of the manifest.", String(manifestSize)),
    },
    content: bodies,
  },
  304: { description: "It is still the one that `If-None-Match` names.", headers: validators },
  ...failures("MANIFEST_UNKNOWN", ...inRepository, ...inside),
};

const parameters = [name, reference, ifNoneMatch];

export const getManifest: Documentation = {
  description:
    "A manifest by tag or by digest. `Accept` is not needed: there is one version of a manifest, and that is answered. A reference that cannot exist is merely not there: 404. Source: distribution-spec, _Pulling manifests_ (end-3).",
  parameters,
  responses: answers,
};

export const headManifest: Documentation = {
  description:
    "As `GET`, without the bytes: for the digest behind a tag, or to see whether it has moved.",
  parameters,
  responses: withoutBodies(answers),
};

export const putManifest: Documentation = {
  description: `Stores a manifest byte for byte, and sets its tags. Whatever it refers to must be in this repository already: config and layers pushed as blobs, the manifests of an index as manifests (or, as BuildKit does for its caches, as blobs). A \`subject\` need not exist; the manifest is listed among its referrers at once. Addressed by digest, the bytes must have that digest, and no tag is set unless \`?tag=\` names one.

The media type comes from \`Content-Type\`, else from \`mediaType\` in the body; other JSON media types than those listed are taken as well. The largest manifest is a setting of the server, 4 MiB unless it was changed. Source: distribution-spec, _Pushing Manifests_ (end-7).`,
  parameters: [name, reference, furtherTags],
  requestBody: {
    required: true,
    description: "The manifest. `Content-Encoding` is not supported.",
    content: bodies,
  },
  responses: {
    201: {
      description: "Stored, tagged, and safe on disk.",
      headers: {
        Location: always(
          "Address of the manifest by digest.",
          `/v2/${repository}/manifests/${manifestDigest}`,
        ),
        "Docker-Content-Digest": always("Digest of the manifest's bytes.", manifestDigest),
        "OCI-Subject": sometimes(
          "The digest of the manifest's `subject`, when it has one.",
          manifestDigest,
        ),
        Warning: sometimes(
          "When the manifest does something that specifications call deprecated. It is stored all the same.",
          '299 - "Non-distributable layers are deprecated (OCI image-spec 1.1)."',
        ),
        "OCI-Tag": sometimes("The tags of `?tag=`, when there were any.", "1.0, latest"),
      },
    },
    ...failures(
      ...inRepository,
      "MANIFEST_INVALID",
      "DIGEST_INVALID",
      "MANIFEST_BLOB_UNKNOWN",
      "DESCRIPTOR_SIZE_INVALID",
      "TAG_IMMUTABLE",
      "TAGS_TOO_MANY",
      "MANIFEST_TOO_LARGE",
      "BODY_TOO_SLOW",
      "ENCODING_UNSUPPORTED",
      ...whileWriting,
      ...inside,
    ),
  },
};
