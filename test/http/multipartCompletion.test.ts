// Completing an upload over HTTP: which object it makes, what it is refused for, and that it stays open then.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { parseBucketName } from "../../src/model/objectNames.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import {
  bucket,
  content,
  jsonOf,
  type MultipartClient,
  multipartClient,
  openBody,
  type PartOfList,
  refusalOf,
  stagedFor,
  storePieces,
} from "./support/multipart.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let client: MultipartClient;
let upload: string;
let count = 0;
/** A name of its own for the object of each test. */
let object = "";
beforeAll(async () => {
  registry = await openRegistry();
  client = await multipartClient(registry);
});
beforeEach(async () => {
  count += 1;
  object = `path/to/${count}`;
  upload = await client.initiate(object);
});
afterAll(() => registry[Symbol.asyncDispose]());

const staged = () => stagedFor(registry.store.directory, upload);
const storeAll = () => storePieces(client, upload);

describe("completing an upload", () => {
  test("makes an object of its parts and returns its properties", async () => {
    const parts = await storeAll();

    const answer = await client.complete(upload, parts);

    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).toBe(`"${sha256(content)}"`);
    expect(jsonOf(answer)).toEqual({
      bucket,
      object,
      size_bytes: 1_000_000,
      etag: sha256(content),
      digest: sha256(content),
      content_type: "application/x-tar",
      created_at: "2026-01-01T00:00:00.000Z",
    });
    const got = await client.object(object);
    expect(got.bytes).toEqual(content);
    expect(got.headers.get("content-type")).toBe("application/x-tar");
    expect(await staged()).toBeNull();
    expect((await client.ask(upload)).status).toBe(404);
    expect(await problemsOf(registry.store.directory)).toEqual([]);
  });

  test("accepts parts that came in any order and concurrently", async () => {
    const sizes = Array.from({ length: 40 }, (_, index) => (index * 7919) % 90_000);
    const bytes = sizes.map((size, index) => randomBytes(`part ${index}`, size));
    const order = bytes.map((_, index) => index).sort((a, b) => ((a * 17) % 40) - ((b * 17) % 40));
    const parts: PartOfList[] = [];
    await Promise.all(
      order.map(async (index) => {
        parts[index] = await client.stored(upload, index + 1, bytes[index] ?? new Uint8Array());
      }),
    );

    expect((await client.complete(upload, parts)).status).toBe(200);
    expect((await client.object(object)).bytes).toEqual(new Uint8Array(Buffer.concat(bytes)));
  });

  test("uses the latest bytes of each part", async () => {
    const parts = await storeAll();
    const other = randomBytes("other", 5000);
    parts[0] = await client.stored(upload, 1, other);

    expect((await client.complete(upload, parts)).status).toBe(200);
    expect((await client.object(object)).bytes).toEqual(
      new Uint8Array(Buffer.concat([other, content.subarray(400_000)])),
    );
  });

  test("leaves out parts that the list does not name", async () => {
    const parts = await storeAll();

    expect((await client.complete(upload, parts.slice(1))).status).toBe(200);
    expect((await client.object(object)).bytes).toEqual(content.slice(400_000));
    expect(await staged()).toBeNull();
  });

  test("accepts gaps in numbers, quoted etags, and the list as the server printed it", async () => {
    await client.stored(upload, 7, content);
    await client.stored(upload, 9000, content);
    const { parts } = jsonOf(await client.parts(upload));
    parts[0].etag = `"${parts[0].etag}"`;

    expect((await client.complete(upload, parts)).status).toBe(200);
    expect((await client.object(object)).bytes.length).toBe(2_000_000);
  });

  test("of one empty part makes an empty object", async () => {
    const part = await client.stored(upload, 1, new Uint8Array());

    expect(jsonOf(await client.complete(upload, [part]))).toMatchObject({
      size_bytes: 0,
      digest: sha256(""),
    });
    expect((await client.object(object)).bytes.length).toBe(0);
  });

  test("of stored content stores no second copy", async () => {
    const first = await storeAll();
    await client.complete(upload, first);
    upload = await client.initiate(`${object}/again`);
    const whole = await client.stored(upload, 1, content);

    expect(jsonOf(await client.complete(upload, [whole])).digest).toBe(sha256(content));
    expect((await client.object(`${object}/again`)).bytes).toEqual(content);
    expect(await problemsOf(registry.store.directory)).toEqual([]);
  });

  test("is counted once, however often it is repeated, and so are its parts", async () => {
    const before = await counted();
    const parts = await storeAll();
    await client.complete(upload, parts);
    await client.complete(upload, parts);

    expect(await counted()).toEqual(before.map((count, index) => count + (index === 0 ? 3 : 1)));
    const text = Buffer.from((await client.ask("/metrics")).bytes).toString();
    expect(text).toMatch(/^multipart_uploads_in_progress 0$/m);
  });
});

