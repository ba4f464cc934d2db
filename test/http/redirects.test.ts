// Which pulls are sent to the store itself.
import { describe, expect, test } from "bun:test";
import { mayRedirect, maySend } from "../../src/http/redirects.ts";

const size = 1_000_000;
const everybody = { mayReach: null };
const url = "https://s3.example.org/bucket/key?X-Amz-Signature=0";

describe("a pull may be redirected", () => {
  test.each<[string, Record<string, string>]>([
    ["of the whole", {}],
    ["of one range", { range: "bytes=5-9" }],
    ["with a range that means nothing", { range: "lines=5-9" }],
  ])("%s", (_, headers) => {
    const pull = { headers: new Headers(headers), address: "192.0.2.1", size };
    expect(mayRedirect(pull, everybody)).toBeTrue();
  });

  test("by clients of the networks that reach the store", () => {
    const rule = { mayReach: (address: string) => address === "192.0.2.1" };
    const pull = { headers: new Headers(), size };
    const from = (address: string | null) => mayRedirect({ ...pull, address }, rule);

    expect(["192.0.2.1", "192.0.2.2", null].map(from)).toEqual([true, false, false]);
  });
});

describe("a pull is answered by the server", () => {
  test.each<[string, Record<string, string>, number]>([
    ["of several ranges", { range: "bytes=5-9,20-29" }, size],
    ["of a range beyond the end", { range: `bytes=${size}-` }, size],
    ["of a range of one version", { range: "bytes=5-9", "if-range": '"sha256:0"' }, size],
    ["of little", {}, 65_536],
  ])("%s", (_, headers, of) => {
    const pull = { headers: new Headers(headers), address: "192.0.2.1", size: of };
    expect(mayRedirect(pull, everybody)).toBeFalse();
  });

  test("that came by HTTPS, where the store has HTTP", () => {
    const pull = { headers: new Headers(), origin: "https://registry.example.com" };
    expect(maySend(pull, url.replace("https:", "http:"))).toBeFalse();
    expect(maySend(pull, url)).toBeTrue();
  });
});

describe("a client with a login is redirected", () => {
  const docker = "docker/28.0.0 go/go1.24";
  test.each([
    ["to another host", "https://registry.example.com", docker, true],
    ["not to the same host at another port", "https://s3.example.org:5000", docker, false],
    ["not to a host below the registry's", "https://example.org", docker, false],
    ["to a host that only ends alike", "https://3.example.org", docker, true],
    ["not when it is Wget", "https://registry.example.com", "Wget/1.21.3", false],
    ["not when it is urllib", "https://registry.example.com", "Python-urllib/3.11", false],
  ])("%s", (_, origin, agent, isSent) => {
    const headers = new Headers({ authorization: "Bearer token", "user-agent": agent });
    expect(maySend({ headers, origin }, url)).toBe(isSent);
  });

  test("anywhere, when it sends no login", () => {
    const headers = new Headers({ "user-agent": "Wget/1.21.3" });
    expect(maySend({ headers, origin: "https://example.org" }, url)).toBeTrue();
  });
});
