// Objects over HTTP: put, get, look, replace, delete.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf, hexOf } from "../../src/model/digest.ts";
import { randomBytes } from "../support/bytes.ts";
import { bucket, jsonOf, refusalOf, storedFiles } from "./support/multipart.ts";
import { bucketPath, type Objects, openObjects, textOf } from "./support/objectClient.ts";

let objects: Objects;
beforeEach(async () => {
  objects = await openObjects();
});
afterEach(() => objects[Symbol.asyncDispose]());

const content = Buffer.from("content");
const digest = digestOf(content);
const base64 = (bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256") =>
  Buffer.from(hexOf(digestOf(bytes, algorithm)), "hex").toString("base64");

describe("an object", () => {
  test("is answered with its properties and location, and reads back equal", async () => {
    const put = await objects.put("path/to/file.txt", content, { "Content-Type": "text/plain" });

    expect(put.status).toBe(201);
    expect(put.headers.get("etag")).toBe(`"${digest}"`);
    expect(put.headers.get("location")).toBe(`${bucketPath}/objects/path/to/file.txt`);
    expect(jsonOf(put)).toEqual({
      bucket,
      object: "path/to/file.txt",
      size_bytes: 7,
      etag: digest,
      digest,
      content_type: "text/plain",
      created_at: "2026-01-01T00:00:00.000Z",
    });
    const got = await objects.get("path/to/file.txt");
    expect([got.status, textOf(got)]).toEqual([200, "content"]);
    expect(Object.fromEntries(got.headers)).toMatchObject({
      "content-type": "text/plain",
      "content-length": "7",
      "content-disposition": "attachment",
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
      "accept-ranges": "bytes",
      etag: `"${digest}"`,
      "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    });
    expect(await objects.staged()).toEqual([]);
  });

  test.each([0, 1, 65_536, 262_144, 262_145, 3_000_000])(
    "of %p bytes reads back equal, also when sent without a length",
    async (size) => {
      const bytes = randomBytes(`object ${size}`, size);
      const stream = new Blob([bytes]).stream();

      expect((await objects.put("whole", Buffer.from(bytes))).status).toBe(201);
      expect((await objects.put("streamed", stream)).status).toBe(201);

      for (const object of ["whole", "streamed"]) {
        const got = await objects.get(object);
        expect([got.status, digestOf(got.bytes)]).toEqual([200, digestOf(bytes)]);
      }
      expect(await storedFiles(objects.registry.store.directory)).toBe(1);
      expect(await objects.staged()).toEqual([]);
    },
  );

  test.each([
    ["a b", "a%20b"],
    ["käse/🧀", "k%C3%A4se/%F0%9F%A7%80"],
    ["%2F is no slash", "%252F%20is%20no%20slash"],
    ["a?b#c", "a%3Fb%23c"],
    ["a+b&c=d;e", "a+b&c=d;e"],
    ["__proto__", "__proto__"],
    ["constructor/toString", "constructor/toString"],
    ["multipart-uploads/x/parts/1", "multipart-uploads/x/parts/1"],
    [":bucket/$1/-", ":bucket/$1/-"],
    ["...", "..."],
    ["x".repeat(1024), "x".repeat(1024)],
    ["é".repeat(512), "%C3%A9".repeat(512)],
  ])("may be called %p", async (name, escaped) => {
    const put = await objects.put(escaped, content);

    expect([put.status, jsonOf(put).object]).toEqual([201, name]);
    const location = put.headers.get("location") ?? "";
    expect(textOf(await objects.ask(location))).toBe("content");
    expect((await objects.head(escaped)).status).toBe(200);
    expect((await objects.remove(escaped)).status).toBe(204);
    expect((await objects.get(escaped)).status).toBe(404);
  });

  test("has one name, whether its slashes are escaped or not", async () => {
    await objects.put("path%2Fto/file", content);
    expect(textOf(await objects.get("path/to%2ffile"))).toBe("content");
    expect(jsonOf(await objects.list()).objects[0].object).toBe("path/to/file");
    expect((await objects.get("path%2F..%2Ffile")).status).toBe(400);
  });

  test("has the type application/octet-stream when it is put without one", async () => {
    await objects.put("plain", content, { "Content-Type": "" });
    expect((await objects.get("plain")).headers.get("content-type")).toBe(
      "application/octet-stream",
    );
  });

  test("that is put again is replaced at once, which the answer shows", async () => {
    await objects.put("it", content);
    objects.registry.store.clock.advance(1000);

    const again = await objects.put("it", "other", { "Content-Type": "text/html" });

    expect([again.status, jsonOf(again).created_at]).toEqual([200, "2026-01-01T00:00:01.000Z"]);
    const got = await objects.get("it");
    expect([textOf(got), got.headers.get("content-type")]).toEqual(["other", "text/html"]);
    expect(jsonOf(await objects.ask(bucketPath))).toMatchObject({ objects: 1, size_bytes: 5 });
  });

  test("that is deleted is 404, and the others stay", async () => {
    await objects.put("it", content);
    await objects.put("same", content);

    expect((await objects.remove("it")).status).toBe(204);

    expect((await objects.remove("it")).status).toBe(404);
    expect(refusalOf(await objects.get("it")).code).toBe("OBJECT_UNKNOWN");
    expect(textOf(await objects.get("same"))).toBe("content");
    expect(jsonOf(await objects.ask(bucketPath))).toMatchObject({ objects: 1, size_bytes: 7 });
  });

  test("is there after a restart", async () => {
    await objects.put("it", content);
    await objects.registry.store.reopen();
    const { metadata } = objects.registry.store.rooms;
    const [only] = (await metadata.objects.listBuckets({ after: null, limit: 9 })).buckets;
    expect(only).toMatchObject({ objects: 1, bytes: 7 });
  });

  test("whose file is missing is 404 with advice, and whole after another put", async () => {
    await objects.put("it", content);
    const { metadata, storage } = objects.registry.store.rooms;
    const stored = await metadata.contents.findContent(digest);
    if (stored === null) throw new Error("not stored");
    await storage.content.delete(stored.locator);

    const got = await objects.get("it");

    expect([got.status, refusalOf(got).code]).toEqual([404, "OBJECT_UNKNOWN"]);
    expect(refusalOf(got).message).toContain("must be put again");
    expect((await objects.head("it")).status).toBe(404);
    expect((await objects.put("it", content)).status).toBe(200);
    expect(textOf(await objects.get("it"))).toBe("content");
  });

  test("in an unknown bucket is refused before its bytes are read", async () => {
    const answer = await objects.ask("/v1/buckets/nothing/objects/a", {
      method: "PUT",
      body: Buffer.alloc(1_000_000),
    });

    expect([answer.status, refusalOf(answer).code]).toEqual([404, "BUCKET_UNKNOWN"]);
    const metrics = textOf(await objects.ask("/metrics"));
    // Only the bucket that the set-up created.
    expect(metrics).toContain(`breadbox_received_bytes_total ${'{"name":"backups"}'.length}`);
  });
});

describe("ranges of an object", () => {
  beforeEach(() => objects.put("it", "0123456789"));

  test.each<[range: string, status: number, body: string, contentRange: string | null]>([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=8-", 206, "89", "bytes 8-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=0-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=5-2", 416, "", "bytes */10"],
    ["lines=1-2", 200, "0123456789", null],
  ])("%p is answered with %p", async (range, status, body, contentRange) => {
    const got = await objects.get("it", { Range: range });

    expect([got.status, textOf(got)]).toEqual([status, body]);
    expect(got.headers.get("content-range")).toBe(contentRange);
  });

  test("are answered in parts when there are several", async () => {
    const got = await objects.get("it", { Range: "bytes=0-1,8-9" });

    expect(got.status).toBe(206);
    expect(got.headers.get("content-type")).toStartWith("multipart/byteranges; boundary=");
    expect(textOf(got)).toMatch(/bytes 0-1\/10\r\n\r\n01\r\n--.*bytes 8-9\/10\r\n\r\n89\r\n--/s);
  });

  test("are of the version in If-Range, or the whole", async () => {
    const etag = `"${digestOf(Buffer.from("0123456789"))}"`;
    const same = await objects.get("it", { Range: "bytes=0-1", "If-Range": etag });
    const other = await objects.get("it", { Range: "bytes=0-1", "If-Range": '"other"' });

    expect([same.status, textOf(same)]).toEqual([206, "01"]);
    expect([other.status, textOf(other)]).toEqual([200, "0123456789"]);
  });
});

describe("digests of an object", () => {
  test.each(["sha256", "sha512"] as const)("%s is verified when it is sent", async (algorithm) => {
    const name = algorithm === "sha256" ? "sha-256" : "sha-512";
    const large = Buffer.from(randomBytes("large", 600_000));
    const header = (bytes: Uint8Array) => ({
      "Content-Digest": `${name}=:${base64(bytes, algorithm)}:`,
    });

    expect((await objects.put("small", content, header(content))).status).toBe(201);
    expect((await objects.put("large", large, header(large))).status).toBe(201);
    for (const body of [content, large]) {
      const wrong = await objects.put("wrong", body, header(Buffer.from("other")));
      expect([wrong.status, refusalOf(wrong).code]).toEqual([400, "DIGEST_INVALID"]);
    }

    expect((await objects.get("wrong")).status).toBe(404);
    expect(await objects.staged()).toEqual([]);
    expect(await storedFiles(objects.registry.store.directory)).toBe(2);
  });

  test("must all match", async () => {
    const both = `sha-256=:${base64(content)}:, sha-512=:${base64(Buffer.from("x"), "sha512")}:`;
    expect((await objects.put("it", content, { "Content-Digest": both })).status).toBe(400);
  });

  test("are returned when requested, that of the body only with the whole object", async () => {
    await objects.put("it", content);
    const printed = `sha-256=:${base64(content)}:`;
    const wants = { "Want-Content-Digest": "sha-256=1", "Want-Repr-Digest": "sha-256=1" };
    const digests = ({ headers }: { headers: Headers }) => [
      headers.get("content-digest"),
      headers.get("repr-digest"),
    ];

    expect(digests(await objects.get("it"))).toEqual([null, null]);
    expect(digests(await objects.get("it", wants))).toEqual([printed, printed]);
    expect(digests(await objects.head("it", wants))).toEqual([printed, printed]);
    for (const Range of ["bytes=0-1", "bytes=0-1,4-5"]) {
      const part = await objects.get("it", { ...wants, Range });
      expect([part.status, ...digests(part)]).toEqual([206, null, printed]);
    }
  });
});
