// Buckets, lists and addresses that cannot be understood, over a plain socket: none of them changes anything.
import { describe } from "bun:test";
import { request } from "../support/rawHttp.ts";
import type { BadInput } from "./badInput.ts";
import { bucket, json, objectTarget, refusesObjects, uploads } from "./badObjectInput.ts";

const target = objectTarget();

type Named = readonly (readonly [what: string, text: string])[];

/** Bodies that are no JSON object at all. */
const noObjects: Named = [
  ["without an end", '{"name":'],
  ["that is no JSON", "name=lab"],
  ["that is an array", '["lab"]'],
  ["that is null", "null"],
  ["that is a text", '"lab"'],
  ["that is a number", "1"],
  ["that is empty", ""],
  ["with two values", '{"name":"a"}{"name":"b"}'],
  ["with a NUL", '{"name":"a"}\0'],
  ["of brackets", "[".repeat(4000)],
];
const badMembers: Named = [
  ["without a name", "{}"],
  ["with an unknown member", '{"name":"a1","region":"eu"}'],
  ["with a prototype", '{"__proto__":{"name":"a1"}}'],
  ["with a prototype and a name", '{"name":"a1","__proto__":1}'],
  ["with a constructor", '{"name":"a1","constructor":1}'],
  ["named by a number", '{"name":1}'],
  ["named null", '{"name":null}'],
  ["named by a list", '{"name":["a1"]}'],
];
const badNames: Named = [
  ["empty", ""],
  ["in upper case", "Lab"],
  ["with an underscore", "a_b"],
  ["with a dash in front", "-a"],
  ["with a dash at the end", "a-"],
  ["with a dot in front", ".a"],
  ["of two dots", ".."],
  ["with two dots", "a..b"],
  ["of 64 letters", "a".repeat(64)],
  ["with a slash", "a/b"],
  ["with a space", "a b"],
  ["with a letter of German", "bücher"],
  ["with a NUL", "a\\u0000"],
  ["with a line break", "a\\nb"],
  ["with half a character", "\\ud800"],
];

describe("a bucket", () => {
  const post = (body: string | Uint8Array) => request("POST /v1/buckets", [json], body);
  refusesObjects(target, [
    ...[...noObjects, ...badMembers].map(
      ([what, body]): BadInput => ({
        what: `a new bucket ${what}`,
        ...{ send: post(body), status: 400, code: "BAD_REQUEST" },
      }),
    ),
    ...badNames.map(
      ([what, name]): BadInput => ({
        what: `a new bucket with a name ${what}`,
        ...{ send: post(`{"name":"${name}"}`), status: 400, code: "NAME_INVALID" },
      }),
    ),
    {
      what: "a new bucket in bytes that are no UTF-8",
      send: post(Buffer.from('{"name":"a\xff"}', "latin1")),
      ...{ status: 400, code: "BAD_REQUEST" },
    },
    {
      what: "a bucket that exists",
      ...{ send: post('{"name":"lab"}'), status: 409, code: "BUCKET_EXISTS" },
    },
    {
      what: "a new bucket in 5 KB",
      ...{ send: post(`{"name":"a1"${" ".repeat(5000)}}`), status: 413, code: "SIZE_INVALID" },
    },
    {
      what: "a new bucket in chunks of 5 KB",
      send: request(
        "POST /v1/buckets",
        [["Transfer-Encoding", "chunked"]],
        `1388\r\n${" ".repeat(5000)}\r\n0\r\n\r\n`,
      ),
      ...{ status: 413, code: "SIZE_INVALID" },
    },
    {
      what: "a new bucket in gzip",
      send: request("POST /v1/buckets", [["Content-Encoding", "gzip"]], '{"name":"a1"}'),
      ...{ status: 415, code: "UNSUPPORTED" },
    },
    {
      what: "the deletion of a bucket that is not empty",
      ...{ send: request(`DELETE ${bucket}`), status: 409, code: "BUCKET_NOT_EMPTY" },
    },
    {
      what: "the deletion of a bucket that is not there",
      ...{ send: request("DELETE /v1/buckets/nowhere"), status: 404, code: "BUCKET_UNKNOWN" },
    },
  ]);
});

