// Uploads in parts that cannot be understood, over a plain socket: initiated, sent, completed and aborted wrongly.
import { describe } from "bun:test";
import { request } from "../support/rawHttp.ts";
import type { BadInput } from "./badInput.ts";
import {
  json,
  objectTarget,
  openUpload,
  partsOf,
  refusesObjects,
  uploads,
} from "./badObjectInput.ts";

const target = objectTarget();

type Texts = readonly (readonly [what: string, text: string])[];

/** A request to the upload that nothing may touch. */
const toUpload =
  (method: string, rest: string, headers: [string, string][] = [], body: string | null = null) =>
  async () =>
    request(`${method} ${target().upload}${rest}`, headers, body);

describe("initiating a multipart upload", () => {
  const bodies: Texts = [
    ["without an object", "{}"],
    ["without an end", '{"object":"a"'],
    ["that is an array", '["a"]'],
    ["that is empty", ""],
    ["with an unknown member", '{"object":"a","size":1}'],
    ["with a number for an object", '{"object":1}'],
    ["with a number for a type", '{"object":"a","content_type":1}'],
    ["with an empty type", '{"object":"a","content_type":""}'],
    ["with a type of two lines", '{"object":"a","content_type":"a\\r\\nb: c"}'],
    ["with a type of 256 letters", `{"object":"a","content_type":"${"a".repeat(256)}"}`],
  ];
  const names: Texts = [
    ["that is empty", ""],
    ["of two dots", "a/../b"],
    ["with a slash in front", "/a"],
    ["with a NUL", "a\\u0000"],
    ["with half a character", "a\\ud800"],
    ["of 1,025 bytes", "a".repeat(1025)],
  ];
  const post = (body: string) => request(`POST ${uploads}`, [json], body);
  refusesObjects(target, [
    ...bodies.map(
      ([what, body]): BadInput => ({
        what: `a body ${what}`,
        ...{ send: post(body), status: 400, code: "BAD_REQUEST" },
      }),
    ),
    ...names.map(
      ([what, name]): BadInput => ({
        what: `an object with a name ${what}`,
        ...{ send: post(`{"object":"${name}"}`), status: 400, code: "NAME_INVALID" },
      }),
    ),
    {
      what: "a body of 20 KB",
      ...{ send: post(" ".repeat(20_000)), status: 413, code: "SIZE_INVALID" },
    },
    {
      what: "an upload into a bucket that is not there",
      send: request("POST /v1/buckets/nowhere/multipart-uploads", [json], '{"object":"a"}'),
      ...{ status: 404, code: "BUCKET_UNKNOWN" },
    },
  ]);
});

describe("the id of an upload", () => {
  const unknown = "0190a0a0-0000-7000-8000-000000000000";
  const ids = [unknown, unknown.toUpperCase(), unknown.replaceAll("-", ""), "..%2f..", "a", "%00"];
  const asked: readonly (readonly [method: string, rest: string, body: string | null])[] = [
    ["GET", "", null],
    ["DELETE", "", null],
    ["GET", "/parts", null],
    ["PUT", "/parts/1", "x"],
    ["POST", "/complete", '{"parts":[{"part_number":1,"etag":"0000000000000000-0"}]}'],
  ];
  refusesObjects(
    target,
    ids.flatMap((id) =>
      asked.map(
        ([method, rest, body]): BadInput => ({
          what: `${method} of ${id}${rest}`,
          send: request(`${method} ${uploads}/${id}${rest}`, [], body),
          ...{ status: 404, code: "MULTIPART_UPLOAD_UNKNOWN" },
        }),
      ),
    ),
  );
  refusesObjects(
    target,
    asked.map(
      ([method, rest, body]): BadInput => ({
        what: `${method} of an upload of another bucket${rest}`,
        send: async () => {
          const id = target().upload.split("/").at(-1);
          return request(`${method} /v1/buckets/other/multipart-uploads/${id}${rest}`, [], body);
        },
        ...{ status: 404, code: "MULTIPART_UPLOAD_UNKNOWN" },
      }),
    ),
  );
});

describe("a part", () => {
  const numbers = [
    "0",
    "-1",
    "1.5",
    "00001",
    "1e3",
    "+1",
    "0x1",
    "a",
    "%31",
    "10001",
    "9".repeat(9),
  ];
  const longNumbers = ["9".repeat(10), "9".repeat(400)];
  refusesObjects(target, [
    ...[...numbers, ...longNumbers].map(
      (number): BadInput => ({
        what: `PUT of part ${number.slice(0, 12)}`,
        send: toUpload("PUT", `/parts/${number}`, [], "x"),
        ...{ status: 400, code: "PART_INVALID" },
      }),
    ),
    ...["/parts/", "/parts/1/", "/parts/1/2", "/part/1", "/parts/1/complete", "/"].map(
      (rest): BadInput => ({
        what: `PUT of ${rest}`,
        send: toUpload("PUT", rest, [], "x"),
        ...{
          status: rest === "/parts/" ? 400 : 404,
          code: rest === "/parts/" ? "PART_INVALID" : "NOT_FOUND",
        },
      }),
    ),
    {
      what: "a part that replaces another with a Content-Range",
      send: toUpload("PUT", "/parts/1", [["Content-Range", "bytes 0-0/1"]], "x"),
      ...{ status: 400, code: "BAD_REQUEST" },
    },
    {
      what: "a part in gzip",
      send: toUpload("PUT", "/parts/1", [["Content-Encoding", "gzip"]], "x"),
      ...{ status: 415, code: "UNSUPPORTED" },
    },
    {
      what: "a part with the digest of another",
      send: toUpload(
        "PUT",
        "/parts/1",
        [["Content-Digest", `sha-256=:${Buffer.alloc(32).toString("base64")}:`]],
        "x",
      ),
      ...{ status: 400, code: "DIGEST_INVALID" },
    },
    {
      what: "a part of 1 TiB that asks before it sends",
      send: toUpload("PUT", "/parts/1", [
        ["Content-Length", `${2 ** 40}`],
        ["Expect", "100-continue"],
      ]),
      ...{ status: 413, code: "SIZE_INVALID" },
    },
    ...["GET", "DELETE", "POST", "PATCH"].map(
      (method): BadInput => ({
        what: `${method} of a part`,
        send: toUpload(method, "/parts/1", [], "x"),
        ...{ status: 405, code: "UNSUPPORTED", headers: { allow: "PUT" } },
      }),
    ),
    ...["limit=0", "limit=a", "limit=1&limit=1"].map(
      (query): BadInput => ({
        what: `GET of parts with ${query}`,
        send: toUpload("GET", `/parts?${query}`),
        ...{ status: 400, code: "PAGINATION_NUMBER_INVALID" },
      }),
    ),
    ...["after=-1", "after=a", "after=1&after=2", "after=01"].map(
      (query): BadInput => ({
        what: `GET of parts with ${query}`,
        send: toUpload("GET", `/parts?${query}`),
        ...{ status: 400, code: "BAD_REQUEST" },
      }),
    ),
  ]);
});

