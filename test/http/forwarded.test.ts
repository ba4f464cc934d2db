// What a proxy says of the client counts if the settings list the proxy, and else means nothing.
import { describe, expect, test } from "bun:test";
import { clientAddress, clientOrigin, makeIsWithin } from "../../src/http/forwarded.ts";
import { basic, openClosed } from "./support/accessRoom.ts";

const isProxy = makeIsWithin([
  { address: "127.0.0.1", bits: 32 },
  { address: "10.0.0.0", bits: 8 },
  { address: "fd00::", bits: 8 },
]);

describe("the address of a client", () => {
  test.each<[string, string | null, string, string]>([
    ["of nobody in between is the other end's", null, "192.0.2.1", "192.0.2.1"],
    ["behind a proxy is what the proxy says", "192.0.2.1", "127.0.0.1", "192.0.2.1"],
    [
      "behind two proxies is what the first one says",
      "192.0.2.1, 10.0.0.7",
      "127.0.0.1",
      "192.0.2.1",
    ],
    ["is not what the client wrote before", "203.0.113.9, 192.0.2.1", "10.1.2.3", "192.0.2.1"],
    ["is not what a client without a proxy wrote", "203.0.113.9", "192.0.2.1", "192.0.2.1"],
    ["may have a port", "192.0.2.1:50000", "127.0.0.1", "192.0.2.1"],
    ["may be of IPv6", "2001:db8::1", "fd00::1", "2001:db8::1"],
    ["may be of IPv6 with a port", "[2001:db8::1]:50000", "127.0.0.1", "2001:db8::1"],
    ["may be IPv4 in the spelling of IPv6", "::ffff:192.0.2.1", "127.0.0.1", "192.0.2.1"],
    ["is the proxy's when it says nothing", null, "127.0.0.1", "127.0.0.1"],
    ["is the proxy's when it says nonsense", "192.0.2.1, unknown", "127.0.0.1", "127.0.0.1"],
    ["is the first proxy's when all are proxies", "10.0.0.9, 10.0.0.7", "127.0.0.1", "10.0.0.9"],
  ])("%s", (_, forwardedFor, peer, expected) => {
    if (isProxy === null) throw new Error("no proxies");
    expect(clientAddress(peer, forwardedFor, isProxy)).toBe(expected);
  });

  test("no networks are no proxies", () => {
    expect(makeIsWithin([])).toBeNull();
  });
});

describe("the origin that a client called", () => {
  const originOf = (headers: Record<string, string>) =>
    clientOrigin(new Headers(headers), "http://localhost:5000");

  test.each<[string, Record<string, string>, string]>([
    ["is the server's own without headers", {}, "http://localhost:5000"],
    ["has the proxy's scheme", { "x-forwarded-proto": "https" }, "https://localhost:5000"],
    [
      "has the first proxy's scheme and host",
      { "x-forwarded-proto": "https, http", "x-forwarded-host": "hub.example, inner:5000" },
      "https://hub.example",
    ],
    [
      "has no scheme and host that are none",
      { "x-forwarded-proto": "javascript", "x-forwarded-host": 'a",realm="b' },
      "http://localhost:5000",
    ],
  ])("%s", (_, headers, expected) => {
    expect(originOf(headers)).toBe(expected);
  });
});

const forwarded = {
  "x-forwarded-for": "192.0.2.77",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "hub.example",
};

describe("a server behind a proxy", () => {
  test("names the token endpoint as clients reach it, and logs and audits their addresses", async () => {
    await using room = await openClosed({ proxies: [{ address: "127.0.0.1", bits: 32 }] });

    const answer = await room.ask("GET", "/v2/", null, { headers: forwarded });
    await room.ask("GET", "/v2/", basic("root", "wrong"), { headers: forwarded });

    expect(answer.headers.get("www-authenticate")).toContain(
      'realm="https://hub.example/v2/token"',
    );
    const refused = room.registry.lines.filter(({ address }) => address === "192.0.2.77");
    expect(refused).not.toBeEmpty();
  });

  test("holds back the client that guesses, and no other one", async () => {
    await using room = await openClosed({ proxies: [{ address: "127.0.0.1", bits: 32 }] });
    const guess = (address: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, at) => {
          const headers = { "x-forwarded-for": address };
          return room.status("GET", "/v2/", basic("root", `guess ${at}`), { headers });
        }),
      );

    expect(await guess("192.0.2.1", 25)).toContain(429);
    expect(await guess("192.0.2.2", 3)).toEqual([401, 401, 401]);
  });

  test("that is not listed has no say", async () => {
    await using room = await openClosed({ proxies: [{ address: "10.0.0.0", bits: 8 }] });

    const answer = await room.ask("GET", "/v2/", null, { headers: forwarded });
    await room.ask("GET", "/v2/", basic("root", "wrong"), { headers: forwarded });

    const realm = `realm="${room.registry.url}/v2/token"`;
    expect(answer.headers.get("www-authenticate")).toContain(realm);
    expect(room.registry.lines.some(({ address }) => address === "192.0.2.77")).toBe(false);
  });
});
