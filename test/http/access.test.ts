// A server that has accounts: logins, tokens, what they give, and what their absence hides.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";
import { openRegistry } from "./support/registry.ts";

let room: Closed;
beforeEach(async () => {
  room = await openClosed();
});
afterEach(() => room[Symbol.asyncDispose]());

const root = basic("root");
const manifest = "/v2/lab/app/manifests/1";

const seed = (name: string, tag: string) => room.seed(name, tag);
const allow = (who: string, pattern: string, actions: string) =>
  room.accounts.addRule({ who, effect: "allow", pattern, actions });
const status = (...asked: Parameters<Closed["ask"]>) => room.status(...asked);

describe("a server without accounts", () => {
  test("on loopback is open until the first one, and closed from the next request on", async () => {
    await using registry = await openRegistry({ auth: "auto" });
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    expect((await fetch(`${registry.url}/v2/token`)).status).toBe(404);

    await registry.store.rooms.metadata.accounts.addUser({
      ...{ name: "ann", passwordHash: "x", isAdmin: true, stamp: "1" },
      createdAt: 1,
    });

    expect((await fetch(`${registry.url}/v2/`)).status).toBe(401);
    expect((await fetch(`${registry.url}/v2/_catalog`)).status).toBe(401);
  });

  test("stays closed when its last user is removed", async () => {
    await room.accounts.removeUser("root");
    expect(await status("GET", "/v2/", null)).toBe(401);
  });

  test.each([
    ["auto", false],
    ["required", true],
  ] as const)("in mode %s with loopback %p answers 401 to everybody", async (mode, isLoopback) => {
    await using registry = await openRegistry({ auth: mode, isLoopback });

    expect((await fetch(`${registry.url}/v2/`)).status).toBe(401);
    expect((await fetch(`${registry.url}/v2/token`)).status).toBe(401);
    expect((await fetch(`${registry.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${registry.url}/healthz`)).status).toBe(200);
  });
});

