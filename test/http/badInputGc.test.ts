// Requests for garbage collections that cannot be understood, over a plain socket: none of them starts one.
import { describe, expect, test } from "bun:test";
import { request } from "../support/rawHttp.ts";
import { ask, type BadInput, expectNoLeak, refuses, strangeDigest } from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();
describe("a collection", () => {
  const bodies: readonly (readonly [what: string, body: string])[] = [
    ["without an end", '{"dry_run":'],
    ["that is no JSON", "dryRun=true"],
    ["that is an array", "[]"],
    ["that is null", "null"],
    ["that is a text", '"dryRun"'],
    ["that is a number", "1"],
    ["with an unknown member", '{"dry_run":true,"force":true}'],
    ["with a misspelled member", '{"dryRun":true}'],
    ["with a prototype", '{"__proto__":{"dry_run":true}}'],
    ["with a constructor", '{"constructor":1}'],
    ["dry as a text", '{"dry_run":"true"}'],
    ["dry as a number", '{"dry_run":1}'],
    ["dry as null", '{"dry_run":null}'],
    ["with a duration", '{"min_age":"1h"}'],
    ["with a negative age", '{"min_age":-1}'],
    ["with an endless age", '{"min_age":1e999}'],
    ["with an age of 11 years", '{"min_age":346896000}'],
    ["with an age that is true", '{"min_age":true}'],
    ["with an age in a list", '{"min_age":[1]}'],
    ["with two values", "{}{}"],
    ["with a byte order mark", "\ufeff{}x"],
    ["with a NUL", "{}\0"],
  ];
  refuses(target, [
    ...bodies.map(
      ([what, body]): BadInput => ({
        what: `a request ${what}`,
        send: request("POST /v1/gc", [["Content-Type", "application/json"]], body),
        status: 400,
        code: "BAD_REQUEST",
      }),
    ),
    {
      what: "a request of 5 KB",
      send: request("POST /v1/gc", [], " ".repeat(5000)),
      status: 413,
      code: "SIZE_INVALID",
    },
    {
      what: "a request of 5 KB in chunks",
      send: request(
        "POST /v1/gc",
        [["Transfer-Encoding", "chunked"]],
        `1388\r\n${" ".repeat(5000)}\r\n0\r\n\r\n`,
      ),
      status: 413,
      code: "SIZE_INVALID",
    },
    {
      what: "a request in gzip",
      send: request("POST /v1/gc", [["Content-Encoding", "gzip"]], "{}"),
      status: 415,
      code: "UNSUPPORTED",
    },
    {
      what: "GET of a collection",
      send: request("GET /v1/gc"),
      status: 405,
      code: "UNSUPPORTED",
      headers: { allow: "POST" },
    },
    ...["POST", "PUT", "PATCH", "DELETE"].map(
      (method): BadInput => ({
        what: `${method} of the runs`,
        send: request(`${method} /v1/gc/runs`, [], "{}"),
        status: 405,
        code: "UNSUPPORTED",
        headers: { allow: "GET, HEAD" },
      }),
    ),
    ...["/v1/gc/", "/v1/gc/x", "/v1/gc/runs/a/b", "/v1", "/v1/"].map(
      (path): BadInput => ({
        what: `${path}, which is no address`,
        send: request(`GET ${path}`),
        status: 404,
        code: "NOT_FOUND",
      }),
    ),
    {
      what: "runs, by escaped dots",
      send: request("GET /v1/gc/runs/%2e%2e"),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "a collection for a Host that is none",
      send: request("POST /v1/gc", [["Host", "a b"]], "{}"),
      status: 400,
      code: "BAD_REQUEST",
    },
  ]);
});

describe("the list of runs", () => {
  refuses(target, [
    ...["0", "-1", "one", "1.5", "", "1e9", "0x10", "-9999999999", "%00"].map(
      (limit): BadInput => ({
        what: `a page of ${limit === "" ? "no number" : limit} runs`,
        send: request(`GET /v1/gc/runs?limit=${limit}`),
        status: 400,
        code: "PAGINATION_NUMBER_INVALID",
      }),
    ),
    ...[
      "x",
      strangeDigest,
      "01a1f7e5-93cb-728c-8028-5a61b9c8f780",
      "constructor",
      "a".repeat(1500),
    ].map(
      (id): BadInput => ({
        what: `the unknown run ${id.slice(0, 40)}`,
        send: request(`GET /v1/gc/runs/${id}`),
        status: 404,
        code: "NOT_FOUND",
      }),
    ),
    ...["%00", "a;b", "a%0d%0aX:%20y"].map(
      (id): BadInput => ({
        what: `the run ${id}`,
        send: request(`GET /v1/gc/runs/${id}`),
        status: 400,
        code: "BAD_REQUEST",
      }),
    ),
  ]);

  test.each(["", "x", "%00", "%ff", "'%20OR%201%3D1--", "%0d%0aX:%20y", "x".repeat(8000)])(
    "after %p, which is the id of no run, is no page, and leaves no header of the client's",
    async (after) => {
      const answer = await ask(target().port, request(`GET /v1/gc/runs?after=${after}`));
      expect(answer.status).toBe(400);
      expect(answer.headers.has("x")).toBe(false);
      expectNoLeak(answer, target().data);
    },
  );
});

test("none of the refused requests has started a collection", async () => {
  const answer = await ask(target().port, request("GET /v1/gc/runs"));
  expect(JSON.parse(answer.body.toString())).toEqual({ runs: [], next: null });
});
