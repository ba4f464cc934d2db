// Manifests that cannot be stored, over a plain socket: bodies, media types, references, sizes.
import { describe } from "bun:test";
import {
  bytes,
  descriptor,
  dockerImage,
  image,
  index,
  nested,
  ociImage,
  ociIndex,
} from "../registry/builders.ts";
import { request } from "../support/rawHttp.ts";
import {
  type BadInput,
  config,
  configDigest,
  layerDigest,
  manifest,
  refuses,
  repository,
  strangeDigest,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const path = `/v2/${repository}/manifests`;
const mebibyte = 1024 * 1024;

/** A PUT of a manifest under the tag `bad`. */
function put(document: unknown, mediaType: string | null = ociImage): Buffer {
  const headers: [string, string][] = mediaType === null ? [] : [["Content-Type", mediaType]];
  return request(`PUT ${path}/bad`, headers, bytes(document));
}

/** An image whose config and layers are there. */
const held = (change: Record<string, unknown> = {}) => ({
  ...JSON.parse(new TextDecoder().decode(manifest)),
  ...change,
});

describe("manifest bodies", () => {
  const bodies: readonly [string, unknown, (string | RegExp)?][] = [
    ["nothing", ""],
    ["no JSON", "hello"],
    ["HTML", "<html></html>"],
    ["a list", "[]", "not a JSON object"],
    ["a text", '"x"', "not a JSON object"],
    ["half an object", '{"schemaVersion":2,', "not valid JSON"],
    ["two objects", "{}{}", "not valid JSON"],
    ["33 levels", `{"a":${nested(32)}}`, "nested deeper"],
    ["10,000 levels of lists", `{"a":${nested(10_000)}}`, "nested deeper"],
    [
      "10,000 levels of objects",
      `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
      "nested deeper",
    ],
    ["4 MiB of brackets", "[".repeat(4 * mebibyte), "nested deeper"],
    ["a million empty lists", `{"a":[${"[],".repeat(1_000_000)}1]}`, "values"],
    ["layers and manifests", { ...image(), manifests: [] }, "belong"],
    ["two lists of layers", JSON.stringify(image()).replace("{", '{"layers":[],'), "repeats"],
    ["a member Go reads as layers", image({ Layers: [] }), "spelled"],
    ["Docker schema 1's layers", image({ fsLayers: [] }), "schema 1"],
    ["schemaVersion 1", image({ schemaVersion: 1 }), "schemaVersion"],
    ["no config", image({ config: undefined }), "config"],
    ["a layer that is a text", image({ layers: ["x"] }), "layers[0]"],
    [
      "a digest in upper case",
      image({ layers: [descriptor("x", { digest: `sha256:${"A".repeat(64)}` })] }),
      "layers[0].digest",
    ],
    [
      "a digest that is a path",
      image({ config: descriptor("x", { digest: "sha256:../../../etc/passwd" }) }),
      "config.digest",
    ],
    ["a size of -1", image({ config: descriptor("x", { size: -1 }) }), "config.size"],
    ["a size of 2^63", image({ config: descriptor("x", { size: 2 ** 63 }) }), "config.size"],
    [
      "a subject without a digest",
      image({ subject: { mediaType: ociImage, size: 1 } }),
      "subject.digest",
    ],
    [
      "5,000 layers",
      image({ layers: Array.from({ length: 5000 }, (_, i) => descriptor(`${i}`)) }),
      "4096",
    ],
  ];
  refuses(
    target,
    bodies.map(
      ([what, document, says]): BadInput => ({
        what: `a manifest of ${what}`,
        send: put(document),
        status: 400,
        code: "MANIFEST_INVALID",
        ...(says === undefined ? {} : { says }),
      }),
    ),
  );

  refuses(target, [
    {
      what: "a manifest that is no UTF-8",
      send: request(
        `PUT ${path}/bad`,
        [["Content-Type", ociImage]],
        Uint8Array.of(0x7b, 0xff, 0x7d),
      ),
      status: 400,
      code: "MANIFEST_INVALID",
      says: "UTF-8",
    },
    {
      what: "a manifest one byte above 4 MiB",
      send: put(`{"a":"${"x".repeat(4 * mebibyte + 1 - 8)}"}`, "application/json"),
      status: 413,
      code: "SIZE_INVALID",
    },
    {
      what: "a manifest that announces 1 GiB",
      send: request(
        `PUT ${path}/bad`,
        [
          ["Content-Type", ociImage],
          ["Content-Length", `${1024 * mebibyte}`],
        ],
        "{",
      ),
      status: 413,
      code: "SIZE_INVALID",
    },
    {
      what: "a chunked manifest above 4 MiB",
      send: [
        request(`PUT ${path}/bad`, [
          ["Content-Type", ociImage],
          ["Transfer-Encoding", "chunked"],
        ]),
        ...Array.from({ length: 5 }, () => `100000\r\n${" ".repeat(mebibyte)}\r\n`),
        "0\r\n\r\n",
      ],
      status: 413,
      code: "SIZE_INVALID",
    },
  ]);
});

describe("manifest media types", () => {
  const types: readonly [string, unknown, string | null, string | RegExp][] = [
    ["that contradicts the body", image(), ociIndex, "mediaType"],
    ["of Docker for a body of OCI", image(), dockerImage, "mediaType"],
    ["of a page", { a: 1 }, "text/html", "media type"],
    ["of a form", { a: 1 }, "application/x-www-form-urlencoded", "media type"],
    ["of bytes", { a: 1 }, "application/octet-stream", "media type"],
    ["without a slash", { a: 1 }, "json", "media type"],
    ["of 300 characters", { a: 1 }, `application/${"a".repeat(300)}+json`, "media type"],
    [
      "of Docker schema 1",
      { schemaVersion: 1 },
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "newer client",
    ],
    ["nowhere", { a: 1 }, null, "Content-Type"],
  ];
  refuses(
    target,
    types.map(
      ([what, document, mediaType, says]): BadInput => ({
        what: `a media type ${what}`,
        send: put(document, mediaType),
        status: 400,
        code: "MANIFEST_INVALID",
        says,
      }),
    ),
  );

  refuses(target, [
    {
      what: "two Content-Types",
      send: request(
        `PUT ${path}/bad`,
        [
          ["Content-Type", ociImage],
          ["Content-Type", ociIndex],
        ],
        manifest,
      ),
      status: 400,
      code: "MANIFEST_INVALID",
    },
  ]);
});

describe("manifest references", () => {
  const unknown = { ...descriptor("x"), digest: strangeDigest };
  refuses(target, [
    {
      what: "a missing config",
      send: put(held({ config: unknown })),
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
      says: strangeDigest,
    },
    {
      what: "a missing layer",
      send: put(held({ layers: [unknown] })),
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
      says: strangeDigest,
    },
    {
      what: "a missing child",
      send: put(index(), ociIndex),
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
      says: "and 1 more",
    },
    {
      what: "an image whose content another repository holds",
      send: request("PUT /v2/other/manifests/bad", [["Content-Type", ociImage]], manifest),
      status: 400,
      code: "MANIFEST_BLOB_UNKNOWN",
    },
    {
      what: "a config with another size",
      send: put(
        held({ config: { mediaType: ociImage, digest: configDigest, size: config.length + 1 } }),
      ),
      status: 400,
      code: "SIZE_INVALID",
      says: configDigest,
    },
    {
      what: "a manifest under the digest of another one",
      send: request(`PUT ${path}/${strangeDigest}`, [["Content-Type", ociImage]], manifest),
      status: 400,
      code: "DIGEST_INVALID",
      says: "digest",
    },
    {
      what: "a manifest under a layer's digest",
      send: request(`PUT ${path}/${layerDigest}`, [["Content-Type", ociImage]], manifest),
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);
});

describe("manifests that are cut or encoded", () => {
  const headers: [string, string][] = [["Content-Type", ociImage]];

  refuses(target, [
    {
      what: "a gzipped manifest",
      send: request(
        `PUT ${path}/bad`,
        [...headers, ["Content-Encoding", "gzip"]],
        Bun.gzipSync(Buffer.from(manifest)),
      ),
      status: 415,
      code: "UNSUPPORTED",
    },
    {
      what: "a Content-Encoding nobody knows",
      send: request(`PUT ${path}/bad`, [...headers, ["Content-Encoding", "x-rot13"]], manifest),
      status: 415,
      code: "UNSUPPORTED",
    },
    {
      what: "a manifest with a Content-Length shorter than its JSON",
      send: request(
        `PUT ${path}/bad`,
        [...headers, ["Content-Length", `${manifest.byteLength - 1}`]],
        manifest,
      ),
      status: 400,
      code: "MANIFEST_INVALID",
    },
    {
      what: "a manifest without a body",
      send: request(`PUT ${path}/bad`, [...headers, ["Content-Length", "0"]]),
      status: 400,
      code: "MANIFEST_INVALID",
    },
    {
      what: "a manifest without a body and without a length",
      send: request(`PUT ${path}/bad`, headers),
      status: 400,
      code: "MANIFEST_INVALID",
    },
  ]);
});
