// Holes that other registries had, of addresses. Each test names its class.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Closed, openClosed } from "./support/accessRoom.ts";

let room: Closed;
/** `Authorization` of a caller who may pull and push below `lab/`, and in the bucket `lab` below `new/`. */
let who: string;

beforeAll(async () => {
  room = await openClosed();
  await room.seed("secret/app", "1");
  await room.seed("lab/app", "1");
  for (const name of ["lab", "other"]) {
    await room.status("POST", "/v1/buckets", root, { body: JSON.stringify({ name }) });
  }
  await room.status("PUT", "/v1/buckets/lab/objects/secret/a", root, { body: "secret" });
  await room.status("PUT", "/v1/buckets/other/objects/a", root, { body: "secret" });
  who = await room.token("lab", "lab/**:pull,push", "bucket:lab/new/**:pull,push");
});
afterAll(() => room[Symbol.asyncDispose]());

const root = `Basic ${Buffer.from("root:correct horse battery").toString("base64")}`;

/** One request exactly as written. */
const raw = (
  line: string,
  more: readonly (readonly [string, string])[] = [["Authorization", who]],
) => room.registry.raw(line, [["Host", "localhost"], ...more]);

describe("path traversal (CVE-2026-42600, CVE-2021-29134)", () => {
  const between = [
    ...["..", "%2e%2e", ".%2e", "%2E.", "..%2f", "..%2F..", "%2e%2e%2f", "..;", "..%5c", "..\\"],
    ...["%252e%252e", "..%00", "%c0%ae%c0%ae", "./..", "//..", "..//"],
  ];

  test.each(between)("%s between slashes leads to nothing of others", async (dots) => {
    for (const path of [
      `/v2/lab/${dots}/secret/app/manifests/1`,
      `/v2/lab/app/manifests/${dots}/${dots}/${dots}/secret/app/manifests/1`,
      `/v2/lab/app/blobs/uploads/${dots}/${dots}/${dots}/${dots}/secret/app/tags/list`,
      `/v2/lab/app/${dots}/${dots}/_catalog`,
      `/v2/lab/${dots}/${dots}/v1/gc/runs`,
      `/v1/buckets/lab/objects/new/${dots}/secret/a`,
      `/v1/buckets/lab/${dots}/other/objects/a`,
      `/v1/buckets/lab/objects/new/${dots}/${dots}/${dots}/other/objects/a`,
    ]) {
      const { status, body } = await raw(`GET ${path}`);
      expect([path, [400, 401, 403, 404].includes(status)]).toEqual([path, true]);
      expect(body.toString()).not.toMatch(/^secret$|schemaVersion|"repositories"|"tags":/);
    }
  });

  test("escaped, doubled, upper-case and trailing slashes and letters name nothing of others", async () => {
    for (const path of [
      ...[
        "/v2/secret%2Fapp/manifests/1",
        "/v2/%73ecret/app/manifests/1",
        "/v2//secret/app/tags/list",
      ],
      ...[
        "/v2/Secret/app/manifests/1",
        "/V2/secret/app/manifests/1",
        "//v2/secret/app/manifests/1",
      ],
      ...[
        "/v2/secret/app/manifests/1/",
        "/v2/secret/app/manifests//1",
        "/v2/secret/app/./manifests/1",
      ],
      ...["/v2/lab/app%2F..%2F..%2Fsecret/app/manifests/1", "/v2/lab\\..\\secret/app/manifests/1"],
      ...[
        "/v2/secret/app/manifests/1?x=/v2/lab/app/manifests/1",
        "/v2/secret/app/manifests/1#/v2/lab",
      ],
      ...["/v1/buckets/lab/objects/secret%2Fa", "/v1/buckets/lab/objects/%73ecret/a"],
      ...["/v1/buckets/lab/objects//secret/a", "/v1/buckets/LAB/objects/secret/a"],
      ...["/metrics/", "/Metrics", "/metrics%20", "/swagger/../metrics", "/healthz/../metrics"],
      ...["http://localhost/v2/secret/app/manifests/1", "http://evil.test/v2/_catalog/../_catalog"],
    ]) {
      const { status } = await raw(`GET ${path}`);
      expect([path, [400, 401, 403, 404].includes(status)]).toEqual([path, true]);
    }
  });
});

describe("unauthenticated catalog and enumeration (CVE-2020-29662, CVE-2019-19030, CVE-2025-69413)", () => {
  test("lists begin and end with what the caller may see, wherever a page begins", async () => {
    for (const last of [
      "",
      "a",
      "lab/app",
      "lab/appp",
      "secret",
      "secret/app",
      "zzz",
      "%00",
      "'",
    ]) {
      for (const n of [0, 1, 2, 1000]) {
        const answer = await room.ask("GET", `/v2/_catalog?n=${n}&last=${last}`, who);
        expect(answer.status).toBe(200);
        expect(answer.headers.get("link") ?? "").not.toContain("secret");
        const { repositories } = Object(await answer.json());
        expect(repositories.filter((name: string) => name !== "lab/app")).toEqual([]);
      }
    }
    expect(await room.status("GET", "/v2/_catalog", null)).toBe(401);
    expect(await room.status("GET", "/v1/buckets", null)).toBe(401);
  });

  test("every method says the same of what is there and of what is not", async () => {
    const answers = async (name: string, by: string | null) => {
      const all: string[] = [];
      for (const method of ["GET", "HEAD", "PUT", "DELETE", "PATCH", "POST", "OPTIONS"]) {
        for (const path of ["manifests/1", "tags/list", "blobs/uploads/"]) {
          const answer = await room.ask(method, `/v2/${name}/${path}`, by);
          const headers = [...answer.headers].filter(
            ([key]) => !/^(?:date|x-request-id)$/.test(key),
          );
          all.push(`${method} ${answer.status} ${JSON.stringify(headers)} ${await answer.text()}`);
        }
      }
      return all.join("\n").replaceAll(name, "NAME");
    };
    for (const by of [null, who]) {
      expect(await answers("secret/app", by)).toBe(await answers("secret/nothing", by));
    }
  });
});
