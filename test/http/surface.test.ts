import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type App, buildApp } from "../../src/http/app.ts";
import {
  allowedMethods,
  findOperation,
  type Method,
  templates,
} from "../../src/http/operations.ts";
import { fill } from "./support/addresses.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const methods: readonly Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

const operations = templates().flatMap((template) =>
  methods.flatMap((method) => {
    const operation = findOperation(template, method);
    return operation === null ? [] : [{ template, method, operation }];
  }),
);
const refused = templates().flatMap((template) =>
  [...methods, "OPTIONS", "TRACE"]
    .filter((method) => findOperation(template, method) === null)
    .map((method) => [method, template] as const),
);

describe("the table of operations", () => {
  let registry: TestRegistry;
  let app: App;
  beforeAll(async () => {
    let built: App | null = null;
    registry = await openRegistry({
      change: (rooms) => {
        built = buildApp(rooms, {
          maxBodyBytes: 0,
          chunkMinBytes: 0,
          pace: { now: () => 0, minBytesPerSecond: 0 },
          metrics: true,
          explorer: true,
          isDraining: () => false,
          rights: { mayPull: () => true, mayPush: () => true, mayRead: () => true },
        });
        return rooms;
      },
    });
    if (built === null) throw new Error("no app");
    app = built;
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("has exactly the app's routes, under the ids of their documentation", () => {
    const expected = operations.map(
      ({ template, method, operation }) => `${method} ${template} ${operation.id}`,
    );
    const actual = app.routes.map(
      ({ method, path, operationId }) => `${method} ${path} ${operationId}`,
    );
    expect(actual.sort()).toEqual(expected.sort());
  });

  test("gives every operation an id of its own", () => {
    const ids = operations.map(({ operation }) => operation.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(refused)("%s %s is answered with 405 and what is allowed", async (method, template) => {
    const answer = await registry.raw(`${method} ${fill(template)}`);

    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(allowedMethods(template).join(", "));
    if (method !== "HEAD") expect(errorOf(answer)["code"]).toBe("UNSUPPORTED");
  });

  test.each(operations.map(({ method, template, operation }) => [method, template, operation.id]))(
    "%s %s is counted as %s",
    async (method, template, id) => {
      await registry.raw(`${method} ${fill(template)}`, [["Content-Length", "0"]]);

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

  test("every route says what it is in the documentation", () => {
    for (const { summary } of app.routes) expect(summary).toMatch(/^[A-Z].{8,}/);
  });
});

describe("an address for whoever watches the server", () => {
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
  test("have no address", async () => {
    await using registry = await openRegistry({ metrics: false });
    expect((await fetch(`${registry.url}/metrics`)).status).toBe(404);
  });
});
