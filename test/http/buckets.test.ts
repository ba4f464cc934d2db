// Buckets over HTTP, and the lists of what they hold.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { jsonOf, refusalOf } from "./support/multipart.ts";
import { bucketPath, type Objects, openObjects } from "./support/objectClient.ts";

let objects: Objects;
beforeEach(async () => {
  objects = await openObjects();
});
afterEach(() => objects[Symbol.asyncDispose]());

const remove = (path: string) => objects.ask(path, { method: "DELETE" });

describe("a bucket", () => {
  test("is created with its location and properties, and then exists", async () => {
    const created = await objects.createBucket("a.b-1");

    expect([created.status, created.headers.get("location")]).toEqual([201, "/v1/buckets/a.b-1"]);
    const expected = {
      name: "a.b-1",
      created_at: "2026-01-01T00:00:00.000Z",
      objects: 0,
      size_bytes: 0,
    };
    expect(jsonOf(created)).toEqual(expected);
    const found = await objects.ask("/v1/buckets/a.b-1");
    expect([found.status, jsonOf(found)]).toEqual([200, expected]);
    expect(found.headers.get("cache-control")).toBe("no-store");
  });

  test.each(["constructor", "a", "x".repeat(63), "0", "localhost", "10.0.0.1"])(
    "may be called %p",
    async (name) => {
      expect((await objects.createBucket(name)).status).toBe(201);
      expect(jsonOf(await objects.ask(`/v1/buckets/${name}`)).name).toBe(name);
    },
  );

  test("shows the number and bytes of its objects", async () => {
    await objects.put("one", "12345");
    await objects.put("two", "12345");
    await objects.put("two", "123");

    expect(jsonOf(await objects.ask(bucketPath))).toMatchObject({ objects: 2, size_bytes: 8 });
  });

  test("cannot be deleted while it holds an object, and can once it is empty", async () => {
    await objects.put("it", "content");
    const refused = await remove(bucketPath);
    expect([refused.status, refusalOf(refused).code]).toEqual([409, "BUCKET_NOT_EMPTY"]);

    await objects.remove("it");
    expect((await remove(bucketPath)).status).toBe(204);

    expect((await remove(bucketPath)).status).toBe(404);
    for (const answer of [
      await objects.ask(bucketPath),
      await objects.list(),
      await objects.get("it"),
      await objects.put("it", "content"),
      await objects.remove("it"),
    ]) {
      expect([answer.status, refusalOf(answer).code]).toEqual([404, "BUCKET_UNKNOWN"]);
    }
    expect((await objects.createBucket("backups")).status).toBe(201);
  });

  test("is deleted with its uploads and their parts", async () => {
    const body = JSON.stringify({ object: "it" });
    const begun = await objects.ask(`${bucketPath}/multipart-uploads`, { method: "POST", body });
    const upload = begun.headers.get("location") ?? "";
    const part = await objects.ask(`${upload}/parts/1`, { method: "PUT", body: "part" });
    expect([begun.status, part.status]).toEqual([201, 200]);

    expect((await remove(bucketPath)).status).toBe(204);

    expect((await objects.ask(upload)).status).toBe(404);
    expect(await objects.staged()).toEqual([]);
  });

  test("is listed with the others, page by page, in the order of names", async () => {
    for (const name of ["c", "a", "b-1", "b.1"]) await objects.createBucket(name);
    const seen: string[] = [];
    let path = "/v1/buckets?limit=2";
    for (let page = 0; page < 3; page += 1) {
      const answer = await objects.ask(path);
      const { buckets, next } = jsonOf(answer);
      seen.push(...buckets.map(({ name }: { name: string }) => name));
      expect(next).toBe(page < 2 ? seen.at(-1) : null);
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1] ?? "";
    }
    expect(seen).toEqual(["a", "b-1", "b.1", "backups", "c"]);
    expect(path).toBe("");
  });
});

describe("the list of objects", () => {
  const names = ["a", "a b/1", "a/1", "a/2", "a/b/3", "ä", "z", "🧀/%2F"];
  beforeEach(async () => {
    for (const name of names) {
      await objects.put(name.split("/").map(encodeURIComponent).join("/"), name);
    }
  });

  /** Names and prefixes of all pages. */
  async function listAll(query: string): Promise<string[]> {
    const seen: string[] = [];
    let path = `${bucketPath}/objects?${query}`;
    for (; path !== ""; ) {
      const answer = await objects.ask(path);
      expect(answer.status).toBe(200);
      const { objects: found, prefixes, next } = jsonOf(answer);
      seen.push(...found.map(({ object }: { object: string }) => object));
      seen.push(...prefixes.map((prefix: string) => `[${prefix}]`));
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1] ?? "";
      expect(next === null).toBe(path === "");
    }
    return seen;
  }

  test("is in byte order of names, with all properties", async () => {
    const answer = await objects.list();

    const { objects: found, prefixes, next } = jsonOf(answer);
    const inOrder = names.map((name) => Buffer.from(name)).sort(Buffer.compare);
    expect(found.map(({ object }: { object: string }) => object)).toEqual(inOrder.map(String));
    expect([prefixes, next, answer.headers.get("link")]).toEqual([[], null, null]);
    expect(found[0]).toEqual(jsonOf(await objects.put("a", "a")));
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test.each<[query: string, seen: readonly string[]]>([
    ["prefix=a/", ["a/1", "a/2", "a/b/3"]],
    ["prefix=a/&delimiter=/", ["a/1", "a/2", "[a/b/]"]],
    ["delimiter=/", ["a", "z", "ä", "[a b/]", "[a/]", "[🧀/]"]],
    ["prefix=%F0%9F%A7%80", ["🧀/%2F"]],
    ["prefix=nothing", []],
    ["after=a/2&prefix=a", ["a/b/3"]],
    ["after=a/&delimiter=/&prefix=a", []],
    ["after=zzz", ["ä", "🧀/%2F"]],
    ["delimiter=", ["a", "a b/1", "a/1", "a/2", "a/b/3", "z", "ä", "🧀/%2F"]],
    ["prefix=%00", []],
    ["prefix=%25", []],
    ["prefix=_", []],
  ])("for %p has %p, whatever the size of its pages", async (query, seen) => {
    for (const limit of [1, 2, 1000]) {
      expect((await listAll(`${query}&limit=${limit}`)).sort()).toEqual([...seen].sort());
    }
  });

  test.each(["limit=0", "limit=x", "limit=1&limit=2", "prefix=a&prefix=b", "after=a&after=b"])(
    "for %p is refused",
    async (query) => {
      expect((await objects.list(`?${query}`)).status).toBe(400);
    },
  );

  test("of an unknown bucket is 404", async () => {
    const answer = await objects.ask("/v1/buckets/nothing/objects");
    expect([answer.status, refusalOf(answer).code]).toEqual([404, "BUCKET_UNKNOWN"]);
  });
});