describe("an address", () => {
  const methods = (path: string, refused: readonly string[], allow: string): BadInput[] =>
    refused.map((method) => ({
      what: `${method} ${path.replace(bucket, "of the bucket, ")}`,
      send: request(`${method} ${path}`, [], "{}"),
      ...{ status: 405, code: "UNSUPPORTED", headers: { allow } },
    }));
  const inPaths: Named = [
    ["in upper case", "Lab"],
    ["that is escaped", "l%61b"],
    ["with two dots", "a..b"],
    ["of 64 letters", "a".repeat(64)],
    ["with a colon", "a:b"],
    ["with an escaped slash", "lab%2fobjects"],
  ];
  const nowhere = [
    "/v1/buckets/",
    `${bucket}/`,
    `${bucket}/object`,
    `${uploads}/`,
    "/v1/Buckets/lab",
  ];
  refusesObjects(target, [
    ...methods("/v1/buckets", ["PUT", "PATCH", "DELETE"], "GET, HEAD, POST"),
    ...methods(bucket, ["PUT", "POST", "PATCH"], "GET, HEAD, DELETE"),
    ...methods(`${bucket}/objects`, ["PUT", "POST", "DELETE"], "GET, HEAD"),
    ...methods(`${bucket}/objects/kept/file`, ["POST", "PATCH"], "GET, HEAD, PUT, DELETE"),
    ...methods(uploads, ["PUT", "PATCH", "DELETE"], "GET, HEAD, POST"),
    ...inPaths.flatMap(([what, name]) =>
      ["GET", "DELETE"].map(
        (method): BadInput => ({
          what: `${method} of a bucket with a name ${what}`,
          send: request(`${method} /v1/buckets/${name}`),
          ...{ status: 400, code: "NAME_INVALID" },
        }),
      ),
    ),
    {
      what: "GET of an object in a bucket without a name",
      ...{ send: request("GET /v1/buckets//objects/a"), status: 400, code: "NAME_INVALID" },
    },
    {
      what: "GET of an address that leaves its bucket by dots",
      send: request(`GET ${bucket}/objects/kept/../../../x/y`),
      ...{ status: 400, code: "BAD_REQUEST" },
    },
    {
      what: "GET of an address with an empty segment",
      ...{ send: request("GET /v1//buckets"), status: 400, code: "BAD_REQUEST" },
    },
    ...nowhere.map(
      (path): BadInput => ({
        what: `GET ${path}`,
        ...{ send: request(`GET ${path}`), status: 404, code: "NOT_FOUND" },
      }),
    ),
  ]);
});

describe("a page", () => {
  const limits = ["", "0", "-1", "+1", "1.5", "1e3", "0x10", "01", "abc", "1%20", "%31%00"];
  const lists = ["/v1/buckets", `${bucket}/objects`, uploads];
  refusesObjects(target, [
    ...lists.flatMap((path) =>
      [...limits.map((limit) => `limit=${limit}`), "limit=1&limit=1"].map(
        (query): BadInput => ({
          what: `GET ${path}?${query}`,
          send: request(`GET ${path}?${query}`),
          ...{ status: 400, code: "PAGINATION_NUMBER_INVALID" },
        }),
      ),
    ),
    ...["after=a&after=b", "prefix=a&prefix=b", "delimiter=/&delimiter=/"].map(
      (query): BadInput => ({
        what: `GET of objects with ${query}`,
        send: request(`GET ${bucket}/objects?${query}`),
        ...{ status: 400, code: "BAD_REQUEST" },
      }),
    ),
    ...["after=x", "after=", "after=../..", `after=${"a".repeat(4000)}`].map(
      (query): BadInput => ({
        what: `GET of uploads with ${query.slice(0, 20)}`,
        ...{ send: request(`GET ${uploads}?${query}`), status: 400, code: "BAD_REQUEST" },
      }),
    ),
    ...[`${bucket}x/objects`, `${bucket}x/multipart-uploads`, `${bucket}x`].map(
      (path): BadInput => ({
        what: `GET of ${path}`,
        ...{ send: request(`GET ${path}`), status: 404, code: "BUCKET_UNKNOWN" },
      }),
    ),
  ]);
});
