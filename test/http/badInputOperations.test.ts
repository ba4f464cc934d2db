// Deletions, referrers, mounts and algorithms that are asked for wrongly, over a plain socket.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { bytes } from "../registry/builders.ts";
import { request } from "../support/rawHttp.ts";
import {
  ask,
  type BadInput,
  configDigest,
  expectNoLeak,
  layerDigest,
  manifestDigest,
  refuses,
  repository,
  strangeDigest,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();
const base = `/v2/${repository}`;
const uploads = `${base}/blobs/uploads/`;
const hex = "0".repeat(64);

/** Texts that stand where a digest belongs. */
const badDigests: readonly (readonly [what: string, text: string])[] = [
  ["without its hash", "sha256:"],
  ["that is too short", `sha256:${hex.slice(1)}`],
  ["that is too long", `sha256:${hex}0`],
  ["in upper case", `sha256:${"A".repeat(64)}`],
  ["of an algorithm in upper case", `SHA256:${hex}`],
  ["of sha1", `sha1:${"0".repeat(40)}`],
  ["of md5", `md5:${"0".repeat(32)}`],
  ["of sha512 with sha256's length", `sha512:${hex}`],
  ["that is no hash", `sha256:${"g".repeat(64)}`],
];

describe("deletions", () => {
  refuses(target, [
    ...badDigests.map(
      ([what, text]): BadInput => ({
        what: `DELETE of a blob under a digest ${what}`,
        send: request(`DELETE ${base}/blobs/${text}`),
        status: 400,
        code: "DIGEST_INVALID",
      }),
    ),
    ...badDigests.map(
      ([what, text]): BadInput => ({
        what: `DELETE of a manifest under a digest ${what}`,
        send: request(`DELETE ${base}/manifests/${text}`),
        status: 404,
        code: "MANIFEST_UNKNOWN",
      }),
    ),
    {
      what: "DELETE of a tag that is not there",
      send: request(`DELETE ${base}/manifests/none`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    {
      what: "DELETE of a tag of 129 letters",
      send: request(`DELETE ${base}/manifests/${"a".repeat(129)}`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    {
      what: "DELETE of a manifest that is not there",
      send: request(`DELETE ${base}/manifests/${strangeDigest}`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    {
      what: "DELETE of a manifest under the digest of a blob",
      send: request(`DELETE ${base}/manifests/${layerDigest}`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    {
      what: "DELETE of a manifest of another repository",
      send: request(`DELETE /v2/team/other/manifests/${manifestDigest}`),
      status: 404,
      code: "MANIFEST_UNKNOWN",
    },
    {
      what: "DELETE in a repository whose name is none",
      send: request(`DELETE /v2/UPPER/manifests/${manifestDigest}`),
      status: 400,
      code: "NAME_INVALID",
    },
    {
      what: "DELETE of a blob that is not there",
      send: request(`DELETE ${base}/blobs/${strangeDigest}`),
      status: 404,
      code: "BLOB_UNKNOWN",
    },
    {
      what: "DELETE of a blob of another repository",
      send: request(`DELETE /v2/team/other/blobs/${layerDigest}`),
      status: 404,
      code: "BLOB_UNKNOWN",
    },
    ...[layerDigest, configDigest].map(
      (digest): BadInput => ({
        what: `DELETE of the blob ${digest.slice(0, 14)}… that a manifest names`,
        send: request(`DELETE ${base}/blobs/${digest}`),
        status: 405,
        code: "UNSUPPORTED",
        says: manifestDigest,
      }),
    ),
    {
      what: "DELETE of a blob with a body",
      send: request(`DELETE ${base}/blobs/${layerDigest}`, [], "x".repeat(1000)),
      status: 405,
      code: "UNSUPPORTED",
    },
    {
      what: "DELETE of all blobs",
      send: request(`DELETE ${base}/blobs/`),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "DELETE of a repository",
      send: request(`DELETE ${base}`),
      status: 404,
      code: "NOT_FOUND",
    },
    {
      what: "DELETE of all tags",
      send: request(`DELETE ${base}/tags/list`),
      status: 405,
      code: "UNSUPPORTED",
    },
  ]);
});

describe("referrers", () => {
  refuses(target, [
    ...badDigests.map(
      ([what, text]): BadInput => ({
        what: `referrers of a digest ${what}`,
        send: request(`GET ${base}/referrers/${text}`),
        status: 400,
        code: "DIGEST_INVALID",
      }),
    ),
    {
      what: "referrers of a tag",
      send: request(`GET ${base}/referrers/good`),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "referrers in a repository whose name is none",
      send: request(`GET /v2/UPPER/referrers/${manifestDigest}`),
      status: 400,
      code: "NAME_INVALID",
    },
    ...["-1", "one", "1.5", "", "1e9", "+99999999999"].map(
      (n): BadInput => ({
        what: `a page of ${n === "" ? "no number" : n} referrers`,
        send: request(`GET ${base}/referrers/${manifestDigest}?n=${n}`),
        status: 400,
        code: "PAGINATION_NUMBER_INVALID",
      }),
    ),
    ...["PUT", "POST", "DELETE"].map(
      (method): BadInput => ({
        what: `${method} of referrers`,
        send: request(`${method} ${base}/referrers/${manifestDigest}`, [], "{}"),
        status: 405,
        code: "UNSUPPORTED",
        headers: { allow: "GET, HEAD" },
      }),
    ),
  ]);

  const filters = ["%00", "%0d%0aX:%20y", "%ff", "'%20OR%201%3D1--", "x".repeat(8000), "%"];
  test.each([
    ...filters.map((text) => `artifactType=${text}`),
    ...filters.map((text) => `last=${text}`),
  ])("?%s finds none, and is not repeated in a header", async (query) => {
    const path = `${base}/referrers/${manifestDigest}?${query}`;
    const answer = await ask(target().port, request(`GET ${path}`));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString()).manifests).toEqual([]);
    expect(answer.headers.has("x")).toBe(false);
    expectNoLeak(answer, target().data);
  });
});

describe("mounts", () => {
  refuses(target, [
    ...badDigests.map(
      ([what, text]): BadInput => ({
        what: `a mount of a digest ${what}`,
        send: request(`POST ${uploads}?mount=${text}&from=${repository}`, [], ""),
        status: 400,
        code: "DIGEST_INVALID",
      }),
    ),
    {
      what: "a mount of two digests",
      send: request(`POST ${uploads}?mount=${layerDigest}&mount=${configDigest}`, [], ""),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a mount of one digest and an upload of another",
      send: request(`POST ${uploads}?mount=${layerDigest}&digest=${configDigest}`, [], ""),
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);

  test.each([
    `from=${repository}`,
    "from=nobody/has",
    "from=UPPER",
    "from=../../etc",
    "from=%00",
    "from=",
    `from=${"a/".repeat(2000)}a`,
    "from=a&from=b",
    "",
  ])("of unknown content with %p opens a session", async (from) => {
    const path = `/v2/fresh/repository/blobs/uploads/?mount=${strangeDigest}&${from}`;
    const answer = await ask(target().port, request(`POST ${path}`, [], ""));
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toMatch(
      /^\/v2\/fresh\/repository\/blobs\/uploads\/[0-9a-f-]{36}$/,
    );
    expect(answer.headers.has("docker-content-digest")).toBe(false);
    expectNoLeak(answer, target().data);
  });

  test("from a source without the blob is answered as for unknown content", async () => {
    const session = async (digest: string) => {
      const path = `/v2/fresh/repository/blobs/uploads/?mount=${digest}&from=nobody/has`;
      const { status, headers, body } = await ask(target().port, request(`POST ${path}`, [], ""));
      return [status, [...headers.keys()], body.length];
    };
    expect(await session(layerDigest)).toEqual(await session(strangeDigest));
  });
});

describe("algorithms of sessions", () => {
  const texts = [
    "",
    "md5",
    "sha1",
    "SHA512",
    "sha-512",
    "blake3",
    "sha512,sha256",
    "%00",
    "__proto__",
  ];
  refuses(target, [
    ...texts.map(
      (text): BadInput => ({
        what: `digest-algorithm=${text}`,
        send: request(`POST ${uploads}?digest-algorithm=${text}`, [], ""),
        status: 400,
        code: "DIGEST_INVALID",
        says: "sha256 or sha512",
      }),
    ),
    {
      what: "digest-algorithm twice",
      send: request(`POST ${uploads}?digest-algorithm=sha256&digest-algorithm=sha512`, [], ""),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "an unknown digest-algorithm beside a whole blob",
      send: request(
        `POST ${uploads}?digest=${digestOf(bytes("hello"))}&digest-algorithm=md5`,
        [],
        "hello",
      ),
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);
});
