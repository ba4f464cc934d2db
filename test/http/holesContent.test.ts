// Holes that other registries had, of content and of names. Each test names its class.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { type Closed, openClosed } from "./support/accessRoom.ts";
import { imageType, type PushedImage } from "./support/image.ts";

let room: Closed;
let secret: PushedImage;
/** `Authorization` of a caller who may do everything below `lab/`, and in the bucket `lab` below `new/`. */
let who: string;
/** Of one who may create there, and neither replace nor delete. */
let creator: string;

beforeAll(async () => {
  room = await openClosed();
  secret = await room.seed("secret/app", "1");
  await room.seed("lab/app", "1");
  for (const name of ["lab", "secret"]) {
    const body = JSON.stringify({ name });
    expect(await room.status("POST", "/v1/buckets", root(), { body })).toBe(201);
  }
  await room.status("PUT", "/v1/buckets/lab/objects/secret/a", root(), { body: "secret" });
  await room.status("PUT", "/v1/buckets/secret/objects/a", root(), { body: "secret" });
  const all = "pull,push,overwrite,delete";
  who = await room.token("lab", `lab/**:${all}`, `bucket:lab/new/**:${all}`);
  creator = await room.token("new", "lab/**:pull,push", "bucket:lab/new/**:pull,push");
});
afterAll(() => room[Symbol.asyncDispose]());

const root = (): string => `Basic ${Buffer.from("root:correct horse battery").toString("base64")}`;
const absent = digestOf(Buffer.from("nobody has this"));

/** Status and text of an answer, without what differs between any two. */
async function said(method: string, path: string, init: RequestInit = {}): Promise<string> {
  const answer = await room.ask(method, path, who, init);
  const text = (await answer.text()).replaceAll(/"request_id":"[^"]*"/g, "");
  const headers = ["location", "docker-content-digest", "range", "www-authenticate"];
  const shown = headers.map((name) => answer.headers.get(name)?.replaceAll(/[0-9a-f-]{36}/g, "ID"));
  return `${answer.status} ${shown.join()} ${text}`;
}

