// Host headers, paths and methods that no client should send, over a plain socket.
import { describe, expect, test } from "bun:test";
import { request } from "../support/rawHttp.ts";
import { ask, type BadInput, layerDigest, readEnvelope, refuses, repository } from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const get = (path: string) => request(`GET ${path}`);

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
      status: 400,
      code: "BAD_REQUEST",
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
    { what: "a NUL byte", send: get("/v2/team\0app/tags/list"), status: 505, code: null },
    {
      what: "bytes beyond ASCII",
      send: get("/v2/t\u00ebam/tags/list"),
      status: 400,
      code: "NAME_INVALID",
    },
  ]);
});

describe("paths that the runtime would resolve to another one", () => {
  refuses(
    target,
    [
      "/v2/x/../team/app/tags/list",
      "/v2/x/%2e%2e/team/app/tags/list",
      "/v2/x/%2E./team/app/tags/list",
      "/v2/./team/app/tags/list",
      "/v2/team/app/tags/list/.",
      "/../../v2/team/app/tags/list",
      "/v2/team\\app/tags/list",
      "/v2\\x\\..\\team/app/tags/list",
      "http://elsewhere.test/v2/x/../team/app/tags/list",
      "/v2/team/app/tags/list#x",
      `${"/x".repeat(80)}${"/..".repeat(80)}/v2/team/app/tags/list`,
      "/x//../../v2/team/app/tags/list",
    ].map(
      (path): BadInput => ({
        what: path,
        ...{ send: get(path), status: 400, code: "BAD_REQUEST", says: "the path holds" },
      }),
    ),
  );

  test("a target with scheme and host is routed by its path", async () => {
    const answer = await ask(target().port, get("http://elsewhere.test/v2/team/app/tags/list"));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({ name: repository, tags: ["good"] });
  });

  test("dots in a query and inside names are no dot segments", async () => {
    const query = await ask(target().port, get(`/v2/${repository}/tags/list?last=/../a`));
    expect(query.status).toBe(200);
    const name = await ask(target().port, get("/v2/team/app..x/tags/list"));
    expect(readEnvelope(name).code).toBe("NAME_INVALID");
  });
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
