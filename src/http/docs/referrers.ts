// Documentation of the list of referrers.
import { always, failures, inRepository, inside, sometimes } from "./answers.ts";
import { manifestDigest, referrerDigest, referrerSize, repository } from "./examples.ts";
import { name, page, subject } from "./parameters.ts";
import type { Parameter, Responses } from "./types.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const example = {
  schemaVersion: 2,
  mediaType: indexType,
  manifests: [
    {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: referrerDigest,
      size: referrerSize,
      artifactType: "application/spdx+json",
      annotations: { "org.opencontainers.image.created": "2026-01-01T00:00:00Z" },
    },
  ],
};

const artifactType: Parameter = {
  in: "query",
  name: "artifactType",
  required: false,
  description: "Lists only referrers of this type. Ignored when it is sent more than once.",
  schema: { type: "string" },
};

export const answers = (): Responses => ({
  200: {
    description:
      "An image index with a descriptor of each referrer, in the order of their digests. It is empty when there are no referrers, also when the subject or the repository does not exist.",
    headers: {
      "Content-Length": always("Bytes of the index.", "353"),
      "OCI-Filters-Applied": sometimes("When `artifactType` was used as a filter.", "artifactType"),
      Link: sometimes(
        "The next page, when there is one (RFC 8288).",
        `</v2/${repository}/referrers/${manifestDigest}?n=1&last=${encodeURIComponent(referrerDigest)}>; rel="next"`,
      ),
    },
    content: { [indexType]: { schema: { $ref: "#/components/schemas/Manifest" }, example } },
  },
  ...failures("DIGEST_INVALID", ...inRepository, ...inside),
});

export const parameters = [name, subject, artifactType, ...page(referrerDigest)];
