// Documentation before the first operation.
import { version } from "../../version.ts";

/** One sentence, for search engines and link previews. */
export const summary = "Breadbox, an OCI container registry in one executable: its HTTP API.";

const introduction = `
**Breadbox is a complete OCI container registry in one executable.** This page lists every address it answers, and what it
answers there. It implements the [OCI distribution-spec](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md),
so docker, containerd, podman, skopeo, oras and helm speak it already. Below \`/v1/buckets\` it keeps files of any size.

## How a push goes

1. \`HEAD /v2/team/app/blobs/sha256:…\` asks whether a layer is there: 200, and the client skips it.
2. \`POST /v2/team/app/blobs/uploads/\` opens an upload session. The answer's \`Location\` is the session's address.
3. \`PATCH\` that address with the bytes, whole or in chunks: an offset that was answered is on disk.
4. \`PUT\` that address with \`?digest=sha256:…\`: the bytes are verified and stored under their digest.
5. \`PUT /v2/team/app/manifests/1.0\` names the config and the layers: the image can be pulled now.

A pull is \`GET\` of the manifest, then \`GET\` of each blob it names.

## Addresses

A repository's name may contain slashes. They stand in the address as they are, and so does the colon of a digest. The one
escape that is understood there is \`%3A\` for that colon. Names of objects hold slashes as well, and whatever else an address
cannot hold is escaped in them. What is tried out on this page is sent in this form.

Below \`/v1/\`, query parameters and members of JSON bodies that are not listed here are refused with 400, and nothing is done. Names in JSON
are in snake_case; the body of a list always has \`next\`, which is null at its end.

## Failures

A failure is JSON with one error: a \`code\` for programs, a \`message\` for people, and sometimes a \`detail\`. Answers
outside of \`/v2/\` add the \`request_id\`.

- An address that is none of these: 404 \`NOT_FOUND\`.
- A method that the address does not support: 405 \`UNSUPPORTED\`, with the methods that it supports now in \`Allow\`.
- A defect of the server: 500 \`UNKNOWN\`; the server's log has more under the request's id.
- A Host that is not a name of the machine, when the server listens on a loopback address: 421 \`DENIED\`. The setting \`http.url\` adds a name.
- Storage full: 413 \`UNAVAILABLE\` for every request that writes, with \`Retry-After\`. Read-only, or the server is stopping: 503. Pulls still work.

Every answer has an \`X-Request-Id\`: the one the request brought, or a new one.
`.trim();

/** Title, version and introduction. */
export const info = {
  title: "Breadbox",
  version,
  description: introduction,
  license: { name: "Apache-2.0" },
};

/** In the order of the page. The explorer shows `x-displayName`. */
export const tags = [
  {
    name: "registry",
    "x-displayName": "Registry",
    description: "The API version and the list of repositories.",
  },
  {
    name: "manifests",
    "x-displayName": "Manifests",
    description:
      "A manifest names the config and the layers of an image; an index names the manifests of several platforms. Both are kept byte for byte, with the media type they were pushed with.",
  },
  {
    name: "tags",
    "x-displayName": "Tags",
    description: "A tag is a name for a manifest. A later push can move it to another manifest.",
  },
  {
    name: "blobs",
    "x-displayName": "Blobs",
    description:
      "Layers and configs: bytes under their digest. A repository serves the blobs that were pushed to it, no others.",
  },
  {
    name: "uploads",
    "x-displayName": "Uploads",
    description:
      "A blob is uploaded in a session: open it, append to it, finish it with its digest. Sessions survive a restart of the server. A blob can also be pushed whole, in one request.",
  },
  {
    name: "buckets",
    "x-displayName": "Buckets",
    description: "A bucket holds named objects: backups, build artefacts, any other files.",
  },
  {
    name: "objects",
    "x-displayName": "Objects",
    description:
      "An object is a file with a name, which may contain slashes. Equal bytes are stored once, even if other objects or images hold them too. The ETag of an object is its digest.",
  },
  {
    name: "multipart",
    "x-displayName": "Multipart uploads",
    description:
      "An object of any size can be uploaded in parts, in parallel and in any order: initiate, upload the parts, complete. The server assembles the parts while they arrive. Uploads survive a restart of the server; an upload that receives no part for a day expires.",
  },
  {
    name: "access",
    "x-displayName": "Access",
    description:
      "For administrators: users, access tokens, rules, and the CI systems whose jobs are let in. Each change holds from the next request on.",
  },
  {
    name: "operations",
    "x-displayName": "Operations",
    description: "For the operator of the server, and this documentation.",
  },
];

/** Where a server asks who somebody is. */
export const securitySchemes = {
  login: {
    type: "http" as const,
    scheme: "basic",
    description:
      "A user's name and password; or any name, with an access token or a job's ID token as the password.",
  },
  bearer: {
    type: "http" as const,
    scheme: "bearer",
    description: "A token of `/v2/token`, as clients of registries get one.",
  },
};

const digest = {
  type: "string" as const,
  description: "`sha256:` or `sha512:` and lower-case hex",
};

/** Clients in Go write null for an empty list. */
const descriptors = {
  type: "array" as const,
  nullable: true,
  items: { $ref: "#/components/schemas/Descriptor" },
};

/** Named shapes that operations refer to. */
export const schemas = {
  Errors: {
    type: "object" as const,
    description: "Why a request failed (distribution-spec, Error Codes).",
    required: ["errors"],
    properties: {
      errors: {
        type: "array" as const,
        items: {
          type: "object" as const,
          required: ["code", "message"],
          properties: {
            code: { type: "string" as const, description: "for programs" },
            message: { type: "string" as const, description: "for people" },
            detail: { description: "differs from code to code, and is often absent" },
          },
        },
      },
      request_id: {
        type: "string" as const,
        description: "outside of `/v2/`: the id of the request in the server's log",
      },
    },
  },
  Descriptor: {
    type: "object" as const,
    description: "Media type, digest and size of content (OCI image-spec, Descriptors).",
    required: ["mediaType", "digest", "size"],
    properties: {
      mediaType: { type: "string" as const },
      digest,
      size: { type: "integer" as const, format: "int64", description: "bytes" },
    },
  },
  Manifest: {
    type: "object" as const,
    description:
      "An image has `config` and `layers`, an index has `manifests`. Other members are kept unchanged.",
    properties: {
      schemaVersion: { type: "integer" as const, enum: [2] },
      mediaType: { type: "string" as const, description: "the same as `Content-Type`" },
      artifactType: { type: "string" as const },
      config: { $ref: "#/components/schemas/Descriptor" },
      layers: descriptors,
      manifests: descriptors,
      subject: { $ref: "#/components/schemas/Descriptor" },
    },
  },
};
