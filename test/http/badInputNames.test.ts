// Repository names, tags and digests that are none, over a plain socket.
import { describe } from "bun:test";
import { request } from "../support/rawHttp.ts";
import {
  type BadInput,
  layerDigest,
  manifestDigest,
  refuses,
  repository,
  strangeDigest,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const get = (path: string) => request(`GET ${path}`);

describe("repository names", () => {
  const names: readonly [string, string][] = [
    ["upper case", "Team/app"],
    ["a leading dash", "-team/app"],
    ["a trailing dot", "team./app"],
    ["two dots", "team..x/app"],
    ["three underscores", "team___x/app"],
    ["a mixed separator", "team_-x/app"],
    ["a colon", "team:x/app"],
    ["an at sign", "team@x/app"],
    ["a tilde", "team~x/app"],
    ["an empty component", "team//app"],
    ["256 characters", "a".repeat(256)],
    ["an escaped slash", "team%2fapp"],
    ["a doubly escaped slash", "team%252fapp"],
    ["an escaped NUL", "team%00/app"],
    ["an escape that is no UTF-8", "team%ff/app"],
    ["a bare percent sign", "team%/app"],
    ["an escaped letter", "%74eam/app"],
    ["a semicolon", "team;x=1/app"],
    ["a prototype member", "__proto__"],
  ];
  refuses(
    target,
    names.flatMap(([what, name]): BadInput[] => [
      {
        what: `tags/list of a name with ${what}`,
        send: get(`/v2/${name}/tags/list`),
        status: 400,
        code: "NAME_INVALID",
      },
      {
        what: `a push to a name with ${what}`,
        send: request(`POST /v2/${name}/blobs/uploads/`, [], ""),
        status: 400,
        code: "NAME_INVALID",
      },
    ]),
  );

  refuses(target, [
    {
      what: "a manifest without a name",
      send: get("/v2/manifests/good"),
      status: 404,
      code: "NOT_FOUND",
    },
    {
      what: "tags/list without a name",
      send: get("/v2/tags/list"),
      status: 404,
      code: "NOT_FOUND",
    },
    {
      what: "tags of an unknown repository",
      send: get("/v2/no/such/tags/list"),
      status: 404,
      code: "NAME_UNKNOWN",
      says: "no/such",
    },
    {
      what: "a manifest of an unknown repository",
      send: get("/v2/no/such/manifests/good"),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    {
      what: "a blob through another repository",
      send: get(`/v2/other/blobs/${layerDigest}`),
      status: 404,
      code: "BLOB_UNKNOWN",
    },
    {
      what: "a manifest through another repository",
      send: get(`/v2/other/manifests/${manifestDigest}`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
  ]);
});

describe("tags and digests", () => {
  const manifests = `/v2/${repository}/manifests`;
  const blobs = `/v2/${repository}/blobs`;
  const hex = layerDigest.slice(7);

  const badTags: readonly [string, string][] = [
    ["that starts with a dot", ".hidden"],
    ["that starts with a dash", "-rf"],
    ["of 129 characters", "a".repeat(129)],
    ["with a plus", "v1+build"],
    ["with a tilde", "v1~1"],
    ["with an at sign", "v1@x"],
  ];
  refuses(
    target,
    badTags.flatMap(([what, tag]): BadInput[] => [
      {
        what: `a GET of a tag ${what}`,
        send: get(`${manifests}/${tag}`),
        status: 404,
        code: "MANIFEST_UNKNOWN",
      },
      {
        what: `a PUT of a tag ${what}`,
        send: request(`PUT ${manifests}/${tag}`, [["Content-Type", "application/json"]], "{}"),
        status: 400,
        code: "MANIFEST_INVALID",
        says: "invalid tag",
      },
    ]),
  );

  refuses(target, [
    {
      what: "an unknown tag",
      send: get(`${manifests}/nope`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
      says: "nope",
    },
    {
      what: "an unknown digest",
      send: get(`${manifests}/${strangeDigest}`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
      says: strangeDigest,
    },
    {
      what: "an unknown blob",
      send: get(`${blobs}/${strangeDigest}`),
      status: 404,
      code: "BLOB_UNKNOWN",
      says: strangeDigest,
    },
  ]);

  const badDigests: readonly [string, string][] = [
    ["in upper case", `sha256:${hex.toUpperCase()}`],
    ["with its algorithm in upper case", `SHA256:${hex}`],
    ["of 63 digits", `sha256:${hex.slice(1)}`],
    ["of 65 digits", `sha256:${hex}0`],
    ["of sha512 with sha256's length", `sha512:${hex}`],
    ["of sha1", `sha1:${hex.slice(0, 40)}`],
    ["of md5", `md5:${hex.slice(0, 32)}`],
    ["without digits", "sha256:"],
    ["without an algorithm", `:${hex}`],
    ["of two colons", `sha256:sha256:${hex}`],
    ["of letters beyond f", `sha256:${"g".repeat(64)}`],
  ];
  refuses(
    target,
    badDigests.flatMap(([what, digest]): BadInput[] => [
      {
        what: `a GET of a blob with a digest ${what}`,
        send: get(`${blobs}/${digest}`),
        status: 400,
        code: "DIGEST_INVALID",
      },
      {
        what: `a GET of a manifest with a digest ${what}`,
        send: get(`${manifests}/${digest}`),
        status: 404,
        code: "MANIFEST_UNKNOWN",
      },
      {
        what: `a PUT of a manifest with a digest ${what}`,
        send: request(`PUT ${manifests}/${digest}`, [["Content-Type", "application/json"]], "{}"),
        status: 400,
        code: "DIGEST_INVALID",
      },
      {
        what: `a POST of a blob with a digest ${what}`,
        send: request(`POST ${blobs}/uploads/?digest=${digest}`, [], "x"),
        status: 400,
        code: "DIGEST_INVALID",
      },
    ]),
  );

  refuses(target, [
    {
      what: "a digest that is a path",
      send: get(`${blobs}/sha256:..%2f..%2f${hex}`),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "a blob asked for by tag",
      send: get(`${blobs}/good`),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a blob asked for by nothing",
      send: get(`${blobs}/`),
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);
});
