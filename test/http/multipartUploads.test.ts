// Uploads in parts over HTTP: initiate, list, look at, abort.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "../support/bytes.ts";
import {
  bucket,
  jsonOf,
  type MultipartClient,
  multipartClient,
  openBody,
  refusalOf,
  stagedFor,
} from "./support/multipart.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let client: MultipartClient;
beforeEach(async () => {
  registry = await openRegistry();
  client = await multipartClient(registry);
});
afterEach(() => registry[Symbol.asyncDispose]());

const uploads = `/v1/buckets/${bucket}/multipart-uploads`;
const unknown = `${uploads}/01a1f7e5-93cb-728c-8028-5a61b9c8f780`;
const some = randomBytes("part", 1000);
const staged = (upload: string) => stagedFor(registry.store.directory, upload);

describe("initiating an upload", () => {
  test("returns id, state, expiry and limits of parts", async () => {
    const answer = await client.post(uploads, { object: "a/b c.tar", content_type: "text/plain" });

    const body = jsonOf(answer);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(`${uploads}/${body.upload_id}`);
    expect(body).toEqual({
      upload_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      object: "a/b c.tar",
      state: "initiated",
      content_type: "text/plain",
      created_at: "2026-01-01T00:00:00.000Z",
      expires_at: "2026-01-02T00:00:00.000Z",
      limits: { max_parts: 10_000, max_part_bytes: 134_217_728 },
    });
  });

  test("returns a part limit no larger than the body limit", async () => {
    await using small = await openRegistry({ maxBodyBytes: 5000 });
    const there = await multipartClient(small);

    const initiated = await there.post(uploads, { object: "a" });

    const { limits, upload_id: id } = jsonOf(initiated);
    expect(limits).toEqual({ max_parts: 10_000, max_part_bytes: 5000 });
    expect(jsonOf(await there.ask(`${uploads}/${id}`)).limits).toEqual(limits);
    expect((await there.put(`${uploads}/${id}`, 1, new Uint8Array(5000))).status).toBe(200);
  });

  test("without a content type uses application/octet-stream", async () => {
    const answer = await client.post(uploads, { object: "a" });

    expect(jsonOf(answer).content_type).toBe("application/octet-stream");
  });

  test.each<[string, unknown, string]>([
    ["no object", {}, "object must be a string"],
    ["a number for a name", { object: 5 }, "object must be a string"],
    ["an unknown member", { object: "a", size: 5 }, '"size"'],
    ["no content type that a header holds", { object: "a", content_type: "a\nb" }, "content type"],
    ["a list", ["a"], "JSON object"],
    ["a name that goes up", { object: "a/../b" }, "invalid object name"],
    ["a name that begins with a slash", { object: "/a" }, "invalid object name"],
    ["a name with NUL", { object: "a\0b" }, "invalid object name"],
    ["a name of 1025 bytes", { object: `${"é".repeat(512)}e` }, "invalid object name"],
  ])("with %s is refused with 400", async (_, body, message) => {
    const answer = await client.post(uploads, body);

    expect(answer.status).toBe(400);
    expect(refusalOf(answer).message).toContain(message);
    expect(jsonOf(await client.ask(uploads)).uploads).toEqual([]);
  });

  test("in an unknown bucket is 404", async () => {
    const answer = await client.post("/v1/buckets/nobody/multipart-uploads", { object: "a" });

    expect([answer.status, refusalOf(answer).code]).toEqual([404, "BUCKET_UNKNOWN"]);
  });
});

describe("a multipart upload", () => {
  test("shows its progress", async () => {
    const upload = await client.initiate();
    await client.stored(upload, 3, some);
    await client.stored(upload, 7, some);

    const answer = await client.ask(upload);

    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(jsonOf(answer)).toMatchObject({ state: "uploading", parts: 2, size_bytes: 2000 });
  });

  test("expires a day after its last part", async () => {
    const upload = await client.initiate();
    registry.store.clock.advance(3_600_000);
    await client.stored(upload, 1, some);

    expect(jsonOf(await client.ask(upload))).toMatchObject({
      created_at: "2026-01-01T00:00:00.000Z",
      expires_at: "2026-01-02T01:00:00.000Z",
    });
  });

  test.each(["GET", "HEAD", "DELETE"])("that never was is answered %s with 404", async (method) => {
    const answer = await client.ask(unknown, { method });

    expect(answer.status).toBe(404);
    if (method !== "HEAD") expect(refusalOf(answer).code).toBe("MULTIPART_UPLOAD_UNKNOWN");
  });

  test("of another bucket is 404", async () => {
    await client.post("/v1/buckets", { name: "another" });
    const elsewhere = (await client.initiate()).replace(bucket, "another");

    expect((await client.ask(elsewhere)).status).toBe(404);
    expect((await client.put(elsewhere, 1, "x")).status).toBe(404);
    expect((await client.complete(elsewhere, [{ part_number: 1, etag: "x" }])).status).toBe(404);
    expect((await client.abort(elsewhere)).status).toBe(404);
  });

  test("accepts neither parts nor completion after its expiry, and can be aborted", async () => {
    const upload = await client.initiate();
    const part = await client.stored(upload, 1, some);
    registry.store.clock.advance(86_400_001);

    const answers = [await client.put(upload, 2, "x"), await client.complete(upload, [part])];

    for (const answer of answers) {
      expect(answer.status).toBe(409);
      expect(refusalOf(answer).message).toContain("expired");
    }
    expect(await staged(upload)).toEqual(["part-00001"]);
    expect((await client.abort(upload)).status).toBe(204);
    expect(await staged(upload)).toBeNull();
  });
});