describe("content readable without an access check, by cache, dedupe or re-use (CVE-2024-39897, CVE-2026-35172, CVE-2026-28740)", () => {
  test("content of another repository is as absent as what nobody has", async () => {
    const { digest, layerDigest } = secret;
    // It is in every cache that there is.
    for (const path of [`manifests/${digest}`, "manifests/1", `blobs/${layerDigest}`]) {
      expect(await room.status("GET", `/v2/secret/app/${path}`, root())).toBe(200);
    }
    for (const method of ["GET", "HEAD", "DELETE"]) {
      for (const [kind, theirs] of [
        ["manifests", digest],
        ["blobs", layerDigest],
        ["blobs", digest],
      ] as const) {
        const [found, missing] = [theirs, absent].map((it) => `/v2/lab/app/${kind}/${it}`);
        const answer = await said(method, found ?? "");
        expect(answer).toStartWith("404");
        expect(answer).toBe((await said(method, missing ?? "")).replaceAll(absent, theirs));
      }
    }
    for (const headers of [{ range: "bytes=0-9" }, { "if-none-match": `"${layerDigest}"` }]) {
      const path = `/v2/lab/app/blobs/${layerDigest}`;
      expect(await room.status("GET", path, who, { headers })).toBe(404);
    }
  });

  test("a manifest gives no content of another repository to the one that it is pushed to", async () => {
    const push = (digest: string, size: number) => {
      const blob = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest, size };
      const config = { ...blob, mediaType: "application/vnd.oci.image.config.v1+json" };
      const body = JSON.stringify({
        schemaVersion: 2,
        mediaType: imageType,
        config,
        layers: [blob],
      });
      return said("PUT", "/v2/lab/app/manifests/x", {
        body,
        headers: { "content-type": imageType },
      });
    };
    const { layerDigest, layer } = secret;
    const answer = await push(layerDigest, layer.length);
    expect(answer).toStartWith("400");
    expect(answer).toBe((await push(absent, layer.length)).replaceAll(absent, layerDigest));
  });

  test("referrers are those of the repository", async () => {
    const subject = { mediaType: imageType, digest: secret.digest, size: secret.manifest.length };
    const body = JSON.stringify({ ...JSON.parse(secret.manifest), subject });
    const headers = { "content-type": imageType };
    const path = "/v2/secret/app/manifests/signature";
    expect(await room.status("PUT", path, root(), { body, headers })).toBe(201);

    const listed = await room.ask("GET", `/v2/lab/app/referrers/${secret.digest}`, who);
    expect(Object(await listed.json())["manifests"]).toEqual([]);
  });

  test("a blob that was deleted from its repository is gone there, though another one has it", async () => {
    const bytes = Buffer.from("shared");
    const digest = digestOf(bytes);
    for (const name of ["lab/app", "secret/app"]) {
      const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
      expect(await room.status("POST", path, root(), { body: bytes })).toBe(201);
    }
    const path = `/v2/lab/app/blobs/${digest}`;
    expect(await room.status("GET", path, who)).toBe(200);
    expect(await room.status("DELETE", path, who)).toBe(202);
    expect(await room.status("GET", path, who)).toBe(404);
    expect(await room.status("HEAD", path, who)).toBe(404);
  });

  test("an upload session of another repository is as absent as one that never was", async () => {
    const begun = await room.ask("POST", "/v2/secret/app/blobs/uploads/", root());
    const id = begun.headers.get("docker-upload-uuid") ?? "";
    const never = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
    const tries: readonly (readonly [string, string, string?])[] = [
      ["GET", ""],
      ["PATCH", "", "x"],
      ["PUT", `?digest=${absent}`, "x"],
      ["DELETE", ""],
    ];
    for (const [method, query, body] of tries) {
      const at = (session: string) => `/v2/lab/app/blobs/uploads/${session}${query}`;
      const init = body === undefined ? {} : { body };
      const answer = await said(method, at(id), init);
      expect(answer).toStartWith("404");
      expect(answer).toBe((await said(method, at(never), init)).replaceAll(never, id));
    }
    expect(await room.status("GET", `/v2/secret/app/blobs/uploads/${id}`, root())).toBe(204);
  });

  test("an upload in parts of another bucket, or of a name out of reach, is as absent as one that never was", async () => {
    const at = (bucket: string) => `/v1/buckets/${bucket}/multipart-uploads`;
    const never = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
    for (const [bucket, object] of [
      ["secret", "new/a"],
      ["lab", "secret/b"],
    ] as const) {
      const body = JSON.stringify({ object });
      const begun = await room.ask("POST", at(bucket), root(), { body });
      const { upload_id: id } = Object(await begun.json());
      for (const [method, path, text] of [
        ["GET", "", null],
        ["GET", "/parts", null],
        ["PUT", "/parts/1", "x"],
        ["POST", "/complete", '{"parts":[{"part_number":1,"etag":"x"}]}'],
        ["DELETE", "", null],
      ] as const) {
        const answer = await said(method, `${at("lab")}/${id}${path}`, { body: text });
        expect(answer).toStartWith("404");
        const other = await said(method, `${at("lab")}/${never}${path}`, { body: text });
        expect(answer).toBe(other.replaceAll(never, id));
      }
      expect(await room.status("GET", `${at(bucket)}/${id}`, root())).toBe(200);
    }
  });
});

