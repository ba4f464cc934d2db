// Preconditions of objects over HTTP, and what comes at the same time.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { randomBytes } from "../support/bytes.ts";
import { openBody, refusalOf, storedFiles } from "./support/multipart.ts";
import { bucketPath, type Objects, openObjects, textOf } from "./support/objectClient.ts";

let objects: Objects;
beforeEach(async () => {
  objects = await openObjects();
});
afterEach(() => objects[Symbol.asyncDispose]());

const etagOf = (text: string) => `"${digestOf(Buffer.from(text))}"`;
const statuses = (answers: readonly { readonly status: number }[]) =>
  answers.map(({ status }) => status).sort();

describe("a put with a precondition", () => {
  test("If-None-Match: * succeeds once", async () => {
    const free = { "If-None-Match": "*" };

    expect((await objects.put("it", "first", free)).status).toBe(201);
    const second = await objects.put("it", "second", free);

    expect([second.status, refusalOf(second).code]).toEqual([412, "PRECONDITION_FAILED"]);
    expect(textOf(await objects.get("it"))).toBe("first");
  });

  test("If-Match replaces the named version only", async () => {
    await objects.put("it", "first");
    const first = { "If-Match": etagOf("first") };

    expect((await objects.put("it", "second", first)).status).toBe(200);
    expect((await objects.put("it", "third", first)).status).toBe(412);
    expect((await objects.put("nothing", "third", first)).status).toBe(412);
    expect((await objects.put("nothing", "third", { "If-Match": "*" })).status).toBe(412);

    expect(textOf(await objects.get("it"))).toBe("second");
    expect((await objects.get("nothing")).status).toBe(404);
    expect(await objects.staged()).toEqual([]);
  });

  test("is checked again when its bytes have arrived", async () => {
    const slow = openBody();
    const free = { "If-None-Match": "*" };
    const late = objects.put("it", slow.body, free);
    slow.send(Buffer.from("late "));
    while ((await objects.staged()).length === 0) await Bun.sleep(2);

    expect((await objects.put("it", "early", free)).status).toBe(201);
    slow.send(Buffer.from("bytes"));
    slow.end();

    expect((await late).status).toBe(412);
    expect(textOf(await objects.get("it"))).toBe("early");
    expect(await objects.staged()).toEqual([]);
    expect(await storedFiles(objects.registry.store.directory)).toBe(1);
  });

  test("that fails is refused before the body is read", async () => {
    await objects.put("it", "first");
    const metrics = async () => textOf(await objects.ask("/metrics"));
    const received = /^breadbox_received_bytes_total .*$/m;
    const before = received.exec(await metrics())?.[0];

    const answer = await objects.put("it", Buffer.alloc(1_000_000), { "If-None-Match": "*" });

    expect(answer.status).toBe(412);
    expect(received.exec(await metrics())?.[0]).toBe(before);
  });
});

describe("a deletion with a precondition", () => {
  test("deletes the named version only", async () => {
    await objects.put("it", "first");

    const refused = await objects.remove("it", { "If-Match": etagOf("other") });
    expect([refused.status, refusalOf(refused).code]).toEqual([412, "PRECONDITION_FAILED"]);
    expect((await objects.get("it")).status).toBe(200);
    expect((await objects.remove("it", { "If-Match": etagOf("first") })).status).toBe(204);
    expect((await objects.remove("it", { "If-Match": "*" })).status).toBe(404);
  });
});

describe("a read with a precondition", () => {
  beforeEach(() => objects.put("it", "first"));

  test.each<[what: string, headers: Record<string, string>, status: number]>([
    ["of what the client has", { "If-None-Match": etagOf("first") }, 304],
    ["of what it has, without quotes", { "If-None-Match": etagOf("first").slice(1, -1) }, 304],
    ["of something else", { "If-None-Match": etagOf("other") }, 200],
    ["that wants this one", { "If-Match": etagOf("first") }, 200],
    ["that wants another", { "If-Match": etagOf("other") }, 412],
    ["before its range", { "If-None-Match": etagOf("first"), Range: "bytes=0-1" }, 304],
  ])("%s is judged by the current object", async (_, headers, status) => {
    const got = await objects.get("it", headers);
    const head = await objects.head("it", headers);

    expect([got.status, head.status]).toEqual([status, status]);
    if (status === 304) {
      expect(got.headers.get("etag")).toBe(etagOf("first"));
      expect(got.headers.get("cache-control")).toBe("no-cache");
      expect(got.bytes.length).toBe(0);
    }
  });
});

