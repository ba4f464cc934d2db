// What a web page of another site may make its visitor's browser do here: nothing that changes anything.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { assertOwnSite } from "../../src/http/crossSite.ts";
import type { Method } from "../../src/http/operation.ts";
import { operations } from "../../src/http/operations.ts";
import { fill } from "./support/addresses.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const lines = (...methods: readonly Method[]): string[] =>
  operations
    .filter(({ method }) => methods.includes(method))
    .map(({ method, path }) => `${method} ${fill(path)}`);
/** Told by their methods: whatever is added to the table is asked as well. */
const changing = lines("POST", "PUT", "PATCH", "DELETE");
const asking = lines("GET", "HEAD");

describe("a page of another site", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await openRegistry();
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("there are changing operations to test", () => {
    expect(changing.length).toBeGreaterThanOrEqual(8);
  });

  test.each(changing)("%s is refused with a reason and without CORS headers", async (line) => {
    const { status, headers, body } = await registry.raw(line, [["Origin", "https://example.com"]]);

    expect([status, errorOf({ body })["code"]]).toEqual([403, "DENIED"]);
    expect(errorOf({ body })["message"]).toContain("web pages of other sites");
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  test.each(changing)("%s of the server's own page or of a client is accepted", async (line) => {
    const own = await registry.raw(line, [
      ["Host", "localhost:5000"],
      ["Origin", "http://localhost:5000"],
    ]);
    const client = await registry.raw(line);

    // Some are refused for another reason: a server without logins has no accounts to manage.
    expect(own.body.toString()).not.toContain("web pages of other sites");
    expect(client.body.toString()).not.toContain("web pages of other sites");
  });

  test.each(asking)("%s is answered, but not readable for the page", async (line) => {
    const plain = await registry.raw(line);
    const foreign = await registry.raw(line, [["Origin", "https://example.com"]]);

    expect(foreign.status).toBe(plain.status);
    expect([...foreign.headers.keys()].filter((name) => name.startsWith("access-"))).toEqual([]);
  });
});

describe("a changing request is accepted", () => {
  const host = "localhost:5000";
  test.each<[passes: boolean, why: string, headers: Record<string, string>]>([
    [true, "of a client, which says nothing", { host }],
    [true, "of the server's own page", { host, origin: "http://localhost:5000" }],
    [true, "in any case", { host: "LocalHost:5000", origin: "http://localhost:5000" }],
    [true, "through TLS", { host: "r.example", origin: "https://r.example" }],
    [true, "with the port of TLS", { host: "r.example:443", origin: "https://r.example" }],
    [
      true,
      "of the own page, behind a proxy that names another Host",
      { host, origin: "https://r.example", "sec-fetch-site": "same-origin" },
    ],
    [true, "that a person typed", { host, "sec-fetch-site": "none" }],
    [false, "of another host", { host, origin: "http://example.com" }],
    [false, "of another port", { host, origin: "http://localhost:3000" }],
    [false, "of a name that begins alike", { host, origin: "http://localhost:5000.example" }],
    [false, "of a file or a frame without an origin", { host, origin: "null" }],
    [false, "with an empty origin", { host, origin: "" }],
    [false, "with two origins", { host, origin: "http://localhost:5000, http://example.com" }],
    [false, "of another site, without an origin", { host, "sec-fetch-site": "cross-site" }],
    [false, "of a neighbour on this host", { host, "sec-fetch-site": "same-site" }],
    [
      false,
      "of another site, whatever origin it names",
      { host, origin: "http://localhost:5000", "sec-fetch-site": "cross-site" },
    ],
  ])("%p: %s", (passes, _, headers) => {
    const ask = () => assertOwnSite({ method: "POST", headers: new Headers(headers) });

    if (passes) expect(ask).not.toThrow();
    else expect(ask).toThrow(RegistryError);
  });
});
