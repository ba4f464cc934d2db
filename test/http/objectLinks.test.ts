// Content that buckets and repositories share: links of objects to blobs, mounts of blobs from objects.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { randomBytes } from "../support/bytes.ts";
import { pushBlob } from "./support/image.ts";
import { bucket, jsonOf, refusalOf, storedFiles } from "./support/multipart.ts";
import { type Objects, openObjects, textOf } from "./support/objectClient.ts";

let objects: Objects;
beforeEach(async () => {
  objects = await openObjects();
});
afterEach(() => objects[Symbol.asyncDispose]());

const bytes = Buffer.from(randomBytes("layer", 1000));
const digest = digestOf(bytes);
const json = { "Content-Type": "application/json" };
const from = (repository: string, what: string = digest) =>
  JSON.stringify({ from: { repository, digest: what } });
const push = () => pushBlob(objects.registry.url, "team/app", bytes);

describe("a copy", () => {
  const copyOf = (object: string, of: string = bucket) =>
    JSON.stringify({ from: { bucket: of, object } });

  test("is made of an object in the same or another bucket, without sending bytes", async () => {
    await objects.createBucket("other");
    await objects.put("it", bytes, { "Content-Type": "image/x-layer" });

    const here = await objects.put("copy", copyOf("it"), json);
    const there = await objects.ask("/v1/buckets/other/objects/path/to/copy", {
      method: "PUT",
      body: copyOf("it"),
      headers: json,
    });

    expect([here.status, there.status]).toEqual([201, 201]);
    expect(jsonOf(there)).toMatchObject({
      ...{ bucket: "other", object: "path/to/copy", size_bytes: bytes.length, digest },
      content_type: "image/x-layer",
    });
    await objects.remove("it");
    const got = await objects.ask("/v1/buckets/other/objects/path/to/copy");
    expect(digestOf(got.bytes)).toBe(digest);
    expect(await storedFiles(objects.registry.store.directory)).toBe(1);
  });

  test("replaces an object, respects preconditions, and may be of itself", async () => {
    await objects.put("it", bytes);
    await objects.put("taken", "before");

    const refused = await objects.put("taken", copyOf("it"), { ...json, "If-None-Match": "*" });
    expect([refused.status, textOf(await objects.get("taken"))]).toEqual([412, "before"]);
    expect((await objects.put("taken", copyOf("it"), json)).status).toBe(200);
    expect((await objects.put("it", copyOf("it"), json)).status).toBe(200);
    expect(digestOf((await objects.get("it")).bytes)).toBe(digest);
  });

  test.each([
    ["an object that is not there", copyOf("absent"), 404, "OBJECT_UNKNOWN"],
    ["a bucket that is not there", copyOf("it", "absent"), 404, "OBJECT_UNKNOWN"],
    ["a bucket that cannot be one", copyOf("it", "No Bucket"), 400, "NAME_INVALID"],
    ["an object that cannot be one", copyOf("../it"), 400, "NAME_INVALID"],
  ])("of %s is refused and stores nothing", async (_, body, status, code) => {
    await objects.put("it", bytes);

    const put = await objects.put("copy", body, json);

    expect([put.status, refusalOf(put).code]).toEqual([status, code]);
    expect((await objects.get("copy")).status).toBe(404);
  });
});

