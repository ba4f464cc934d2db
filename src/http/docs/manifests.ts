// Documentation of manifests.
import { always, failures, inRepository, inside } from "./answers.ts";
import { manifestDigest, manifestSize, manifests } from "./examples.ts";
import { ifNoneMatch, name, reference } from "./parameters.ts";
import type { Content, Headers, Responses } from "./types.ts";

const schema = { $ref: "#/components/schemas/Manifest" };
export const bodies: Content = Object.fromEntries(
  Object.entries(manifests).map(([mediaType, example]) => [mediaType, { schema, example }]),
);

const validators: Headers = {
  "Docker-Content-Digest": always("Digest of the manifest's bytes.", manifestDigest),
  ETag: always("The same digest, for `If-None-Match`.", `"${manifestDigest}"`),
  "Cache-Control": always(
    "For ever when requested by digest; a tag may move.",
    "private, max-age=31536000, immutable",
  ),
};

export const answers = (): Responses => ({
  200: {
    description: "The manifest, exactly as it was pushed, under the media type it was pushed with.",
    headers: {
      ...validators,
      "Content-Length": always("Bytes of the manifest.", String(manifestSize)),
    },
    content: bodies,
  },
  304: { description: "Unchanged since the ETag in `If-None-Match`.", headers: validators },
  ...failures("MANIFEST_UNKNOWN", ...inRepository, ...inside),
});

export const parameters = [name, reference, ifNoneMatch];
