// Completions over HTTP that are refused: the upload stays open with all its parts.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sha256 } from "../support/bytes.ts";
import {
  bucket,
  content,
  jsonOf,
  type MultipartClient,
  multipartClient,
  type PartOfList,
  refusalOf,
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

const storeAll = () => storePieces(client, upload);

async function expectOpen(parts: readonly PartOfList[]): Promise<void> {
  expect(jsonOf(await client.parts(upload)).parts).toMatchObject([...parts]);
  const { status } = await client.complete(upload, parts);
  expect(status).toBe(200);
}

describe("a refused completion keeps the upload open with all its parts", () => {
  test.each<[string, (parts: PartOfList[]) => unknown[], number, string]>([
    ["with no parts", () => [], 400, "PART_INVALID"],
    ["out of order", (parts) => parts.toReversed(), 400, "PART_INVALID"],
    ["with a part twice", (parts) => [...parts, parts[2]], 400, "PART_INVALID"],
    ["with part 0", (parts) => [{ ...parts[0], part_number: 0 }], 400, "PART_INVALID"],
    ["with half a part", (parts) => [{ ...parts[0], part_number: 1.5 }], 400, "PART_INVALID"],
    [
      "with a text for a number",
      (parts) => [{ ...parts[0], part_number: "1" }],
      400,
      "PART_INVALID",
    ],
    ["with part 10001", (parts) => [{ ...parts[0], part_number: 10_001 }], 400, "PART_INVALID"],
    ["with no etag", () => [{ part_number: 1 }], 400, "PART_INVALID"],
    ["with no object in the list", () => ["1"], 400, "PART_INVALID"],
    ["with an unknown member", (parts) => [{ ...parts[0], size: 1 }], 400, "BAD_REQUEST"],
    [
      "that names a part that is missing",
      (parts) => [...parts, { part_number: 4, etag: "x" }],
      404,
      "PART_UNKNOWN",
    ],
    [
      "with an etag of another part",
      (parts) => [{ ...parts[1], part_number: 1 }],
      409,
      "PART_DIFFERS",
    ],
    ["with an etag of another kind", () => [{ part_number: 1, etag: "abc" }], 409, "PART_DIFFERS"],
  ])("%s", async (_, list, status, code) => {
    const parts = await storeAll();

    const answer = await client.complete(upload, list(parts));

    expect([answer.status, refusalOf(answer).code]).toEqual([status, code]);
    await expectOpen(parts);
  });

  test.each<[string, unknown, string]>([
    ["that is no list", { parts: 5 }, "parts must be a list"],
    ["without a list", {}, "parts must be a list"],
    ["with an unknown member", { parts: [], force: true }, '"force"'],
    ["that is no object", [1], "JSON object"],
  ])("%s", async (_, body, message) => {
    const parts = await storeAll();

    const answer = await client.post(`${upload}/complete`, body);

    expect(answer.status).toBe(400);
    expect(refusalOf(answer).message).toContain(message);
    await expectOpen(parts);
  });

  test("when its list is larger than any valid one", async () => {
    const parts = await storeAll();

    const answer = await client.complete(upload, parts, {}, { digest: "x".repeat(2_600_000) });

    expect(answer.status).toBe(413);
    await expectOpen(parts);
  });

  test.each([
    ["of another whole", `sha256:${"0".repeat(64)}`],
    ["by another algorithm", `sha512:${"0".repeat(128)}`],
    ["that is none", "abc"],
    ["that is a number", 5],
  ])("with a digest %s", async (_, digest) => {
    const parts = await storeAll();

    const answer = await client.complete(upload, parts, {}, { digest });

    expect([answer.status, refusalOf(answer).code]).toEqual([400, "DIGEST_INVALID"]);
    expect((await client.object(object)).status).toBe(404);
    const good = await client.complete(upload, parts, {}, { digest: sha256(content) });
    expect(good.status).toBe(200);
  });

  test("when its precondition fails", async () => {
    const put = `/v1/buckets/${bucket}/objects/${object}`;
    await client.ask(put, { method: "PUT", body: "before" });
    const parts = await storeAll();

    for (const headers of [{ "if-none-match": "*" }, { "if-match": `"${sha256("other")}"` }]) {
      const answer = await client.complete(upload, parts, headers);
      expect([answer.status, refusalOf(answer).code]).toEqual([412, "PRECONDITION_FAILED"]);
    }
    expect(Buffer.from((await client.object(object)).bytes).toString()).toBe("before");
    const matching = { "if-match": `"${sha256("before")}"` };
    expect((await client.complete(upload, parts, matching)).status).toBe(200);
    expect((await client.object(object)).bytes).toEqual(content);
  });

  test("when the upload has no part", async () => {
    const answer = await client.complete(upload, [{ part_number: 1, etag: "x" }]);

    expect(answer.status).toBe(409);
    expect(refusalOf(answer).message).toContain("no part yet");
    expect(jsonOf(await client.ask(upload)).state).toBe("initiated");
  });
});