describe("a link", () => {
  test.each([
    ["application/json"],
    ["application/json; charset=utf-8"],
    ["APPLICATION/JSON"],
    ["application/x-www-form-urlencoded"],
    ["text/plain;charset=UTF-8"],
  ])("sent as %p makes an object of a repository's blob, without a copy", async (type) => {
    await push();

    const put = await objects.put("it", from("team/app"), { "Content-Type": type });

    expect([put.status, jsonOf(put)]).toEqual([
      201,
      {
        bucket,
        object: "it",
        size_bytes: bytes.length,
        etag: digest,
        digest,
        content_type: "application/octet-stream",
        created_at: "2026-01-01T00:00:00.000Z",
      },
    ]);
    const got = await objects.get("it");
    expect([digestOf(got.bytes), got.headers.get("content-type")]).toEqual([
      digest,
      "application/octet-stream",
    ]);
    expect(await storedFiles(objects.registry.store.directory)).toBe(1);
    expect(jsonOf(await objects.ask(`/v1/buckets/${bucket}`)).size_bytes).toBe(bytes.length);
  });

  test("to sha512 content makes an object with that digest", async () => {
    const sha512 = digestOf(bytes, "sha512");
    await objects.registry.raw(`POST /v2/team/app/blobs/uploads/?digest=${sha512}`, [], bytes);

    const put = await objects.put("it", from("team/app", sha512), json);

    expect([put.status, put.headers.get("etag")]).toEqual([201, `"${sha512}"`]);
    const got = await objects.get("it", { "Want-Repr-Digest": "sha-512=1, sha-256=1" });
    expect(got.headers.get("repr-digest")).toStartWith("sha-512=:");
    expect(got.bytes.length).toBe(bytes.length);
  });

  test("replaces an object, and respects preconditions", async () => {
    await push();
    await objects.put("it", "before");

    const refused = await objects.put("it", from("team/app"), { ...json, "If-None-Match": "*" });
    expect([refused.status, textOf(await objects.get("it"))]).toEqual([412, "before"]);
    expect((await objects.put("it", from("team/app"), json)).status).toBe(200);
    expect((await objects.get("it")).headers.get("etag")).toBe(`"${digest}"`);
  });

  test("is kept after its source blob is deleted", async () => {
    await push();
    await objects.put("it", from("team/app"), json);
    await objects.registry.raw(`DELETE /v2/team/app/blobs/${digest}`);

    expect(digestOf((await objects.get("it")).bytes)).toBe(digest);
    expect((await objects.put("again", from("team/app"), json)).status).toBe(404);
  });

  test.each([
    ["a repository that does not hold it", from("team/other"), 404, "BLOB_UNKNOWN"],
    ["a repository whose name cannot be one", from("Not A Name"), 404, "BLOB_UNKNOWN"],
    [
      "content that nobody holds",
      from("team/app", `sha256:${"0".repeat(64)}`),
      404,
      "BLOB_UNKNOWN",
    ],
    ["a digest that is none", from("team/app", "sha256:x"), 400, "DIGEST_INVALID"],
  ])("to %s is refused and stores nothing", async (_, body, status, code) => {
    await push();

    const put = await objects.put("it", body, json);

    expect([put.status, refusalOf(put).code]).toEqual([status, code]);
    expect((await objects.get("it")).status).toBe(404);
  });

  test.each<[what: string, body: string, headers: Record<string, string>]>([
    ["of another type", from("team/app"), { "Content-Type": "text/html" }],
    ["of no type at all", from("team/app"), { "Content-Type": "application/octet-stream" }],
    [
      "with a further member",
      `{"from":{"repository":"team/app","digest":"${digest}"},"a":1}`,
      json,
    ],
    ["that names a person", '{"from":{"name":"Alice"}}', json],
    ["of a text", '{"from":"bucket"}', json],
    ["of nothing", '{"from":{}}', json],
    ["that is a list", `[${from("team/app")}]`, json],
    ["that is null", "null", json],
    ["that is no JSON", `${from("team/app")}}`, json],
    ["without a byte", "", json],
    ["that is too long", `${from("team/app")}${" ".repeat(4096)}`, json],
    [
      "of another type that begins alike",
      from("team/app"),
      { "Content-Type": "application/jsonl" },
    ],
  ])("%s is stored as an ordinary object", async (_, body, headers) => {
    await push();

    const put = await objects.put("it", body, headers);
    const streamed = await objects.put("streamed", new Blob([body]).stream(), headers);

    expect([put.status, streamed.status]).toEqual([201, 201]);
    for (const object of ["it", "streamed"]) {
      const got = await objects.get(object);
      expect([textOf(got), got.headers.get("content-type")]).toEqual([
        body,
        headers["Content-Type"] ?? "",
      ]);
    }
  });

  test.each([
    ["with a further member inside", `{"from":{"repository":"a","digest":"b","c":1}}`],
    ["without a repository", `{"from":{"digest":"${digest}"}}`],
    ["with a number", '{"from":{"repository":1,"digest":"b"}}'],
    ["to a bucket alone", '{"from":{"bucket":"box"}}'],
    ["to a digest of a bucket", `{"from":{"bucket":"box","digest":"${digest}"}}`],
    ["to an object without a bucket", '{"from":{"object":"a"}}'],
    ["with a misspelled bucket", '{"from":{"buckt":"box","object":"a"}}'],
    ["to an object and a blob", '{"from":{"bucket":"b","object":"a","digest":"d"}}'],
    ["to an object that is a list", '{"from":{"bucket":"box","object":["a"]}}'],
  ])("%s is refused, not stored as a document of a few bytes", async (_, body) => {
    const put = await objects.put("it", body, json);

    expect([put.status, refusalOf(put).code]).toEqual([400, "BAD_REQUEST"]);
    expect((await objects.get("it")).status).toBe(404);
  });

  test("with a Content-Digest is stored as an ordinary object", async () => {
    await push();
    const body = from("team/app");
    const hash = new Bun.CryptoHasher("sha256").update(body).digest("base64");

    await objects.put("it", body, { ...json, "Content-Digest": `sha-256=:${hash}:` });

    expect(textOf(await objects.get("it"))).toBe(body);
  });

  test("is recognized in a body of up to 4096 bytes, and not in one byte more", async () => {
    await push();
    const padded = (size: number) => from("team/app").padEnd(size);

    await objects.put("link", padded(4096), json);
    await objects.put("bytes", padded(4097), json);

    expect((await objects.get("link")).bytes.length).toBe(bytes.length);
    expect((await objects.get("bytes")).bytes.length).toBe(4097);
  });
});

