// Parts over HTTP: what is stored, what replaces what, what is refused and leaves nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { request, talk } from "../support/rawHttp.ts";
import {
  jsonOf,
  type MultipartClient,
  multipartClient,
  openBody,
  refusalOf,
  stagedFor,
} from "./support/multipart.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

const maxPartBytes = 1_000_000;
const maxParts = 20;

let registry: TestRegistry;
let client: MultipartClient;
let upload: string;
beforeAll(async () => {
  registry = await openRegistry({
    change: (rooms) => {
      const limits = { ...rooms.objects.limits, maxParts, maxPartBytes };
      return { ...rooms, objects: { ...rooms.objects, limits } };
    },
  });
  client = await multipartClient(registry);
});
afterAll(() => registry[Symbol.asyncDispose]());

beforeEach(async () => {
  upload = await client.initiate();
});

/** Of a moment at which nothing here was made. */
const unknown = "0190a0a0-0000-7000-8000-000000000000";
const id = () => upload.split("/").at(-1) ?? "";
const some = Buffer.from(randomBytes("part", 700_000));
const staged = () => stagedFor(registry.store.directory, upload);
const plainFile = () => {
  const path = join(registry.store.directory, "tmp", "multipart", id(), "part-00001");
  return Bun.file(path).bytes();
};
const listed = async (query = "") => jsonOf(await client.parts(upload, query)).parts;

describe("a part", () => {
  test("is answered with number, size and etag, and the etag header in quotes", async () => {
    const answer = await client.put(upload, 1, some);

    const body = jsonOf(answer);
    expect(answer.status).toBe(200);
    expect(body).toEqual({
      part_number: 1,
      etag: expect.stringMatching(/^[0-9a-f]{16}-700000$/),
      size_bytes: 700_000,
    });
    expect(answer.headers.get("etag")).toBe(`"${body.etag}"`);
    expect(await staged()).toEqual(["part-00001"]);
    expect(await plainFile()).toEqual(new Uint8Array(some));
  });

  test("has an etag that depends on its bytes only", async () => {
    const [one, same, other] = [
      await client.stored(upload, 1, some),
      await client.stored(upload, 2, some),
      await client.stored(upload, 3, some.subarray(1)),
    ];

    expect(same.etag).toBe(one.etag);
    expect(other.etag).not.toBe(one.etag);
  });

  test("may be empty", async () => {
    const answer = await client.put(upload, 1, new Uint8Array());

    expect([answer.status, jsonOf(answer).size_bytes]).toEqual([200, 0]);
    expect(await staged()).toEqual(["part-00001"]);
  });

  test("may be sent without a length", async () => {
    const { body, send, end } = openBody();
    const arriving = client.put(upload, 1, body);
    send(some);
    end();

    expect(jsonOf(await arriving).etag).toBe((await client.stored(upload, 2, some)).etag);
  });

  test.each([
    ["0", 400],
    ["20", 200],
    ["21", 400],
    ["10001", 400],
    ["-1", 400],
    ["1.5", 400],
    ["00001", 400],
    ["1e1", 400],
    ["%31", 400],
    ["one", 400],
    ["9".repeat(30), 400],
  ])("number %s is answered with %d", async (number, status) => {
    const answer = await client.put(upload, number, "x");

    expect(answer.status).toBe(status);
    if (status === 400) expect(await staged()).toBeNull();
  });

  test("of an unknown upload is refused before its body is read", async () => {
    const { body } = openBody();
    const answer = await client.put(upload.replace(/[^/]+$/, unknown), 1, body);

    expect(answer.status).toBe(404);
    expect(await staged()).toBeNull();
  });
});

describe("a part that is too large", () => {
  test("is refused before its body is read when its length is announced", async () => {
    const answer = await registry.raw(`PUT ${upload}/parts/1`, [
      ["Content-Length", String(maxPartBytes + 1)],
    ]);

    expect(answer.status).toBe(413);
    expect(answer.body.toString()).toContain("storage.multipart.maxPartBytes");
    expect(await staged()).toBeNull();
  });

  test("is refused while it arrives when its length is not announced", async () => {
    const chunk = `${(maxPartBytes + 1).toString(16)}\r\n${"x".repeat(maxPartBytes + 1)}\r\n`;
    const answer = await registry.raw(
      `PUT ${upload}/parts/1`,
      [["Transfer-Encoding", "chunked"]],
      `${chunk}0\r\n\r\n`,
    );

    expect(answer.status).toBe(413);
    expect(await staged()).toBeNull();
  });

  test("may be as large as the limit", async () => {
    expect((await client.put(upload, 1, new Uint8Array(maxPartBytes))).status).toBe(200);
  });
});