describe("a permission finer than the check (CVE-2026-31801)", () => {
  test("of many who create the same tag or object at the same time, one does, and nothing is replaced", async () => {
    const images = await Promise.all(["a", "b", "c", "d"].map((tag) => room.seed("lab/race", tag)));
    const headers = { "content-type": imageType };
    const tags = await Promise.all(
      images.map(({ manifest: body }) =>
        room.status("PUT", "/v2/lab/race/manifests/new", creator, { body, headers }),
      ),
    );
    expect(tags.toSorted()).toEqual([201, 403, 403, 403]);
    const objects = await Promise.all(
      ["1", "2", "3", "4"].map((body) =>
        room.status("PUT", "/v1/buckets/lab/objects/new/race", creator, { body }),
      ),
    );
    expect(objects.toSorted()).toEqual([201, 403, 403, 403]);
  });

  test("no other way replaces either: further tags, a copy, a condition", async () => {
    const [first, second] = [await room.seed("lab/ways", "1"), await room.seed("lab/ways", "2")];
    const headers = { "content-type": imageType };
    const path = `/v2/lab/ways/manifests/${second.digest}?tag=fresh&tag=1`;
    expect(await room.status("PUT", path, creator, { body: second.manifest, headers })).toBe(403);
    const now = await room.ask("HEAD", "/v2/lab/ways/manifests/1", creator);
    expect(now.headers.get("docker-content-digest")).toBe(first.digest);
    expect(await room.status("HEAD", "/v2/lab/ways/manifests/fresh", creator)).toBe(404);
    expect(await room.status("DELETE", "/v2/lab/ways/manifests/1", creator)).toBe(403);

    const object = "/v1/buckets/lab/objects/new/ways";
    expect(await room.status("PUT", object, creator, { body: "1" })).toBe(201);
    expect(await room.status("PUT", "/v1/buckets/lab/objects/new/b", creator, { body: "2" })).toBe(
      201,
    );
    const copy = {
      body: '{"from":{"bucket":"lab","object":"new/b"}}',
      headers: { "content-type": "application/json" },
    };
    expect(await room.status("PUT", object, creator, copy)).toBe(403);
    const etag = (await room.ask("HEAD", object, creator)).headers.get("etag") ?? "";
    for (const condition of [{ "if-match": "*" }, { "if-match": etag }]) {
      const init = { body: "3", headers: condition };
      expect(await room.status("PUT", object, creator, init)).toBe(403);
    }
    expect(await (await room.ask("GET", object, creator)).text()).toBe("1");
  });
});

describe("a setting honoured on one path and not on its twin (CVE-2026-41888)", () => {
  test("without deletion nothing is deleted, by tag, by digest or anywhere else", async () => {
    await using other = await openClosed({ switches: { delete: false } });
    const { digest, layerDigest } = await other.seed("lab/app", "1");
    const paths = [
      ...["manifests/1", `manifests/${digest}`, `blobs/${layerDigest}`].map(
        (it) => `/v2/lab/app/${it}`,
      ),
      ...["/v1/buckets/lab", "/v1/buckets/lab/objects/a"],
    ];
    for (const path of paths)
      expect([path, await other.status("DELETE", path, root())]).toEqual([path, 405]);
  });
});

describe("a rule that a name slips past", () => {
  test("a deny reaches names of any characters", async () => {
    const picky = await room.token("picky", "bucket:lab:pull,push");
    const pattern = "bucket:lab/deny/**";
    const rule = { who: "token:picky", effect: "deny", pattern, actions: "pull,push" } as const;
    await room.accounts.addRule(rule);
    await room.accounts.addRule({ ...rule, pattern: "bucket:lab/?" });
    for (const name of [
      "deny/a\u2028b",
      "deny/\u2029",
      "deny/a/\u0085",
      "deny/é",
      "deny/😀",
      "😀",
    ]) {
      const path = `/v1/buckets/lab/objects/${name.split("/").map(encodeURIComponent).join("/")}`;
      expect([name, await room.status("PUT", path, picky, { body: "x" })]).toEqual([name, 403]);
      expect([name, await room.status("GET", path, picky)]).toEqual([name, 403]);
    }
  });

  test("a repository named as a route is judged by its whole name", async () => {
    await room.seed("secret/blobs/uploads", "1");
    await room.seed("secret/manifests/lab", "1");
    const named = await room.token("routes", "secret:pull", "blobs/**:pull", "manifests/**:pull");
    for (const path of [
      "/v2/secret/blobs/uploads/manifests/1",
      "/v2/secret/blobs/uploads/tags/list",
      "/v2/secret/manifests/lab/manifests/1",
      "/v2/secret/manifests/lab/tags/list",
    ]) {
      expect([path, await room.status("GET", path, named)]).toEqual([path, 403]);
      expect([path, await room.status("GET", path, root())]).toEqual([path, 200]);
    }
  });
});
