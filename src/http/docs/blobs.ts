// Documentation of blobs.
import { acceptRanges, always, bytes, failures, inRepository, inside } from "./answers.ts";
import { layerDigest, layerSize } from "./examples.ts";
import { bodies } from "./manifests.ts";
import type { Content, Headers, Responses } from "./types.ts";

export const validators: Headers = {
  "Docker-Content-Digest": always("Digest of the whole blob.", layerDigest),
  ETag: always("The same digest, for `If-None-Match` and `If-Range`.", `"${layerDigest}"`),
  "Cache-Control": always(
    "The bytes of a digest never change.",
    "private, max-age=31536000, immutable",
  ),
};
export const content: Content = {
  "application/octet-stream": { ...bytes, example: "(the bytes)" },
  ...bodies,
};
export const blobFailures = () =>
  failures("BLOB_UNKNOWN", "DIGEST_INVALID", ...inRepository, ...inside);

export const whole: Responses = {
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
