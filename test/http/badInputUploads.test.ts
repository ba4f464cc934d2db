// Uploads under a digest or an id that is wrong, over a plain socket.
import { describe, expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { bytes } from "../registry/builders.ts";
import { request } from "../support/rawHttp.ts";
import {
  ask,
  type BadInput,
  inSession,
  layerDigest,
  openSession,
  refuses,
  repository,
  strangeDigest,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const uploads = `/v2/${repository}/blobs/uploads/`;
const body = bytes("hello");
const digest = digestOf(body);

describe("digests of uploads", () => {
  refuses(target, [
    {
      what: "a single POST with the digest of other bytes",
      send: request(`POST ${uploads}?digest=${strangeDigest}`, [], body),
      status: 400,
      code: "DIGEST_INVALID",
      says: digest,
    },
    {
      what: "a single POST with two digests",
      send: request(`POST ${uploads}?digest=${digest}&digest=${digest}`, [], body),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a single POST with an empty digest",
      send: request(`POST ${uploads}?digest=`, [], body),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a single POST with a digest that is a path",
      send: request(`POST ${uploads}?digest=sha256:..%2f..%2fx`, [], body),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a single POST with a digest in a broken escape",
      send: request(`POST ${uploads}?digest=%zz`, [], body),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a single POST with a sha512 of other bytes",
      send: request(`POST ${uploads}?digest=sha512:${"0".repeat(128)}`, [], body),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a closing PUT without a digest",
      send: inSession("PUT", "", []),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a closing PUT with two digests",
      send: inSession("PUT", `?digest=${digest}&digest=${strangeDigest}`, []),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a closing PUT with the digest of other bytes",
      send: inSession("PUT", `?digest=${strangeDigest}`, []),
      status: 400,
      code: "DIGEST_INVALID",
      says: digest,
    },
    {
      what: "a closing PUT with a digest in upper case",
      send: inSession("PUT", `?digest=${digest.toUpperCase()}`, []),
      status: 400,
      code: "DIGEST_INVALID",
    },
    {
      what: "a closing PUT of nothing with a digest of something",
      send: inSession("PUT", `?digest=${digest}`, [], ""),
      status: 400,
      code: "DIGEST_INVALID",
    },
  ]);
});

describe("upload ids", () => {
  const unknown = "0190a0a0-0000-7000-8000-000000000000";
  const ids: readonly [string, string][] = [
    ["unknown", unknown],
    ["in upper case", unknown.toUpperCase()],
    ["without dashes", unknown.replaceAll("-", "")],
    ["of version 1", "0190a0a0-0000-1000-8000-000000000000"],
    ["that is a word", "latest"],
    ["that is a digest", layerDigest],
    ["of 1,000 characters", "a".repeat(1000)],
  ];
  refuses(
    target,
    ids.flatMap(([what, id]) =>
      ["GET", "PATCH", "PUT", "DELETE"].map((method): BadInput => {
        const query = method === "PUT" ? `?digest=${digest}` : "";
        const content = method === "PATCH" || method === "PUT" ? "hello" : null;
        return {
          what: `${method} of an upload id ${what}`,
          send: request(`${method} ${uploads}${id}${query}`, [], content),
          status: 404,
          code: "BLOB_UPLOAD_UNKNOWN",
        };
      }),
    ),
  );

  refuses(target, [
    {
      what: "an upload id of two dots",
      send: request(`PATCH /v2/${repository}/blobs/uploads/..`, [], "x"),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an upload id of escaped dots",
      send: request(`PATCH ${uploads}%2e%2e`, [], "x"),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an upload id with an escaped slash",
      send: request(`PATCH ${uploads}..%2f..%2fx`, [], "x"),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an upload id with an escaped NUL",
      send: request(`GET ${uploads}${unknown}%00`),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an upload id of 10 KB",
      send: request(`GET ${uploads}${"a".repeat(10_000)}`),
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      what: "an upload of another repository",
      send: async (at) => {
        const path = await openSession(at);
        return request(`PATCH ${path.replace(repository, "other")}`, [], "hello");
      },
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
    {
      what: "an upload that was cancelled",
      send: async (at) => {
        const path = await openSession(at);
        expect((await ask(at.port, request(`DELETE ${path}`))).status).toBe(204);
        return request(`PUT ${path}?digest=${digest}`, [], "hello");
      },
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
    {
      what: "an upload whose digest was wrong before",
      send: async (at) => {
        const path = await openSession(at);
        const wrong = request(`PUT ${path}?digest=${strangeDigest}`, [], "hello");
        expect((await ask(at.port, wrong)).status).toBe(400);
        return request(`PUT ${path}?digest=${digest}`, [], "hello");
      },
      status: 404,
      code: "BLOB_UPLOAD_UNKNOWN",
    },
  ]);
});
