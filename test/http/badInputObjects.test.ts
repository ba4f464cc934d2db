// Objects under names, with headers, digests and links that are wrong, over a plain socket: nothing is stored, nothing is replaced.
import { describe } from "bun:test";
import { request } from "../support/rawHttp.ts";
import { type BadInput, layerDigest, repository, strangeDigest } from "./badInput.ts";
import { bucket, json, keptBytes, object, objectTarget, refusesObjects } from "./badObjectInput.ts";

const target = objectTarget();
const objects = `${bucket}/objects`;

describe("the name of an object", () => {
  const names: readonly (readonly [what: string, name: string])[] = [
    ["that is empty", ""],
    ["with a slash in front", "/a"],
    ["with a slash at the end", "a/"],
    ["with two slashes", "a//b"],
    ["with an escaped slash in front", "%2Fa"],
    ["with an escaped slash at the end", "a%2f"],
    ["of an escaped dot between slashes", "a%2F.%2Fb"],
    ["of two dots between escaped slashes", "a%2F..%2Fb"],
    ["of two dots behind an escaped slash", "a%2F.."],
    ["with a NUL", "a%00"],
    ["with a line break", "a%0D%0Ab"],
    ["with an escape of a terminal", "%1b[2J"],
    ["with a deletion", "a%7f"],
    ["with an escape that is cut", "a%"],
    ["with an escape that is half", "a%4"],
    ["with an escape that is none", "a%zz"],
    ["with a byte that is no UTF-8", "a%ff"],
    ["with a slash in too many bytes", "a%c0%af..%c0%afb"],
    ["with half a character", "a%ed%a0%80"],
    ["of 1,025 bytes", "a".repeat(1025)],
    ["of 1,026 bytes in 513 letters", "%C3%BC".repeat(513)],
    ["of 5,000 bytes", "a".repeat(5000)],
  ];
  refusesObjects(
    target,
    names.flatMap(([what, name]) =>
      ["GET", "PUT", "DELETE"].map(
        (method): BadInput => ({
          what: `${method} of a name ${what}`,
          send: request(`${method} ${objects}/${name}`, [], method === "PUT" ? "x" : null),
          ...{ status: 400, code: "NAME_INVALID" },
        }),
      ),
    ),
  );
  refusesObjects(target, [
    {
      what: "a path of 4,000 bytes that is no address",
      send: request(`PUT ${objects}x/${"%61".repeat(1333)}`, [], "x"),
      ...{ status: 400, code: "BAD_REQUEST" },
    },
    {
      what: "PUT into a bucket that is not there",
      send: request("PUT /v1/buckets/nowhere/objects/a", [], "x"),
      ...{ status: 404, code: "BUCKET_UNKNOWN" },
    },
    ...["GET", "DELETE"].map(
      (method): BadInput => ({
        what: `${method} of an object that is not there`,
        ...{ send: request(`${method} ${objects}/none`), status: 404, code: "OBJECT_UNKNOWN" },
      }),
    ),
    {
      what: "HEAD of an object that is not there",
      ...{ send: request(`HEAD ${objects}/none`), talk: { head: true }, status: 404, code: null },
    },
  ]);
});