/** Parts that were stored, uploads that were completed, and how often that was timed. */
async function counted(): Promise<number[]> {
  const text = Buffer.from((await client.ask("/metrics")).bytes).toString();
  return [
    "multipart_part_uploaded_total",
    "multipart_upload_completed_total",
    "multipart_upload_completion_duration_seconds_count",
  ].map((name) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]));
}

describe("a repeated completion", () => {
  test("within 15 minutes is answered the same", async () => {
    const parts = await storeAll();
    const first = await client.complete(upload, parts, { "if-none-match": "*" });
    registry.store.clock.advance(14 * 60_000);

    const again = await client.complete(upload, parts, { "if-none-match": "*" });

    expect([first.status, again.status]).toEqual([200, 200]);
    expect(jsonOf(again)).toEqual(jsonOf(first));
  });

  test.each(["deleted", "replaced"])("for an object that was %s since is 404", async (what) => {
    const parts = await storeAll();
    const { bucket, object: name } = jsonOf(await client.complete(upload, parts));
    registry.store.clock.advance(1000);
    const path = `/v1/buckets/${bucket}/objects/${name}`;
    if (what === "deleted") await registry.raw(`DELETE ${path}`);
    else await registry.raw(`PUT ${path}`, [], "something else");

    const again = await client.complete(upload, parts);

    expect([again.status, refusalOf(again).code]).toEqual([404, "MULTIPART_UPLOAD_UNKNOWN"]);
  });

  test("with another list is refused with 409, as are parts and an abort", async () => {
    const parts = await storeAll();
    await client.complete(upload, parts);

    for (const answer of [
      await client.complete(upload, parts.slice(1)),
      await client.put(upload, 4, "x"),
      await client.abort(upload),
    ]) {
      expect(answer.status).toBe(409);
      expect(refusalOf(answer).message).toContain("completed");
    }
  });

  test("after 15 minutes is 404", async () => {
    const parts = await storeAll();
    await client.complete(upload, parts);
    registry.store.clock.advance(16 * 60_000);

    expect((await client.complete(upload, parts)).status).toBe(404);
  });

  test("at the same time makes one object", async () => {
    const parts = await storeAll();
    const answers = await Promise.all([1, 2, 3].map(() => client.complete(upload, parts)));

    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect((await client.object(object)).bytes).toEqual(content);
  });
});

describe("an upload that is being completed", () => {
  /** As another request does. */
  async function claim(): Promise<void> {
    const { multipart } = registry.store.rooms.metadata;
    const key = {
      bucket: parseBucketName(bucket),
      id: makeUploadId(upload.split("/").at(-1) ?? ""),
    };
    await multipart.claimMultipart(key, "another request", () => null);
  }

  test("refuses parts, abort and other completions, with Retry-After", async () => {
    const parts = await storeAll();
    await claim();

    for (const answer of [
      await client.put(upload, 1, "x"),
      await client.abort(upload),
      await client.complete(upload, parts),
    ]) {
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"]);
      expect(refusalOf(answer).message).toContain("being completed");
    }
    expect(await staged()).toEqual(["part-00001", "part-00002", "part-00003"]);
  });

  test("refuses a part whose request began before, and keeps none of its bytes", async () => {
    await storeAll();
    const { body, send, end } = openBody();
    const arriving = client.put(upload, 1, body);
    send(new Uint8Array(600_000));
    while ((await staged())?.length !== 4) await Bun.sleep(1);
    await claim();
    end();

    expect((await arriving).status).toBe(409);
    expect(await staged()).toEqual(["part-00001", "part-00002", "part-00003"]);
  });
});
