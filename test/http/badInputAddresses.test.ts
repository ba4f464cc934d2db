// Names, tags, digests, Host headers, paths and methods that no client should send, over a plain socket.
import { afterAll, beforeAll, describe } from "bun:test";
import { request } from "../support/rawHttp.ts";
import { Scope } from "../support/scope.ts";
import {
  type BadInput,
  layerDigest,
  manifestDigest,
  refuses,
  repository,
  seed,
  strangeDigest,
  type Target,
} from "./badInput.ts";
import { startTarget } from "./target.ts";

const scope = new Scope();
let running: Target;
const target = () => running;

beforeAll(async () => {
  running = await startTarget(scope);
  await seed(running);
});
afterAll(() => scope.close());

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
    ["an escaped dot segment", "team/%2e%2e/app"],
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

describe("the Host header", () => {
  const withHost = (host: string) =>
    request(`GET /v2/${repository}/manifests/good`, [["Host", host]]);
  const hosts: readonly [string, string][] = [
    ["empty", ""],
    ["with a space", "a b"],
    ["with user information", "user:pass@registry.test"],
    ["with a fragment", "registry.test#x"],
    ["with a path", "registry.test/path"],
    ["with a query", "registry.test?x"],
    ["with angle brackets", "<script>"],
    ["with a comma", "a.test, b.test"],
    ["with a port that is no number", "registry.test:http"],
    ["with two ports", "registry.test:1:2"],
    ["with a port of six digits", "registry.test:123456"],
    ["with an open bracket", "[::1"],
    ["with a backslash", "registry.test\\x"],
    ["with an escape", "registry%2etest"],
    ["beyond ASCII", "r\u00e9gistry.test"],
    ["of 10 KB", "a".repeat(10_000)],
    ["of dots", "..."],
  ];
  refuses(
    target,
    hosts.map(
      ([what, host]): BadInput => ({
        what: `a Host ${what}`,
        send: withHost(host),
        status: 400,
        code: "BAD_REQUEST",
        says: "Host",
      }),
    ),
  );

  refuses(target, [
    {
      what: "a second Host",
      send: request("GET /v2/", [
        ["Host", "a.test"],
        ["Host", "b.test"],
      ]),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "a missing Host",
      send: Buffer.from("GET /v2/ HTTP/1.1\r\n\r\n"),
      status: 400,
      code: null,
    },
    {
      what: "a short path that hides another one behind a one-letter Host",
      send: request(`GET /AA/v2/${repository}/tags/list`, [["Host", "x"]]),
      status: 404,
      code: "NOT_FOUND",
    },
  ]);
});

describe("paths", () => {
  refuses(target, [
    {
      what: "a dot segment that leaves the repository",
      send: get(`/v2/${repository}/../../etc/passwd`),
      status: 404,
      code: "NOT_FOUND",
    },
    {
      what: "a backslash",
      send: get(`/v2/team\\app/tags/list`),
      status: 400,
      code: "NAME_INVALID",
    },
    {
      what: "two slashes at the start",
      send: get(`//v2/${repository}/tags/list`),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an escaped v2",
      send: get(`/%76%32/${repository}/tags/list`),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an upper-case V2",
      send: get(`/V2/${repository}/tags/list`),
      status: 404,
      code: "NOT_FOUND",
    },
    {
      what: "an unknown word",
      send: get(`/v2/${repository}/nothing/here`),
      status: 404,
      code: "NOT_FOUND",
    },
    { what: "an unknown address", send: get("/nothing"), status: 404, code: "NOT_FOUND" },
    {
      what: "an address outside of the registry's",
      send: get("/.env"),
      status: 404,
      code: "NOT_FOUND",
    },
    { what: "version 1 of the API", send: get("/v1/search?q=x"), status: 404, code: "NOT_FOUND" },
    {
      what: "a path of 3 KB",
      send: get(`/v2/${"a/".repeat(1500)}tags/list`),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "a slash after the catalog",
      send: get("/v2/_catalog/"),
      status: 404,
      code: "NOT_FOUND",
    },
    {
      what: "a slash after a manifest",
      send: get(`/v2/${repository}/manifests/good/`),
      status: 404,
      code: "NOT_FOUND",
    },
    { what: "a NUL byte", send: get("/v2/team\0app/tags/list"), status: 400, code: null },
    {
      what: "bytes beyond ASCII",
      send: get("/v2/t\u00ebam/tags/list"),
      status: 400,
      code: "NAME_INVALID",
    },
  ]);
});

describe("methods", () => {
  const allow = (value: string | RegExp) => ({ allow: value });
  refuses(target, [
    {
      what: "DELETE of the API's root",
      send: request("DELETE /v2/"),
      status: 405,
      code: "UNSUPPORTED",
      headers: allow("GET, HEAD"),
    },
    {
      what: "POST to the catalog",
      send: request("POST /v2/_catalog", [], "x"),
      status: 405,
      code: "UNSUPPORTED",
      headers: allow("GET"),
    },
    {
      what: "PUT of tags",
      send: request(`PUT /v2/${repository}/tags/list`, [], "x"),
      status: 405,
      code: "UNSUPPORTED",
    },
    {
      what: "POST of a manifest",
      send: request(`POST /v2/${repository}/manifests/good`, [], "{}"),
      status: 405,
      code: "UNSUPPORTED",
      headers: allow(/PUT/),
    },
    {
      what: "PATCH of a manifest",
      send: request(`PATCH /v2/${repository}/manifests/good`, [], "{}"),
      status: 405,
      code: "UNSUPPORTED",
    },
    {
      what: "PUT of a blob",
      send: request(`PUT /v2/${repository}/blobs/${layerDigest}`, [], "x"),
      status: 405,
      code: "UNSUPPORTED",
      headers: allow(/GET, HEAD/),
    },
    {
      what: "GET of the uploads",
      send: get(`/v2/${repository}/blobs/uploads/`),
      status: 405,
      code: "UNSUPPORTED",
      headers: allow("POST"),
    },
    {
      what: "OPTIONS of a manifest",
      send: request(`OPTIONS /v2/${repository}/manifests/good`),
      status: 405,
      code: "UNSUPPORTED",
      headers: allow(/GET/),
    },
    { what: "TRACE", send: request("TRACE /v2/"), status: 405, code: "UNSUPPORTED" },
    { what: "PROPFIND", send: request("PROPFIND /v2/"), status: 405, code: "UNSUPPORTED" },
    {
      what: "POST to an unknown address",
      send: request("POST /nothing", [], "x"),
      status: 404,
      code: "NOT_FOUND",
    },
  ]);
});
