// The keys of an issuer: how they are read, how often, and what an issuer that is down, slow or confused can do.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { claimedIssuer, IdTokens, isFor } from "../../src/access/idTokens.ts";
import { freshMs, Issuer, restMs, usableMs } from "../../src/access/issuer.ts";
import { discoveryOf, isIssuer, maySendTo } from "../../src/access/issuerUrl.ts";
import { issue } from "../support/certificates.ts";
import { githubJob, startIssuer, type TestIssuer } from "../support/issuer.ts";

let issuer: TestIssuer;
let now = 1_000_000;
let failures: string[] = [];
beforeEach(async () => {
  now = 1_000_000;
  failures = [];
  issuer = await startIssuer();
});
afterEach(() => issuer[Symbol.asyncDispose]());

const open = (ca: string | null = null): Issuer =>
  new Issuer({
    ...{ url: issuer.url, ca, now: () => now },
    onFailure: (reason) => failures.push(reason),
  });
const verify = async (keys: Issuer, token?: string) => {
  const claims = await new IdTokens(Date.now).verify(
    token ?? (await issuer.sign(githubJob, { audience: "x" })),
    keys,
    issuer.url,
  );
  return claims !== null;
};
/** How often the keys were read. */
const reads = (): number => issuer.asked.filter((path) => path.endsWith("/keys")).length;

describe("keys", () => {
  test("are read once for many tokens at a time, and kept", async () => {
    const keys = open();
    const verified = await Promise.all(Array.from({ length: 50 }, () => verify(keys)));

    expect(new Set(verified)).toEqual(new Set([true]));
    expect(reads()).toBe(1);
  });

  test("are read again for a token with a new one", async () => {
    const keys = open();
    expect(await verify(keys)).toBe(true);
    await issuer.rotate("2");
    now += restMs;

    expect(await verify(keys)).toBe(true);
    expect(reads()).toBe(2);
  });

  test("are asked for once in ten seconds, however many tokens name unknown ones", async () => {
    const keys = open();
    await verify(keys);
    for (let second = 0; second < 30; second += 1) {
      now += 1_000;
      const kid = crypto.randomUUID();
      const storm = Array.from({ length: 20 }, async () =>
        verify(keys, await issuer.sign(githubJob, { audience: "x", kid })),
      );
      expect(await Promise.all(storm)).not.toContain(true);
    }
    expect(reads()).toBe(4);
    expect(await verify(keys)).toBe(true);
  });

  test("that are older than ten minutes are read again, without a wait", async () => {
    const keys = open();
    await verify(keys);
    now += freshMs;
    const held = Promise.withResolvers<Response>();
    issuer.answers(() => held.promise);

    expect(await verify(keys)).toBe(true);
    held.resolve(new Response(null, { status: 500 }));
  });

  test("are used for an hour while the issuer is down, and no longer", async () => {
    const keys = open();
    await verify(keys);
    issuer.answers(() => new Response(null, { status: 503 }));

    now += usableMs - 1;
    expect(await verify(keys)).toBe(true);
    now += restMs;
    expect(await verify(keys)).toBe(false);
    issuer.answers(null);
    now += restMs;
    expect(await verify(keys)).toBe(true);
  });
});

describe("an issuer", () => {
  test("that is down lets nobody in, and is asked again after ten seconds", async () => {
    const keys = open();
    issuer.answers(() => new Response(null, { status: 500 }));

    expect(await verify(keys)).toBe(false);
    expect(await verify(keys)).toBe(false);
    expect(failures).toEqual([`${discoveryOf(issuer.url)} answered 500`]);
    issuer.answers(null);
    now += restMs;
    expect(await verify(keys)).toBe(true);
  });

  test("that never answers is given up", async () => {
    issuer.answers(() => new Promise<Response>(() => {}));

    expect(await verify(open())).toBe(false);
    expect(failures[0]).toContain("timed out");
  }, 20_000);

  test.each([
    ["another name", { issuer: "https://evil.example" }, "names another issuer"],
    ["a name with a slash more", { issuer: "http://localhost/" }, "names another issuer"],
    ["no address", { jwks_uri: undefined }, "no address of keys that is safe"],
    ["an address without TLS", { jwks_uri: "http://keys.example/" }, "no address of keys"],
    ["a file", { jwks_uri: "file:///etc/passwd" }, "no address of keys"],
  ])("whose document has %s lets nobody in", async (_, changed, reason) => {
    const right = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    issuer.answers((path) =>
      path.endsWith("/openid-configuration") ? Response.json({ ...right, ...changed }) : null,
    );

    expect(await verify(open())).toBe(false);
    expect(failures[0]).toContain(reason);
  });

  test.each([
    ["is no JSON", () => new Response("<html>")],
    ["is null", () => Response.json(null)],
    ["has no keys", () => Response.json({})],
    ["has keys that are none", () => Response.json({ keys: [null, 1, {}] })],
    ["leads elsewhere", () => Response.redirect("http://localhost:1/", 302)],
    ["does not end", () => new Response("x".repeat(600 * 1024))],
  ])("whose list of keys %s lets nobody in", async (_, answer) => {
    issuer.answers((path) => (path.endsWith("/keys") ? answer() : null));

    expect(await verify(open())).toBe(false);
  });

  test("with a CA of its own is asked when the rule names that CA", async () => {
    const { authority, pair } = await issue();
    await using own = await startIssuer({ tls: { cert: pair.certificate, key: pair.key } });
    const keys = (ca: string | null) =>
      new Issuer({ url: own.url, ca, now: () => now, onFailure: (it) => failures.push(it) });
    const token = await own.sign(githubJob, { audience: "x" });
    const tokens = new IdTokens(Date.now);

    expect(await tokens.verify(token, keys(null), own.url)).toBeNull();
    expect(failures).toHaveLength(1);
    expect(await tokens.verify(token, keys(authority.certificate), own.url)).not.toBeNull();
  });
});