describe("the list of multipart uploads", () => {
  test("has the open ones of the bucket in the order they began", async () => {
    const first = await client.initiate("a/1");
    registry.store.clock.advance(1);
    const second = await client.initiate("b/2");
    await client.stored(second, 1, some);

    const { uploads: listed, next } = jsonOf(await client.ask(uploads));

    expect(listed).toMatchObject([
      { object: "a/1", state: "initiated", parts: 0, size_bytes: 0 },
      { object: "b/2", state: "uploading", parts: 1, size_bytes: 1000 },
    ]);
    expect([first, second]).toEqual(
      listed.map(({ upload_id: id }: { upload_id: string }) => `${uploads}/${id}`),
    );
    expect(next).toBeNull();
  });

  test("has pages that link to the next", async () => {
    const begun: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      begun.push(await client.initiate(`a/${number}`));
      registry.store.clock.advance(1);
    }
    await client.initiate("b");

    const seen: string[] = [];
    let path: string | undefined = `${uploads}?prefix=a/&limit=2`;
    while (path !== undefined) {
      const answer = await client.ask(path);
      const { uploads: listed, next } = jsonOf(answer);
      for (const { upload_id: id } of listed) seen.push(`${uploads}/${id}`);
      path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
      expect(next === null).toBe(path === undefined);
    }
    expect(seen).toEqual(begun);
  });

  test.each([
    "limit=0",
    "limit=-1",
    "limit=1.5",
    "limit=1&limit=2",
    "after=x",
    "after=../..",
    "after=%00",
    "after=01a1f7e5-93cb-728c-8028-5a61b9c8f780&after=x",
  ])("is refused for ?%s", async (query) => {
    expect((await client.ask(`${uploads}?${query}`)).status).toBe(400);
  });

  test("of an unknown bucket is 404", async () => {
    expect((await client.ask("/v1/buckets/nobody/multipart-uploads")).status).toBe(404);
  });
});

describe("aborting a multipart upload", () => {
  test("deletes the parts, the upload and its folder", async () => {
    const upload = await client.initiate();
    const part = await client.stored(upload, 1, some);

    const answer = await client.abort(upload);

    expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
    expect(await staged(upload)).toBeNull();
    expect((await client.ask(upload)).status).toBe(404);
    expect((await client.put(upload, 2, "x")).status).toBe(404);
    expect((await client.complete(upload, [part])).status).toBe(404);
    expect((await client.abort(upload)).status).toBe(404);
    expect(await staged(upload)).toBeNull();
    expect((await client.object()).status).toBe(404);
  });

  test("is counted when it succeeded", async () => {
    const upload = await client.initiate();
    await client.abort(upload);
    await client.abort(upload);

    const text = Buffer.from((await client.ask("/metrics")).bytes).toString();
    expect(text).toMatch(/^multipart_upload_initiated_total 1$/m);
    expect(text).toMatch(/^multipart_upload_aborted_total 1$/m);
  });

  test("works without a part", async () => {
    const upload = await client.initiate();

    expect((await client.abort(upload)).status).toBe(204);
  });

  test("refuses a part that is arriving, and keeps none of its bytes", async () => {
    const upload = await client.initiate();
    const { body, send, end } = openBody();
    const arriving = client.put(upload, 1, body);
    send(new Uint8Array(600_000));
    while ((await staged(upload)) === null) await Bun.sleep(1);

    expect((await client.abort(upload)).status).toBe(204);
    send(new Uint8Array(600_000));
    end();

    expect((await arriving).status).toBe(404);
    expect(await staged(upload)).toBeNull();
  });

  test("is done by deleting the bucket", async () => {
    const upload = await client.initiate();
    await client.stored(upload, 1, some);

    expect((await client.ask(`/v1/buckets/${bucket}`, { method: "DELETE" })).status).toBe(204);

    expect((await client.ask(upload)).status).toBe(404);
    expect(await staged(upload)).toBeNull();
  });
});