describe("a part that is sent again", () => {
  test("replaces the previous one", async () => {
    await client.stored(upload, 1, some);
    const { etag } = await client.stored(upload, 1, some.subarray(5));

    expect(await listed()).toMatchObject([{ part_number: 1, etag, size_bytes: 699_995 }]);
    expect(await staged()).toEqual(["part-00001"]);
  });

  test("leaves the previous one unchanged when it breaks off", async () => {
    const { etag } = await client.stored(upload, 1, some);
    await breakOff(5000, some.subarray(0, 4999));

    expect(await listed()).toMatchObject([{ part_number: 1, etag, size_bytes: 700_000 }]);
    expect(await staged()).toEqual(["part-00001"]);
  });

  test("many times at once is stored whole, as one of them", async () => {
    const versions = Array.from({ length: 8 }, (_, index) => some.subarray(index * 1000));
    const stored = await Promise.all(versions.map((bytes) => client.stored(upload, 1, bytes)));

    const [winner] = await listed();
    const index = stored.findIndex(({ etag }) => etag === winner.etag);
    expect(await plainFile()).toEqual(new Uint8Array(versions[index] ?? []));
    expect(await staged()).toEqual(["part-00001"]);
  });
});

describe("a part that breaks off", () => {
  test("leaves neither bytes nor a folder", async () => {
    await breakOff(5000, some.subarray(0, 10));

    expect(await staged()).toBeNull();
    expect(jsonOf(await client.ask(upload))).toMatchObject({ state: "initiated", parts: 0 });
  });
});

const digest = (algorithm: "sha256" | "sha512") =>
  createHash(algorithm).update(some).digest("base64");

describe("Content-Digest of a part", () => {
  test.each([
    ["of SHA-256", () => `sha-256=:${digest("sha256")}:`],
    ["of SHA-512", () => `sha-512=:${digest("sha512")}:`],
    ["of both", () => `sha-512=:${digest("sha512")}:, sha-256=:${digest("sha256")}:`],
    ["of an algorithm that is not known here", () => "unixsum=:AAA=:"],
  ])("%s is verified: 200", async (_, header) => {
    const answer = await client.put(upload, 1, some, { "content-digest": header() });

    expect(answer.status).toBe(200);
  });

  test.each([
    ["that is another one's", () => `sha-256=:${Buffer.alloc(32).toString("base64")}:`],
    [
      "of which one is another one's",
      () => `sha-256=:${digest("sha256")}:, sha-512=:${Buffer.alloc(64).toString("base64")}:`,
    ],
    ["that cannot be read", () => "sha-256=abc"],
    ["that is too short", () => "sha-256=:AAAA:"],
  ])("%s refuses the part with 400 and keeps none of its bytes", async (_, header) => {
    const answer = await client.put(upload, 1, some, { "content-digest": header() });

    expect([answer.status, refusalOf(answer).code]).toEqual([400, "DIGEST_INVALID"]);
    expect(await staged()).toBeNull();
  });
});

describe("a header that parts do not have", () => {
  test.each<[string, string, number]>([
    ["Content-Encoding", "gzip", 415],
    ["Content-Range", "bytes 0-9/20", 400],
  ])("%s is refused", async (name, value, status) => {
    const answer = await client.put(upload, 1, some, { [name]: value });

    expect(answer.status).toBe(status);
    expect(await staged()).toBeNull();
  });
});

describe("the list of parts", () => {
  test("has all of them in order, with etag, size and time", async () => {
    for (const number of [7, 1, 12, 3]) await client.stored(upload, number, Buffer.alloc(number));

    const body = jsonOf(await client.parts(upload));

    expect(body).toMatchObject({ upload_id: id(), object: "path/to/it", next: null });
    expect(body.parts.map(({ part_number }: { part_number: number }) => part_number)).toEqual([
      1, 3, 7, 12,
    ]);
    expect(body.parts[1]).toEqual({
      part_number: 3,
      etag: expect.stringMatching(/^[0-9a-f]{16}-3$/),
      size_bytes: 3,
      created_at: "2026-01-01T00:00:00.000Z",
    });
  });

  test("has pages when asked for", async () => {
    for (const number of [1, 2, 3, 4, 5]) await client.stored(upload, number, Buffer.alloc(1));

    const first = await client.parts(upload, "?limit=2&after=1");
    expect(jsonOf(first)).toMatchObject({
      parts: [{ part_number: 2 }, { part_number: 3 }],
      next: 3,
    });
    expect(first.headers.get("link")).toBe(`<${upload}/parts?limit=2&after=3>; rel="next"`);
    expect(jsonOf(await client.parts(upload, "?limit=2&after=3")).next).toBeNull();
  });

  test.each(["limit=0", "limit=x", "after=-1", "after=1.5", "after=01", "after=1&after=2"])(
    "is refused for ?%s",
    async (query) => {
      expect((await client.parts(upload, `?${query}`)).status).toBe(400);
    },
  );
});

/** Announces `length` bytes, sends fewer, and closes its end of the connection. */
async function breakOff(length: number, bytes: Uint8Array): Promise<void> {
  const before = await refusedParts();
  const head = request(`PUT ${upload}/parts/1`, [["Content-Length", String(length)]]);
  await talk(registry.http.port, [head, bytes], { halfClose: true, untilClose: true });
  // The server hears of it after its client does.
  while ((await refusedParts()) === before) await Bun.sleep(1);
}

async function refusedParts(): Promise<string> {
  const text = Buffer.from((await client.ask("/metrics")).bytes).toString();
  return (
    /^breadbox_http_requests_total\{operation="putPart",status="400"\} (\d+)/m.exec(text)?.[1] ??
    "0"
  );
}