describe("completing a multipart upload", () => {
  const entry = (number: string, etag = '"0000000000000000-0"') =>
    `{"part_number":${number},"etag":${etag}}`;
  const lists: Texts = [
    ["that is empty", "[]"],
    ["that is null", "null"],
    ["that is an object", "{}"],
    ["of nothing", "[null]"],
    ["of numbers", "[1,2]"],
    ["of lists", '[[1,"a"]]'],
    ["without etags", '[{"part_number":1}]'],
    ["with empty etags", `[${entry("1", '""')}]`],
    ["with etags that are numbers", `[${entry("1", "1")}]`],
    ["without numbers", '[{"etag":"a"}]'],
    ["with numbers that are texts", `[${entry('"1"')}]`],
    ["with part 0", `[${entry("0")}]`],
    ["with part -1", `[${entry("-1")}]`],
    ["with part 1.5", `[${entry("1.5")}]`],
    ["with part 10001", `[${entry("10001")}]`],
    ["with a part without an end", `[${entry("1e999")}]`],
    ["in falling order", `[${entry("2")},${entry("1")}]`],
    ["with a part twice", `[${entry("1")},${entry("1")}]`],
  ];
  const bodies: Texts = [
    ["without a list", "{}"],
    ["without an end", '{"parts":['],
    ["that is empty", ""],
    ["that is a list", "[]"],
    ["with an unknown member", '{"parts":[],"force":true}'],
    ["with an unknown member of a part", '{"parts":[{"part_number":1,"etag":"a","size":1}]}'],
    ["of a million brackets", "[".repeat(1_000_000)],
  ];
  const withParts =
    (edit: (parts: readonly { part_number: number; etag: string }[]) => unknown) => async () =>
      request(
        `POST ${target().upload}/complete`,
        [json],
        JSON.stringify(edit(await partsOf(target(), target().upload))),
      );
  refusesObjects(target, [
    ...lists.map(
      ([what, list]): BadInput => ({
        what: `a list ${what}`,
        send: toUpload("POST", "/complete", [json], `{"parts":${list}}`),
        ...{ status: 400, code: "PART_INVALID" },
      }),
    ),
    ...bodies.map(
      ([what, body]): BadInput => ({
        what: `a body ${what}`,
        send: toUpload("POST", "/complete", [json], body),
        ...{ status: 400, code: what === "without a list" ? "PART_INVALID" : "BAD_REQUEST" },
      }),
    ),
  ]);
  refusesObjects(target, [
    {
      what: "a list of a part that is not there",
      send: withParts((parts) => ({ parts: [...parts, { part_number: 9, etag: "a-1" }] })),
      ...{ status: 404, code: "PART_UNKNOWN" },
    },
    {
      what: "a list with the etag of another part",
      send: withParts(([first, second]) => ({ parts: [{ ...first, etag: second?.etag }, second] })),
      ...{ status: 409, code: "PART_DIFFERS" },
    },
    {
      what: "a list with the digest of something else",
      send: withParts((parts) => ({ parts, digest: `sha256:${"0".repeat(64)}` })),
      ...{ status: 400, code: "DIGEST_INVALID" },
    },
    {
      what: "a list with a digest that is none",
      send: withParts((parts) => ({ parts, digest: "md5:0" })),
      ...{ status: 400, code: "DIGEST_INVALID" },
    },
    {
      what: "a body of 3 MB",
      send: toUpload("POST", "/complete", [json], " ".repeat(3_000_000)),
      ...{ status: 413, code: "SIZE_INVALID" },
    },
    {
      what: "an upload without a part",
      send: async ({ port }: { readonly port: number }) => {
        const upload = await openUpload({ port, data: "" });
        return request(`POST ${upload}/complete`, [json], '{"parts":[]}');
      },
      ...{ status: 400, code: "PART_INVALID" },
    },
    ...["GET", "PUT", "DELETE"].map(
      (method): BadInput => ({
        what: `${method} of the completion`,
        send: toUpload(method, "/complete", [], "{}"),
        ...{ status: 405, code: "UNSUPPORTED", headers: { allow: "POST" } },
      }),
    ),
  ]);
});