test("no change of a right token is taken: 10,000 of them", async () => {
  const keys = open();
  const tokens = new IdTokens(Date.now);
  const right = await issuer.sign(githubJob, { audience: "x" });
  const [head = "", payload = "", signature = ""] = right.split(".");
  expect(await tokens.verify(right, keys, issuer.url)).not.toBeNull();
  const position = fc.nat(right.length - 1);
  const character = fc.constantFrom(..."ABCxyz019-_.=+/ ");
  const changed = fc.oneof(
    fc
      .tuple(position, character)
      .map(([at, one]) => right.slice(0, at) + one + right.slice(at + 1)),
    fc.tuple(position, character).map(([at, one]) => right.slice(0, at) + one + right.slice(at)),
    position.map((at) => right.slice(0, at) + right.slice(at + 1)),
    position.map((at) => right.slice(0, at)),
    fc
      .dictionary(fc.constantFrom("alg", "kid", "typ", "jku", "crit"), fc.string())
      .map((header) => {
        const text = Buffer.from(JSON.stringify(header)).toString("base64url");
        return `${text}.${payload}.${signature}`;
      }),
    fc.dictionary(fc.constantFrom("repository_id", "aud", "exp"), fc.string()).map((claims) => {
      const text = Buffer.from(JSON.stringify({ ...githubJob, iss: issuer.url, ...claims }));
      return `${head}.${text.toString("base64url")}.${signature}`;
    }),
  );
  await fc.assert(
    fc.asyncProperty(changed, async (token) => {
      fc.pre(!isSameToken(token, right));
      expect(await tokens.verify(token, keys, issuer.url)).toBeNull();
    }),
    { numRuns: 10_000 },
  );
}, 60_000);

/** The last character of a signature has bits that mean nothing: another spelling of the same bytes. */
function isSameToken(token: string, right: string): boolean {
  const bytes = (text: string) =>
    text.split(".").map((part) => Buffer.from(part, "base64url").toString("hex"));
  const [one, other] = [bytes(token), bytes(right)];
  const [head, payload] = token.split(".");
  const [rightHead, rightPayload] = right.split(".");
  return head === rightHead && payload === rightPayload && one.join() === other.join();
}

describe("an address", () => {
  test.each([
    "https://token.actions.githubusercontent.com",
    "https://forge.example/api/actions",
    "http://localhost:3000",
    "http://127.0.0.1:8080/x",
    "http://[::1]:8080",
  ])("%s may be an issuer", (url) => {
    expect(isIssuer(url)).toBe(true);
  });

  test.each([
    ...["http://forge.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example"],
    ...["ftp://x.example", "https://user:secret@x.example", "https://x.example/?a", "https://x/#a"],
    ...["https://", "", "javascript:alert(1)", "//x.example"],
  ])("%p may not", (url) => {
    expect(isIssuer(url)).toBe(false);
  });

  test("on this machine is no place for the keys of an issuer elsewhere", () => {
    expect(maySendTo("https://x.example", "http://localhost:1/keys")).toBe(false);
    expect(maySendTo("https://x.example", "https://y.example/keys")).toBe(true);
    expect(maySendTo("http://localhost:1", "http://127.0.0.1:2/keys")).toBe(true);
  });
});

test("only what has the shape of a JWT claims an issuer", async () => {
  const token = await issuer.sign(githubJob, { audience: "x" });
  expect(claimedIssuer(token)).toBe(issuer.url);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(claimedIssuer(text)).toBeNull();
      expect(claimedIssuer(`ey.ey${text}.x`)).toBeNull();
    }),
  );
});

test("an audience is one text of those that are listed", () => {
  const own = ["https://a.example", "https://a.example/"];
  expect(isFor({ aud: "https://a.example/" }, own)).toBe(true);
  expect(isFor({ aud: ["https://b.example", "https://a.example"] }, own)).toBe(true);
  for (const aud of [
    "https://a.example.evil",
    "",
    undefined,
    null,
    {},
    [],
    [["https://a.example"]],
  ]) {
    expect(isFor({ aud }, own)).toBe(false);
  }
  expect(isFor({ aud: "https://a.example" }, [])).toBe(false);
});
