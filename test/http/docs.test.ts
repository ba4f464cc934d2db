// The explorer's files as a browser gets them, and the OpenAPI document against the rules of OpenAPI 3.0.3 and our own table.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { operations as table } from "../../src/http/operations.ts";
import { readDigest } from "../../src/model/digest.ts";
import { readReference, readRepositoryName } from "../../src/model/names.ts";
import { isPage, paths } from "./support/addresses.ts";
import {
  type DocumentedOperation,
  type OpenApiDocument,
  operationsOf,
  referencesIn,
} from "./support/openApi.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let document: OpenApiDocument;
let operations: DocumentedOperation[];
beforeAll(async () => {
  registry = await openRegistry();
  document = JSON.parse(await (await get("/swagger/json")).text());
  operations = operationsOf(document);
});
afterAll(() => registry[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(`${registry.url}${path}`, { method, headers, redirect: "manual" });

/** Addresses of the page's scripts, as the page writes them. */
async function scriptsOfPage(): Promise<string[]> {
  const html = await (await get("/swagger")).text();
  return [...html.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, source = ""]) => source);
}

describe("GET /swagger", () => {
  test("is a page that loads nothing from other hosts, by its own policy as well", async () => {
    const answer = await get("/swagger");

    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html;charset=utf-8");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy.split("; ")).toContain("default-src 'none'");
    expect(policy.split("; ")).toContain("script-src 'self'");
    expect(policy.split("; ")).toContain("connect-src 'self'");
    expect(policy).not.toContain("http");
    const html = await answer.text();
    expect(html).toContain("<title>Breadbox</title>");
    expect(html.replaceAll(/data:[^"]*/g, "")).not.toMatch(/https?:\/\/|src="\/|href="\//);
  });

  test("names its scripts by relative URLs with their versions", async () => {
    const scripts = await scriptsOfPage();

    expect(scripts.map((script) => script.split("?v=")[0])).toEqual([
      "swagger/assets/try-it.js",
      "swagger/assets/scalar.js",
    ]);
    for (const script of scripts) {
      const answer = await get(`/${script}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(answer.headers.get("content-type")).toBe("text/javascript;charset=utf-8");
    }
  });

  test("is reached from /swagger/ by a relative redirect, also behind a proxy with a path prefix", async () => {
    const answer = await get("/swagger/");

    expect(answer.status).toBe(308);
    const location = answer.headers.get("location") ?? "";
    expect(new URL(location, "http://proxy/prefix/swagger/").pathname).toBe("/prefix/swagger");
  });

  test("is 404 when the explorer is switched off, and so are its files", async () => {
    await using silent = await openRegistry({ explorer: false });
    for (const path of paths.filter((path) => path.startsWith("/swagger"))) {
      expect((await fetch(`${silent.url}${path}`)).status).toBe(404);
    }
  });
});

describe("a file of the explorer", () => {
  const files = paths.filter((path) => path.startsWith("/swagger"));

  test.each(files)("%s is answered to HEAD with the headers of GET", async (path) => {
    const unlike = ["date", "x-request-id"];
    const headersOf = async (method: string) => {
      const { status, headers } = await registry.raw(`${method} ${path}`, [
        ["Accept-Encoding", "gzip"],
      ]);
      return { status, headers: [...headers].filter(([name]) => !unlike.includes(name)).sort() };
    };

    expect(await headersOf("HEAD")).toEqual(await headersOf("GET"));
  });

  test.each(files.filter((path) => !path.endsWith("/")))(
    "%s is not sent again to who has it",
    async (path) => {
      const etag = (await get(path)).headers.get("etag") ?? "";
      const answer = await get(path, { "if-none-match": etag });

      expect(etag).toMatch(/^"sha256:[0-9a-f]{64}"$/);
      expect(answer.status).toBe(304);
      expect(answer.headers.get("etag")).toBe(etag);
      expect((await get(path, { "if-none-match": '"another"' })).status).toBe(200);
    },
  );

  test("of another version than the URL's is not cached", async () => {
    const answer = await get("/swagger/assets/scalar.js?v=000000000000");
    expect(answer.headers.get("cache-control")).toBe("no-cache");
  });

  test.each([
    ["gzip, deflate, br", true],
    ["*", true],
    ["br;q=1.0, gzip;q=0.5", true],
    ["identity", false],
    ["br", false],
    ["gzip;q=0", false],
    ["gzip;q=0, *", false],
    ["", false],
  ])("is packed for Accept-Encoding %p: %p", async (accepted, packed) => {
    const answer = await registry.raw("GET /swagger/assets/scalar.js", [
      ["Accept-Encoding", accepted],
    ]);

    expect(answer.headers.get("vary")).toBe("accept-encoding");
    expect(answer.headers.get("content-encoding")).toBe(packed ? "gzip" : undefined);
    const script = packed ? Bun.gunzipSync(new Uint8Array(answer.body)) : answer.body;
    expect(Buffer.from(script).includes("createApiReference")).toBe(true);
  });
});

describe("the OpenAPI document", () => {
  test("describes Breadbox, its server, and how to push", () => {
    expect(document.openapi).toBe("3.0.3");
    expect(document.info.title).toBe("Breadbox");
    expect(document.info.description).toMatch(/POST .*uploads.*PATCH.*PUT.*manifests/s);
    // The plugin writes it into an attribute of its page as it is.
    expect(document.info.description).not.toContain('"');
    expect(document.servers).toEqual([{ url: "/" }]);
  });

  test("has every operation of the table except those of pages", () => {
    const expected = table
      .filter(
        ({ path }) =>
          !isPage(path) && !/^\/(?:swagger\/(?:$|assets\/)|setup$|log(?:in|out)$)/.test(path),
      )
      .map(({ method, path, id }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")} ${id}`);
    const actual = operations.map(
      ({ method, path, operationId }) => `${method} ${path} ${operationId}`,
    );
    expect(actual.sort()).toEqual(expected.sort());
  });

  test("sorts operations under tags that it describes", () => {
    const described = document.tags.map(({ name }) => name);
    expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(new Set(described));
    for (const { tags } of operations) expect(tags.length).toBe(1);
    for (const { description } of document.tags) expect(description).toMatch(/\.|\?$/);
  });

  test("declares exactly the parameters of each path, and each parameter once", () => {
    for (const { path, parameters } of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === "path");
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      expect(inPath.map(({ name }) => name)).toEqual(names);
      expect(inPath.every(({ required }) => required === true)).toBe(true);
      const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { schema, description } of parameters) {
        expect(schema?.type).toBeString();
        expect(description).toMatch(/\.$/);
      }
    }
  });

  test("describes success and failure of each operation", () => {
    for (const { operationId, summary, description, responses } of operations) {
      const statuses = Object.keys(responses);
      expect(statuses.filter((status) => status.startsWith("2"))).not.toEqual([]);
      expect([operationId, statuses.includes("400")]).toEqual([operationId, true]);
      expect(statuses.every((status) => /^[1-5]\d\d$/.test(status))).toBe(true);
      for (const response of Object.values(responses)) expect(response.description).not.toBe("");
      expect(summary).not.toBe("");
      expect(description).toMatch(/\.$/);
    }
  });

  test("declares no bodies where none are possible", () => {
    const bodiless = operations.flatMap(({ method, responses }) =>
      Object.entries(responses)
        .filter(([status]) => method === "HEAD" || status === "204" || status === "304")
        .map(([, response]) => response.content),
    );
    expect(bodiless.length).toBeGreaterThan(20);
    expect(bodiless.filter((content) => content !== undefined)).toEqual([]);
    for (const { method, requestBody } of operations) {
      if (["GET", "HEAD", "DELETE"].includes(method)) expect(requestBody).toBeUndefined();
    }
  });

  test("has an example of the error envelope for each failure", () => {
    const failures = operations
      .filter(({ method, path }) => method !== "HEAD" && path !== "/readyz")
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([status, { content }]) => Number(status) >= 400 && content !== undefined)
      .flatMap(([, { content }]) => Object.values(content?.["application/json"]?.examples ?? {}));

    expect(failures.length).toBeGreaterThan(50);
    for (const { value } of failures) {
      expect(value).toEqual({
        errors: [{ code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) }],
      });
    }
  });

  test("has no dangling reference", () => {
    const references = referencesIn(document);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      expect(document.components.schemas).toHaveProperty(
        reference.replace("#/components/schemas/", ""),
      );
    }
  });
});