describe("a mount", () => {
  const mount = (name: string, query: string) =>
    objects.ask(`/v2/${name}/blobs/uploads/?mount=${digest}${query}`, { method: "POST" });
  const isServed = async (name: string) =>
    (await objects.ask(`/v2/${name}/blobs/${digest}`)).status === 200;

  test.each([
    ["from its bucket", "&from=backups"],
    ["from anywhere", ""],
    ["from an empty name", "&from="],
  ])("%s links an object's content", async (_, query) => {
    await objects.put("it", bytes);

    const answer = await mount("team/app", query);

    expect([answer.status, answer.headers.get("location")]).toEqual([
      201,
      `/v2/team/app/blobs/${digest}`,
    ]);
    await objects.remove("it");
    expect(await isServed("team/app")).toBe(true);
    expect(await storedFiles(objects.registry.store.directory)).toBe(1);
  });

  test("from a name that both a repository and a bucket have finds content in either", async () => {
    await pushBlob(objects.registry.url, "backups", Buffer.from("another layer"));
    await objects.put("it", bytes);

    expect((await mount("team/app", "&from=backups")).status).toBe(201);
  });

  test.each([
    ["from a bucket that does not hold it", "&from=other"],
    ["from a bucket that does not exist", "&from=nothing"],
    ["from a name that is neither's", "&from=Not_A_Name!"],
  ])("%s starts an upload", async (_, query) => {
    await objects.createBucket("other");
    await objects.put("it", bytes);

    expect((await mount("team/app", query)).status).toBe(202);
    expect(await isServed("team/app")).toBe(false);
  });

  test("of a deleted object starts an upload", async () => {
    await objects.put("it", bytes);
    await objects.remove("it");

    expect((await mount("team/app", "")).status).toBe(202);
  });

  test("of an object whose file is missing starts an upload", async () => {
    await objects.put("it", bytes);
    const { metadata, storage } = objects.registry.store.rooms;
    const stored = await metadata.contents.findContent(digest);
    if (stored === null) throw new Error("not stored");
    await storage.content.delete(stored.locator);

    expect((await mount("team/app", "&from=backups")).status).toBe(202);
  });
});
