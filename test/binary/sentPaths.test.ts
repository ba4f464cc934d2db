// Paths as an attacker writes them by hand, against a proxy that has judged them by what it read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { type RawAnswer, request, talk } from "../support/rawHttp.ts";
import { Scope } from "../support/scope.ts";

const scope = new Scope();
let registry: RunningRegistry;
const json: readonly (readonly [string, string])[] = [["Content-Type", "application/json"]];

beforeAll(async () => {
  registry = await startBreadbox(scope);
  for (const name of ["mine", "other"]) {
    const made = await send("POST /v1/buckets", "127.0.0.1", `{"name":"${name}"}`);
    expect(made.status).toBe(201);
  }
});
afterAll(() => scope.close());

async function send(line: string, host = "127.0.0.1", body: string | null = null) {
  const sent = request(line, [["Host", host], ...(body === null ? [] : json)], body);
  const { answers } = await talk(registry.port, [sent], {
    head: line.startsWith("HEAD"),
    untilClose: body !== null && host !== "127.0.0.1",
  });
  const [answer] = answers;
  if (answer === undefined) throw new Error(`no answer to ${line}`);
  return answer;
}

async function objectsOf(bucket: string): Promise<unknown> {
  const answer: RawAnswer = await send(`GET /v1/buckets/${bucket}/objects`);
  return JSON.parse(answer.body.toString()).objects;
}

/** Ways to write a path that ends at `end`, behind a prefix that a proxy lets pass. */
const detours = (prefix: string, end: string): readonly string[] => [
  `${prefix}\\..${end.replaceAll("/", "\\")}`,
  `${prefix}/..${end}`,
  `${prefix}/.${end.startsWith("/v2") ? `/..${end}` : `./..${end}`}`,
  `${prefix}/%2e%2e${end}`,
  `${prefix}/%2E.${end}`,
  `${prefix}/.%2e${end}`,
  `${prefix}\\%2e%2e${end}`,
  `${prefix}/..\\${end.slice(1)}`,
  `http://elsewhere.test${prefix}/..${end}`,
  `${prefix}//../..${end}`,
  `${prefix}#/..${end}`,
];

const ends = ["/v2/_catalog", "/v1/buckets", "/healthz", "/swagger", "/v1/buckets/other/objects"];

describe("a path that a proxy and the server read differently", () => {
  test.each(ends.flatMap((end) => detours("/healthz", end)))("GET %s is refused", async (path) => {
    for (const method of ["GET", "HEAD"]) {
      expect((await send(`${method} ${path}`)).status).toBe(400);
      expect((await send(`${method} ${path}`, "a b<>")).status).toBe(400);
    }
  });

  test.each([
    "/u/alice/../../../../other/objects/x",
    "/u/alice/..\\..\\..\\..\\other\\objects\\x",
    "/u/alice/%2e%2e/%2E%2E/.%2e/%2e./other/objects/x",
    "/u/alice/../x",
    "/u/alice/./x",
    "/u\\x",
    "/u/alice%2f..%2fx",
    "/u/alice//x",
    "/u/alice#x",
  ])("PUT of the object %s stores nothing anywhere", async (path) => {
    expect((await send(`PUT /v1/buckets/mine/objects${path}`, "127.0.0.1", "x")).status).toBe(400);
    expect(await objectsOf("mine")).toEqual([]);
    expect(await objectsOf("other")).toEqual([]);
  });

  test.each(["*", "127.0.0.1:5000", "v2/", "\\v2\\"])("the target %s is refused", async (path) => {
    for (const host of ["127.0.0.1", "a b<>"]) {
      expect((await send(`GET ${path}`, host)).status).toBe(400);
    }
    expect((await send("CONNECT 127.0.0.1:5000")).status).toBe(400);
  });
});

describe("a path that only looks unusual", () => {
  test("reaches its operation", async () => {
    for (const path of ["/v2/", "/v2", "/v2/?x=/../a", "http://elsewhere.test/v2/"]) {
      expect((await send(`GET ${path}`)).status).toBe(200);
    }
  });

  test("is an object's name: dots, an escaped backslash, any number of segments", async () => {
    const names = [
      "...",
      ".hidden",
      "a..b",
      "..a/b..",
      "v1.2.3/.x",
      "a%5Cb",
      "a%23b",
      "%C3%A9/x",
      "%25",
    ];
    names.push("d/".repeat(200).concat("x"), "d%2F".repeat(200).concat("y"));
    for (const name of names) {
      const path = `/v1/buckets/mine/objects/${name}`;
      expect((await send(`PUT ${path}`, "127.0.0.1", name)).status).toBe(201);
      expect((await send(`GET ${path}`)).body.toString()).toBe(name);
    }
    const listed = JSON.stringify(await objectsOf("mine"));
    for (const name of names) {
      expect(listed).toContain(JSON.stringify(decodeURIComponent(name)));
    }
  });
});
