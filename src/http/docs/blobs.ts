// What is said of blobs.
import {
  acceptRanges,
  always,
  bytes,
  failures,
  inRepository,
  inside,
  rangeAnswers,
  withoutBodies,
} from "./answers.ts";
import { layerDigest, layerSize } from "./examples.ts";
import { digest, ifNoneMatch, ifRange, name, range } from "./parameters.ts";
import type { Content, Documentation, Headers, Responses } from "./types.ts";

const validators: Headers = {
  "Docker-Content-Digest": always("Digest of the whole blob.", layerDigest),
  ETag: always("The same digest, for `If-None-Match` and `If-Range`.", `"${layerDigest}"`),
  "Cache-Control": always(
    "The bytes of a digest never change.",
    "private, max-age=31536000, immutable",
  ),
};
const content: Content = { "application/octet-stream": { ...bytes, example: "(the bytes)" } };
const refusals = failures("BLOB_UNKNOWN", "DIGEST_INVALID", ...inRepository, ...inside);

const whole: Responses = {
  200: {
    description:
      "The blob. For a manifest's digest: the manifest, under its own media type, which some clients fetch here.",
    headers: {
      ...validators,
      ...acceptRanges,
      "Content-Length": always("Bytes of the blob.", String(layerSize)),
    },
    content,
  },
  304: { description: "The client has it already.", headers: validators },
};

export const getBlob: Documentation = {
  description:
    "A blob that this repository holds, whole or in ranges. Content that only another repository holds is not served: 404. Source: distribution-spec, _Pulling blobs_ (end-2).",
  parameters: [name, digest, range, ifRange, ifNoneMatch],
  responses: {
    ...whole,
    ...rangeAnswers("blob", { size: layerSize, headers: validators, content }),
    ...refusals,
  },
};

export const headBlob: Documentation = {
  description:
    "Whether this repository holds a blob, and how large it is. Clients ask before they upload; what was found is kept long enough for the manifest that will name it.",
  parameters: [name, digest, ifNoneMatch],
  responses: withoutBodies({ ...whole, ...refusals }),
};
