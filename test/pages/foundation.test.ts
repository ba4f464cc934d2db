// What all pages have in common: who gets them, what a browser may do on them, their files, their errors, and the switch of colours.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { basic, openClosed } from "../http/support/accessRoom.ts";
import { openRegistry, type TestRegistry } from "../http/support/registry.ts";
import { asBrowser, openHtml } from "./support/html.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const open = (path: string, headers: Record<string, string> = {}) =>
  openHtml(`${registry.url}${path}`, { headers });

describe("the first page", () => {
  test("is a whole document in a language, with a name, a heading and landmarks", async () => {
    const page = await open("/");

    expect(page.status).toBe(200);
    expect(page.html).toStartWith("<!doctype html>");
    expect(page.find("html")[0]?.attributes["lang"]).toBe("en");
    expect(page.texts("title")).toEqual(["Breadbox"]);
    expect(page.find("h1")).toHaveLength(1);
    for (const landmark of ["header", "nav", "main#main", "footer", "input[type=search]"])
      expect(page.find(landmark)).toHaveLength(1);
  });

  test.each([["*/*"], ["application/json"], [""]])(
    "is unknown to programs that accept %p",
    async (accept) => {
      const answer = await fetch(registry.url, { headers: { accept } });

      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ errors: [{ code: "NOT_FOUND" }] });
    },
  );

  test("may run and load nothing but this server's own files", async () => {
    const { headers, find, html } = await open("/");

    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(html).not.toMatch(/ style=| on[a-z]+=/);
    for (const { attributes, text } of find("script")) {
      expect(attributes["src"]).toMatch(/^\/assets\/[a-z]+-[0-9a-f]{12}\.js$/);
      expect(text).toBe("");
    }
    expect(find("style")).toEqual([]);
  });
});

test("the explorer is linked where it is served", async () => {
  await using quiet = await openRegistry({ explorer: false });
  const links = async (url: string) =>
    (await openHtml(url)).find("nav a").map(({ attributes }) => attributes["href"]);

  expect(await links(registry.url)).toContain("/swagger");
  expect((await links(quiet.url)).join()).not.toContain("swagger");
});

describe("scripts and style", () => {
  test("are kept by browsers for ever, under names that change with them", async () => {
    const { find } = await open("/");
    const urls = [
      ...find("script").map(({ attributes }) => attributes["src"]),
      ...find("link[rel=stylesheet]").map(({ attributes }) => attributes["href"]),
    ];

    expect(urls).toHaveLength(2);
    for (const url of urls) {
      const answer = await fetch(`${registry.url}${url}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toContain("immutable");
      const etag = answer.headers.get("etag") ?? "";
      const again = await fetch(`${registry.url}${url}`, { headers: { "if-none-match": etag } });
      expect(again.status).toBe(304);
    }
  });

  test("are the same for clients that take no gzip", async () => {
    const [script] = (await open("/")).find("script");
    const url = `${registry.url}${script?.attributes["src"]}`;
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });

    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.text()).toBe(await (await fetch(url)).text());
  });

  test("take at most 60 KB of script, packed", async () => {
    const { assets } = await import("../../src/pages/assets.ts");
    const scripts = assets.filter(({ name }) => name.endsWith(".js"));
    const sizes = await Promise.all(scripts.map(({ path }) => Bun.file(path).size));

    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000);
    for (const { path } of scripts) {
      const unpacked = Bun.gunzipSync(await Bun.file(path).bytes());
      expect(gzipSync(unpacked).byteLength).toBeLessThan(60_000);
    }
  });

  test("of another version are unknown", async () => {
    expect((await fetch(`${registry.url}/assets/page-000000000000.js`)).status).toBe(404);
  });
});

describe("an error", () => {
  test("is a page in a browser, with the status and the request's id", async () => {
    const page = await open("/nothing/here", { "x-request-id": "lost" });

    expect(page.status).toBe(404);
    expect(page.texts("h1")).toEqual(["Not found"]);
    expect(page.texts("main").join()).toContain("lost");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  test("of the API stays JSON, whoever asks", async () => {
    for (const path of ["/v2/none/tags/list", "/v1/nothing"]) {
      const answer = await fetch(`${registry.url}${path}`, { headers: asBrowser });

      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toBe("application/json");
    }
  });

  test("keeps the headers of its answer", async () => {
    const page = await openHtml(registry.url, { method: "DELETE" });

    expect(page.status).toBe(405);
    expect(page.headers.get("allow")).toBe("GET, HEAD");
  });

  test("shows what a client sent as text", async () => {
    const page = await openHtml(`${registry.url}/theme`, {
      method: "POST",
      headers: { "content-type": "text/<b>" },
      body: "x",
    });

    expect(page.status).toBe(400);
    expect(page.html).not.toContain("<b>");
  });
});

describe("on a server with users", () => {
  test("a visitor without a login is asked for one, and sees nothing else", async () => {
    await using room = await openClosed();

    const page = await openHtml(`${room.registry.url}/?a=b`);

    expect(page.status).toBe(303);
    expect(page.headers.get("location")).toBe("/login?next=%2F%3Fa%3Db");
    expect(page.html).toBe("");
  });

  test("a visitor with a login is named", async () => {
    await using room = await openClosed();

    const page = await openHtml(room.registry.url, { headers: { authorization: basic("root") } });

    expect(page.status).toBe(200);
    expect(page.texts(".account summary")).toEqual(["root"]);
  });
});

describe("the switch of colours", () => {
  const choose = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${registry.url}/theme`, {
      method: "POST",
      redirect: "manual",
      headers,
      body: new URLSearchParams(form),
    });

  test("is a form that leads back, and the next page has the colours", async () => {
    const answer = await choose({ theme: "dark", back: "/?a=b" });
    const cookie = answer.headers.get("set-cookie") ?? "";

    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/?a=b");
    expect(cookie).toContain("SameSite=Lax");
    const page = await open("/", { cookie: cookie.split(";")[0] ?? "" });
    expect(page.find("html")[0]?.attributes["data-theme"]).toBe("dark");
    expect(page.find("button[aria-pressed=true]")[0]?.attributes["value"]).toBe("dark");
  });

  test("follows the system without a choice, and for a choice that is none", async () => {
    for (const cookie of ["", "breadbox-theme=pink", "breadbox-theme=auto"]) {
      const page = await open("/", { cookie });
      expect(page.find("html")[0]?.attributes["data-theme"]).toBeUndefined();
    }
  });

  test.each(["//example.com", "/\\example.com", "https://example.com", "javascript:alert(1)", ""])(
    "never leads to %p",
    async (back) => {
      expect((await choose({ theme: "dark", back })).headers.get("location")).toBe("/");
    },
  );

  test("is refused to pages of other sites", async () => {
    const answer = await choose({ theme: "dark" }, { origin: "https://example.com" });

    expect(answer.status).toBe(403);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });
});