describe("patterns and examples of parameters", () => {
  const patternOf = (name: string, within: string): RegExp => {
    const found = operations
      .flatMap(({ parameters }) => parameters)
      .find((parameter) => parameter.in === within && parameter.name === name);
    return new RegExp(found?.schema?.pattern ?? "(?!)");
  };
  const texts = [
    ...[
      "a",
      "team/app",
      "a/b/c",
      "a__b",
      "a--b",
      "a.b_c",
      "UPPER",
      "a/",
      "/a",
      "a//b",
      "a..b",
      "-a",
    ],
    ...["latest", "1.0", "_x", ".x", "x".repeat(128), "x".repeat(129), "a:b"],
    ...[`sha256:${"0".repeat(64)}`, `sha256:${"A".repeat(64)}`, `sha512:${"f".repeat(128)}`],
    ...[`sha256:${"0".repeat(63)}`, `md5:${"0".repeat(32)}`],
  ];

  test.each([
    ["name", "path", readRepositoryName],
    ["reference", "path", readReference],
    ["digest", "path", readDigest],
    ["digest", "query", readDigest],
  ] as const)(
    "%s in the %s matches exactly the values that the server accepts",
    (name, within, read) => {
      const pattern = patternOf(name, within);
      const taken = texts.filter((text) => pattern.test(text));
      expect(taken).toEqual(texts.filter((text) => read(text) !== null));
      expect(taken.length).toBeGreaterThan(1);
    },
  );

  test("examples match their patterns", () => {
    const shown = operations
      .flatMap(({ parameters }) => parameters)
      .filter(({ example, schema }) => example !== undefined && schema?.pattern !== undefined);
    expect(shown.length).toBeGreaterThan(15);
    for (const { example, schema } of shown) {
      expect(String(example)).toMatch(new RegExp(schema?.pattern ?? "(?!)"));
    }
  });
});