describe("a condition on a date", () => {
  const before = "Wed, 31 Dec 2025 23:59:59 GMT";
  const at = "Thu, 01 Jan 2026 00:00:00 GMT";
  beforeEach(() => objects.put("it", "first"));

  test("If-Unmodified-Since refuses a put and a deletion of an object changed since", async () => {
    const late = { "If-Unmodified-Since": before };

    expect((await objects.put("it", "second", late)).status).toBe(412);
    expect((await objects.remove("it", late)).status).toBe(412);
    expect(textOf(await objects.get("it"))).toBe("first");
    expect((await objects.get("it", late)).status).toBe(412);
    expect((await objects.head("it", late)).status).toBe(412);

    const ok = { "If-Unmodified-Since": at };
    expect((await objects.get("it")).headers.get("last-modified")).toBe(at);
    expect((await objects.put("it", "second", ok)).status).toBe(200);
    expect((await objects.remove("it", ok)).status).toBe(204);
  });

  test("If-Match outranks If-Unmodified-Since", async () => {
    const headers = { "If-Unmodified-Since": before, "If-Match": etagOf("first") };

    expect((await objects.put("it", "second", headers)).status).toBe(200);
  });

  test("If-Modified-Since gives 304 for an unchanged object, for reads only", async () => {
    const since = { "If-Modified-Since": at };

    expect((await objects.get("it", since)).status).toBe(304);
    expect((await objects.head("it", since)).status).toBe(304);
    expect((await objects.get("it", { "If-Modified-Since": before })).status).toBe(200);
    const other = { ...since, "If-None-Match": etagOf("other") };
    expect((await objects.get("it", other)).status).toBe(200);
    expect((await objects.put("it", "second", since)).status).toBe(200);
  });

  test("If-Range with a date gives the whole object, since dates identify no bytes", async () => {
    const range = { Range: "bytes=0-1" };
    const answers = [
      await objects.get("it", { ...range, "If-Range": at }),
      await objects.get("it", { ...range, "If-Range": etagOf("other") }),
      await objects.get("it", { ...range, "If-Range": etagOf("first") }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 206]);
    expect(answers.map(textOf)).toEqual(["first", "first", "fi"]);
  });
});

describe("concurrent requests", () => {
  test("ten buckets of one name are created once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => objects.createBucket("together")),
    );

    expect(statuses(answers)).toEqual([201, ...Array(9).fill(409)]);
  });

  test("ten puts with If-None-Match: * succeed once, and leave no bytes of the others", async () => {
    const bodies = Array.from({ length: 10 }, (_, index) => randomBytes(`put ${index}`, 300_000));
    const answers = await Promise.all(
      bodies.map((bytes) => objects.put("it", Buffer.from(bytes), { "If-None-Match": "*" })),
    );

    expect(statuses(answers)).toEqual([201, ...Array(9).fill(412)]);
    const winner = bodies[answers.findIndex(({ status }) => status === 201)];
    const got = await objects.get("it");
    expect(digestOf(got.bytes)).toBe(digestOf(winner ?? new Uint8Array()));
    expect(await objects.staged()).toEqual([]);
    expect(await storedFiles(objects.registry.store.directory)).toBe(1);
  });

  test("ten puts of one name all succeed, and the object is one of them", async () => {
    const texts = Array.from({ length: 10 }, (_, index) => `body ${index}`);
    const answers = await Promise.all(texts.map((text) => objects.put("it", text)));

    expect(statuses(answers)).toEqual([...Array(9).fill(200), 201]);
    const got = await objects.get("it");
    expect(texts).toContain(textOf(got));
    expect(got.headers.get("etag")).toBe(etagOf(textOf(got)));
    const { objects: page } = JSON.parse(textOf(await objects.list()));
    expect(page).toHaveLength(1);
  });

  test("ten puts of the same bytes under ten names store them once", async () => {
    const bytes = Buffer.from(randomBytes("same", 300_000));
    const names = Array.from({ length: 10 }, (_, index) => `name/${index}`);
    const answers = await Promise.all(names.map((name) => objects.put(name, bytes)));

    expect(statuses(answers)).toEqual(Array(10).fill(201));
    for (const name of names) {
      expect(digestOf((await objects.get(name)).bytes)).toBe(digestOf(bytes));
    }
    expect(await storedFiles(objects.registry.store.directory)).toBe(1);
  });

  test("a bucket into which an object is being put cannot be deleted", async () => {
    const slow = openBody();
    const put = objects.put("it", slow.body);
    slow.send(Buffer.from("slow "));
    while ((await objects.staged()).length === 0) await Bun.sleep(2);

    const refused = await objects.ask(bucketPath, { method: "DELETE" });
    expect([refused.status, refusalOf(refused).code]).toEqual([409, "CONFLICT"]);
    expect(refused.headers.get("retry-after")).toBe("1");
    slow.end();

    expect((await put).status).toBe(201);
    expect(textOf(await objects.get("it"))).toBe("slow ");
  });
});
