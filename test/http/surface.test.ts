import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Method } from "../../src/http/operation.ts";
import { operations } from "../../src/http/operations.ts";
import { fill, methodsAt, operationAt, paths } from "./support/addresses.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const methods: readonly Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

const refused = paths.flatMap((path) =>
  [...methods, "OPTIONS", "TRACE"]
    .filter((method) => operationAt(path, method) === null)
    .map((method) => [method, path] as const),
);

describe("the table of operations", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await openRegistry();
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("is complete: the tests below request each of them", () => {
    expect(operations.length).toBeGreaterThan(45);
  });

  test("gives every operation a unique id", () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(refused)("has 405 with Allow for %s %s", async (method, path) => {
    const answer = await registry.raw(`${method} ${fill(path)}`);

    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(methodsAt(path).join(", "));
    if (method !== "HEAD") expect(errorOf(answer)["code"]).toBe("UNSUPPORTED");
  });

  test.each(operations.map(({ method, path, id }) => [method, path, id]))(
    "has the metric label for %s %s: %s",
    async (method, path, id) => {
      await registry.raw(`${method} ${fill(path)}`, [["Content-Length", "0"]]);

      const metrics = await (await fetch(`${registry.url}/metrics`)).text();
      expect(metrics).toContain(`breadbox_http_requests_total{operation="${id}"`);
    },
  );

  test.each(["/", "/v1/", "/v1/buckets/", "/v2/team/app", "/healthz/x", "/favicon.ico"])(
    "%s is no address: 404 in JSON with the request's id",
    async (path) => {
      const answer = await registry.raw(`GET ${path}`, [["X-Request-Id", "from-client"]]);

      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(errorOf(answer)["code"]).toBe("NOT_FOUND");
      const { request_id: requestId } = JSON.parse(answer.body.toString());
      expect(requestId).toBe(path.startsWith("/v2") ? undefined : "from-client");
    },
  );

  test("has a summary for each", () => {
    for (const { summary } of operations) expect(summary).toMatch(/^[A-Z].{8,}/);
  });
});

describe("an operations endpoint", () => {
  test.each(["/healthz", "/readyz", "/metrics"])(
    "answers HEAD %s as GET, without a body",
    async (path) => {
      await using registry = await openRegistry();

      const [asked, got] = [await registry.raw(`HEAD ${path}`), await registry.raw(`GET ${path}`)];

      expect([asked.status, got.status]).toEqual([200, 200]);
      expect(asked.body.length).toBe(0);
      expect(asked.headers.get("content-type")).toBe(got.headers.get("content-type"));
      expect(Number(asked.headers.get("content-length"))).toBeGreaterThan(0);
    },
  );
});

describe("metrics switched off", () => {
  test("are 404", async () => {
    await using registry = await openRegistry({ metrics: false });
    expect((await fetch(`${registry.url}/metrics`)).status).toBe(404);
  });
});