describe("an object", () => {
  const sha = (text: string) =>
    `sha-256=:${new Bun.CryptoHasher("sha256").update(text).digest("base64")}:`;
  const digests: readonly (readonly [what: string, header: string])[] = [
    ["of other bytes", sha("other bytes")],
    ["of other bytes behind an unknown one", `unixsum=:AAA=:, ${sha("other bytes")}`],
    ["that is no dictionary", "sha-256"],
    ["in hexadecimal", `sha-256=${"0".repeat(64)}`],
    ["as a text", `sha-256="${"A".repeat(43)}="`],
    ["of 31 bytes", `sha-256=:${Buffer.alloc(31).toString("base64")}:`],
    ["of 33 bytes", `sha-256=:${Buffer.alloc(33).toString("base64")}:`],
    ["of nothing", "sha-256=::"],
    ["without an end", "sha-256=:AAAA"],
    ["with a comma at the end", `${sha("new bytes")},`],
    ["in a name of capitals", `SHA-256=:${Buffer.alloc(32).toString("base64")}:`],
    ["that is a list without an end", "sha-256=(1 2"],
    ["of 20,000 brackets", "(".repeat(20_000)],
    ["of 5,000 parameters", `sha-256${";a".repeat(5000)}`],
    ["by another algorithm as well", `${sha("new bytes")}, sha-512=:AAAA:`],
  ];
  const put = (headers: readonly [string, string][], body = "new bytes") =>
    request(`PUT ${object}`, headers, body);
  const headers: readonly (readonly [what: string, header: [string, string], status: number])[] = [
    ["with a Content-Range", ["Content-Range", "bytes 0-8/9"], 400],
    ["in gzip", ["Content-Encoding", "gzip"], 415],
    ["in two encodings", ["Content-Encoding", "identity, br"], 415],
    ["with a type of 256 letters", ["Content-Type", "a".repeat(256)], 400],
    ["with a type that is not ASCII", ["Content-Type", "t\xe9xt/plain"], 400],
    ["only if it is another one", ["If-Match", '"sha256:0"'], 412],
    ["only if it is a weak one", ["If-Match", `W/"${strangeDigest}"`], 412],
    ["only if it is none of nothing", ["If-Match", ""], 412],
    ["only if there is none", ["If-None-Match", "*"], 412],
  ];
  const codes: Readonly<Record<number, string>> = {
    400: "BAD_REQUEST",
    412: "PRECONDITION_FAILED",
    415: "UNSUPPORTED",
  };
  refusesObjects(target, [
    ...digests.map(
      ([what, header]): BadInput => ({
        what: `PUT with a Content-Digest ${what}`,
        send: put([["Content-Digest", header]]),
        ...{ status: 400, code: "DIGEST_INVALID" },
      }),
    ),
    ...headers.map(
      ([what, header, status]): BadInput => ({
        what: `PUT ${what}`,
        ...{ send: put([header]), status, code: codes[status] ?? "" },
      }),
    ),
    {
      what: "a PUT that asks before it sends, and may not",
      send: request(`PUT ${object}`, [
        ["If-None-Match", "*"],
        ["Expect", "100-continue"],
        ["Content-Length", "1000000"],
      ]),
      ...{ status: 412, code: "PRECONDITION_FAILED" },
    },
    {
      what: "the deletion of another one",
      send: request(`DELETE ${object}`, [["If-Match", `"${strangeDigest}"`]]),
      ...{ status: 412, code: "PRECONDITION_FAILED" },
    },
    {
      what: "a range behind its end",
      send: request(`GET ${object}`, [["Range", `bytes=${keptBytes.length}-`]]),
      ...{ status: 416, code: null },
    },
    {
      what: "GET of another one",
      send: request(`GET ${object}`, [["If-Match", `"${strangeDigest}"`]]),
      ...{ status: 412, code: "PRECONDITION_FAILED" },
    },
  ]);
});

describe("a link to a repository's blob", () => {
  const link = (from: unknown) => request(`PUT ${object}`, [json], JSON.stringify({ from }));
  refusesObjects(target, [
    {
      what: "content that nobody has",
      send: link({ repository, digest: strangeDigest }),
      ...{ status: 404, code: "BLOB_UNKNOWN" },
    },
    {
      what: "content of a repository that is not there",
      send: link({ repository: "no/where", digest: layerDigest }),
      ...{ status: 404, code: "BLOB_UNKNOWN" },
    },
    {
      what: "a digest that is a path",
      send: link({ repository, digest: "sha256:../../breadbox.db" }),
      ...{ status: 400, code: "DIGEST_INVALID" },
    },
    {
      what: "a repository that is a path",
      send: link({ repository: "../../etc", digest: layerDigest }),
      ...{ status: 404, code: "BLOB_UNKNOWN" },
    },
    {
      what: "content for a bucket that is not there",
      send: request(
        "PUT /v1/buckets/nowhere/objects/a",
        [json],
        JSON.stringify({ from: { repository, digest: layerDigest } }),
      ),
      ...{ status: 404, code: "BUCKET_UNKNOWN" },
    },
  ]);
});
