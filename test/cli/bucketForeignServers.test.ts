// `breadbox bucket` in front of something else: proxies that limit, move, and ask for passwords, and programs that are no Breadbox.
import { describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { CommandRoom, digestOf, mebibyte, openBucketRoom } from "./bucketRoom.ts";

const html = (title: string): string => `<html><head><title>${title}</title></head></html>`;

/** Something that answers, and the commands that ask it. */
function openForeignServer(
  scope: Scope,
  answer: (request: Request) => Response | Promise<Response>,
): CommandRoom {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  scope.defer(() => server.stop(true));
  return new CommandRoom(scope, `http://127.0.0.1:${server.port}`);
}

describe("a server that is not Breadbox", () => {
  test.each([
    [
      "a proxy that forbids",
      () => new Response(html("403"), { status: 403 }),
      "forbids it (403). The answer is not one of Breadbox",
    ],
    [
      "a proxy without its server",
      () => new Response(html("502"), { status: 502 }),
      "answered 502 (Bad Gateway). The answer is not one of Breadbox",
    ],
    [
      "a page",
      () => new Response(html("hello")),
      "answered 200 (no JSON). The answer is not one of Breadbox",
    ],
    ["another API", () => Response.json({ hello: 1 }), 'The server\'s answer has no "buckets"'],
    [
      "a proxy that wants a password",
      () => new Response("", { status: 401, headers: { "www-authenticate": "Basic" } }),
      "asks for a user and a password (401)",
    ],
    [
      "a server that has moved",
      () => Response.redirect("https://boxes.example/v1/buckets", 301),
      "answered 301 (moved to https://boxes.example/v1/buckets)",
    ],
  ])("%s is named", async (_, answer, words) => {
    await using scope = new Scope();
    const room = openForeignServer(scope, answer);

    const { err, out, code } = await room.bucket("ls");

    expect(err).toContain(words);
    expect(out).toBe("");
    expect(code).toBe(1);
  });
});

test("lists are asked for page after page", async () => {
  await using scope = new Scope();
  const object = (name: string) => ({
    ...{ bucket: "box", object: name, size_bytes: 1, etag: "e", digest: "d" },
    ...{ content_type: "t", created_at: "2026-01-01T00:00:00.000Z" },
  });
  const asked: string[] = [];
  const room = openForeignServer(scope, (request) => {
    const { search, searchParams } = new URL(request.url);
    asked.push(search);
    const isFirst = !searchParams.has("after");
    return Response.json({
      objects: [object(isFirst ? "a & b" : "c")],
      prefixes: [],
      next: isFirst ? "a & b" : null,
    });
  });

  const { objects } = await room.json("ls", "box/");

  expect(objects).toEqual([object("a & b"), object("c")]);
  expect(asked).toEqual(["?prefix=&delimiter=%2F", "?prefix=&delimiter=%2F&after=a+%26+b"]);
});

describe("a proxy in front of a Breadbox", () => {
  test("that limits bodies is told of; a Breadbox that does gets parts of that size", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, { maxBodyBytes: 100_000 });
    const proxy = openForeignServer(scope, async (request) => {
      const { pathname, search } = new URL(request.url);
      const length = Number(request.headers.get("content-length") ?? 0);
      if (length > 1000) return new Response(html("413"), { status: 413 });
      const { method, headers } = request;
      const body = method === "GET" ? null : await request.text();
      return fetch(`${registry.url}${pathname}${search}`, { method, headers, body });
    });
    await room.write("file", noise(mebibyte));
    await proxy.write("file", noise(mebibyte));

    const limited = await proxy.bucket("put", "file", "box");
    expect(limited.err).toContain("A proxy in front of");
    expect(limited.err).toContain("Send smaller parts: --part-size 8MiB\n");
    expect(limited.code).toBe(1);
    expect(await room.bucket("put", "file", "box")).toMatchObject({ err: "", code: 0 });
  });

  test("may ask for a password, which the address of the server holds", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const proxy = openForeignServer(scope, (request) =>
      request.headers.get("authorization") === `Basic ${btoa("me:secret")}`
        ? fetch(`${registry.url}${new URL(request.url).pathname}`)
        : new Response("", { status: 401 }),
    );

    const { host } = new URL(proxy.url);
    const { out, code } = await room.bucket("ls", "--server", `http://me:secret@${host}`);
    expect(out).toContain("1 bucket, 0 B");
    expect(code).toBe(0);
  });

  test("that has lost its server for a moment is asked again", async () => {
    await using scope = new Scope();
    const { registry } = await openBucketRoom(scope);
    let lost = 2;
    const proxy = openForeignServer(scope, async (request) => {
      const isPut = request.method === "PUT";
      if (isPut && lost-- > 0) {
        return new Response(html("502"), { status: 503, headers: { "retry-after": "0" } });
      }
      const { method, headers } = request;
      const body = isPut ? await request.arrayBuffer() : null;
      return fetch(`${registry.url}${new URL(request.url).pathname}`, { method, headers, body });
    });
    const bytes = noise(1000);
    await proxy.write("file", bytes);

    const { out, err, code } = await proxy.bucket("put", "file", "box", "--json");

    expect(code).toBe(0);
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
    expect(err).toContain("answered 503");
    expect(err).toContain("Trying again for up to 10m.");
  });
});