describe("the challenge", () => {
  test("names the token endpoint at the host that was asked, with what is needed", async () => {
    const { port } = room.registry.http;
    const answer = await room.ask("GET", manifest, null, {
      headers: { host: `localhost:${port}` },
    });

    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer realm="http://localhost:${port}/v2/token",service="breadbox",scope="repository:lab/app:pull"`,
    );
  });

  test("outside of /v2 it is Basic, which browsers know", async () => {
    const answer = await room.ask("GET", "/v1/buckets", null);
    expect(answer.headers.get("www-authenticate")).toStartWith("Basic ");
  });

  test("to a mount names its source as well, if that is a name", async () => {
    const scopeFor = async (from: string) => {
      const path = `/v2/lab/app/blobs/uploads/?mount=sha256:${"0".repeat(64)}&from=${from}`;
      const { headers } = await room.ask("POST", path, null);
      return /scope="(.*)"$/.exec(headers.get("www-authenticate") ?? "")?.[1];
    };
    expect(await scopeFor("other/app")).toBe(
      "repository:lab/app:pull,push repository:other/app:pull",
    );
    expect(await scopeFor("%22,error=%22")).toBe("repository:lab/app:pull,push");
  });

  test("follows http.url where the operator named one", async () => {
    await using named = await openClosed({
      hosts: { loopbackOnly: false, url: "https://registry.example.com" },
    });
    const answer = await named.ask("GET", "/v2/", null);
    expect(answer.headers.get("www-authenticate")).toContain(
      'realm="https://registry.example.com/v2/token"',
    );
  });
});

describe("the token endpoint", () => {
  test("gives what the caller may do of what was asked, under both names", async () => {
    await room.accounts.addUser("bob", { password, isAdmin: false });
    await allow("bob", "lab/**", "pull");

    const query = "scope=repository:lab/app:pull,push&scope=repository:other/app:pull";
    const answer = await room.ask("GET", `/v2/token?service=x&${query}`, basic("bob"));

    const body = Object(await answer.json());
    expect(body).toMatchObject({ expires_in: 300, access_token: body["token"] });
    const claims = JSON.parse(Buffer.from(body["token"].split(".")[1], "base64url").toString());
    expect(claims["access"]).toEqual(["repository:lab/app:pull"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(body["refresh_token"]).toBeUndefined();
  });

  test("takes a form with a password, and later one with the refresh token", async () => {
    const post = (form: Readonly<Record<string, string>>) =>
      room.ask("POST", "/v2/token", null, { body: new URLSearchParams(form) });
    const first = await post({
      ...{ grant_type: "password", username: "root", password, access_type: "offline" },
      ...{ service: "x", client_id: "test", scope: "repository:lab/app:pull,push" },
    });
    const { refresh_token } = Object(await first.json());

    const again = await post({ grant_type: "refresh_token", refresh_token, service: "x" });
    expect(again.status).toBe(200);
    const { token } = Object(await again.json());
    expect(await status("GET", "/v2/", `Bearer ${token}`)).toBe(200);
    // A refresh token is for the endpoint alone, and one for requests is none.
    expect(await status("GET", "/v2/", `Bearer ${refresh_token}`)).toBe(401);
    const long = await post({ grant_type: "password", username: "x".repeat(70_000) });
    expect([long.status, await long.text()]).toEqual([
      413,
      expect.stringContaining("the form is larger than the 65536 bytes"),
    ]);
    expect((await post({ grant_type: "refresh_token", refresh_token: token })).status).toBe(401);

    await room.accounts.changePassword("root", "another password");
    expect((await post({ grant_type: "refresh_token", refresh_token })).status).toBe(401);
  });

  test("refuses wrong credentials, unless anybody may pull what is asked for", async () => {
    await allow("anonymous", "public/**", "pull");
    const foreign = basic("hubuser", "hubpassword");

    expect(await status("GET", "/v2/token?account=hubuser", foreign)).toBe(401);
    expect(await status("GET", "/v2/token?scope=repository:lab/app:pull", foreign)).toBe(401);
    expect(await status("GET", "/v2/token?scope=repository:public/a:pull,push", foreign)).toBe(401);
    expect(await status("GET", "/v2/token?scope=repository:public/a:pull", foreign)).toBe(200);
  });

  test("a token lives five minutes, and gives nothing longer by being exchanged", async () => {
    const token = await room.bearer(root, "repository:lab/app:pull");
    expect(await status("GET", "/v2/token", token)).toBe(401);
    room.registry.store.clock.advance(299_000);
    expect(await status("GET", manifest, token)).toBe(404);
    room.registry.store.clock.advance(7_000);
    expect(await status("GET", manifest, token)).toBe(401);
  });

  test.each([
    ["a changed password", () => room.accounts.changePassword("bob", "another password")],
    ["a disabled user", () => room.accounts.disableUser("bob", true)],
    ["a removed user", () => room.accounts.removeUser("bob")],
    [
      "a user who was added again",
      async () => {
        await room.accounts.removeUser("bob");
        await room.accounts.addUser("bob", { password, isAdmin: true });
      },
    ],
    ["a rule that is gone", () => room.accounts.removeRule(1)],
  ])("a token that was issued before ends with %s", async (_, change) => {
    await room.accounts.addUser("bob", { password, isAdmin: false });
    await allow("bob", "lab/**", "pull");
    const token = await room.bearer(basic("bob"), "repository:lab/app:pull");
    expect(await status("GET", manifest, token)).toBe(404);

    await change();

    expect(await status("GET", manifest, token)).toBe(401);
  });
});

describe("wrong credentials", () => {
  test("are ignored where anybody may pull, and refused everywhere else", async () => {
    await seed("public/app", "1");
    await allow("anonymous", "public/**", "pull");
    for (const who of [basic("hub", "x"), "Bearer nonsense", "Negotiate abc", null]) {
      expect(await status("GET", "/v2/public/app/manifests/1", who)).toBe(200);
      expect(await status("GET", "/v2/", who)).toBe(401);
      expect(await status("POST", "/v2/public/app/blobs/uploads/", who)).toBe(401);
    }
  });

  test("too many of an address have to wait, an address that is known for the account does not", async () => {
    expect(await status("GET", "/v2/", root)).toBe(200);
    for (let tried = 0; tried < 20; tried += 1) await status("GET", "/v2/", basic("x", "y"));

    const answer = await room.ask("GET", "/v2/", basic("x", "y"));
    expect([answer.status, answer.headers.has("retry-after")]).toEqual([429, true]);
    expect(await status("GET", "/v2/", root)).toBe(200);
    room.registry.store.clock.advance(600_000);
    expect(await status("GET", "/v2/", root)).toBe(200);
  });

  test("never appear in the log", async () => {
    await status("GET", "/v2/", basic("root", "canary-secret"));
    const token = await room.token("ci", "lab/**:pull");
    await status("GET", manifest, token);
    const bearer = await room.bearer(root);
    await status("GET", manifest, bearer);
    const log = JSON.stringify(room.registry.lines);
    const text = Buffer.from(token.slice("Basic ".length), "base64").toString().split(":")[1] ?? "";
    for (const secret of ["canary-secret", password, text, bearer.slice(7), root.slice(6)]) {
      expect(log).not.toContain(secret);
    }
  });
});
