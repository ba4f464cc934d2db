// A web page makes its own name lead to 127.0.0.1 (DNS rebinding): for the browser the server is then the page's own, and sends no
// Origin with a GET. What the server is called is all that tells them apart.
import { describe, expect, test } from "bun:test";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { request, talk } from "../support/rawHttp.ts";
import { Scope } from "../support/scope.ts";

async function send({ port }: RunningRegistry, line: string, host: string, more: string[][] = []) {
  const headers = [["Host", host], ...more].map(
    ([name = "", value = ""]) => [name, value] as const,
  );
  const body = line.startsWith("GET") ? null : "{}";
  const { answers } = await talk(port, [request(line, headers, body)]);
  const [answer] = answers;
  if (answer === undefined) throw new Error(`no answer to ${line}`);
  return { status: answer.status, text: answer.body.toString() };
}

const own = [
  ...["localhost", "localhost:5000", "LocalHost.", "registry.localhost:80", "127.0.0.1:1"],
  ...["127.0.0.2", "127.255.255.254:5000", "[::1]", "[::1]:5000", "[0:0:0:0:0:0:0:1]", "127.1"],
];
const foreign = [
  ...["evil.test", "evil.test:5000", "localhost.evil.test", "127.0.0.1.evil.test", "evil"],
  ...["notlocalhost", "127.0.0.1x", "128.0.0.1", "10.0.0.1:5000", "0.0.0.0", "[::]", "[fe80::1]"],
];
const lines = ["GET /v2/_catalog", "GET /healthz", "GET /v1/buckets", "GET /swagger"];
const writes = ["POST /v1/gc", "POST /v2/a/blobs/uploads/", "PUT /v1/buckets/a/objects/b"];

describe("a server that listens on localhost only", () => {
  test("accepts its own host names and refuses all others, with and without Origin", async () => {
    await using scope = new Scope();
    const registry = await startBreadbox(scope);

    for (const host of own) {
      expect([host, await send(registry, "GET /v2/", host)]).toEqual([
        host,
        { status: 200, text: "{}" },
      ]);
    }
    for (const host of foreign) {
      for (const line of [...lines, ...writes]) {
        for (const more of [
          [],
          [["Origin", `http://${host}`]],
          [["Sec-Fetch-Site", "same-origin"]],
        ]) {
          const { status, text } = await send(registry, line, host, more);
          expect([line, host, status]).toEqual([line, host, 421]);
          expect(text).toContain("http.url");
        }
      }
    }
    // A name that was taken before says nothing of the next one.
    expect((await send(registry, "GET /v2/", "localhost")).status).toBe(200);
    expect((await send(registry, "GET /v2/", "evil.test")).status).toBe(421);
  });

  test("accepts the host name of http.url as well, with any port and case", async () => {
    await using scope = new Scope();
    const env = { BREADBOX_HTTP_URL: "https://Registry.Example.com:8443" };
    const registry = await startBreadbox(scope, { env });

    for (const host of [
      "registry.example.com",
      "REGISTRY.example.com:8443",
      "registry.example.com.",
    ]) {
      expect((await send(registry, "GET /v2/", host)).status).toBe(200);
    }
    for (const host of ["example.com", "a.registry.example.com", "evil.test"]) {
      expect((await send(registry, "GET /v2/", host)).status).toBe(421);
    }
  });
});
