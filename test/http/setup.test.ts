// The set-up link over HTTP: it makes one administrator, once, for those who have it.
import { describe, expect, test } from "bun:test";
import { Setup, setupMs } from "../../src/access/setup.ts";
import { pageOf } from "../pages/support/html.ts";
import { accountsOf, basic } from "./support/accessRoom.ts";
import { cookieOf } from "./support/browserLogin.ts";
import { openRegistry } from "./support/registry.ts";

const password = "correct horse battery";

/** A closed registry without accounts. */
async function openEmpty() {
  const secrets: string[] = [];
  const time = { now: 0 };
  const registry = await openRegistry({
    auth: "required",
    isLoopback: false,
    setup: (access, accounts) => {
      const { setup, secret } = Setup.begin({
        ...{ access, accounts, clock: () => 1, now: () => time.now },
        newId: () => Bun.randomUUIDv7(),
      });
      secrets.push(secret);
      return setup;
    },
  });
  const url = `${registry.url}/setup`;
  const [secret = ""] = secrets;
  return {
    registry,
    secret,
    time,
    open: () => fetch(url),
    finish: (body: object, headers: Readonly<Record<string, string>> = {}) =>
      fetch(url, { method: "POST", headers, body: JSON.stringify(body) }),
    login: async (name: string) =>
      (await fetch(`${registry.url}/v2/`, { headers: { authorization: basic(name, password) } }))
        .status,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

test("the link makes an administrator, who logs in at once, and is gone after that", async () => {
  await using room = await openEmpty();
  const { secret } = room;
  expect((await room.open()).status).toBe(200);

  const made = await room.finish({ secret, name: "ann", password });
  expect([made.status, await made.json()]).toEqual([201, { name: "ann" }]);
  // The browser is logged in at once.
  const cookie = cookieOf(made);
  expect((await fetch(`${room.registry.url}/v1/audit`, { headers: { cookie } })).status).toBe(200);

  expect(await room.login("ann")).toBe(200);
  const { users } = await accountsOf(room.registry).list();
  expect(users).toMatchObject([{ name: "ann", isAdmin: true }]);
  expect((await room.open()).status).toBe(404);
  expect((await room.finish({ secret, name: "eve", password })).status).toBe(404);
  expect(await room.login("eve")).toBe(401);
});

test("who uses it first is written down, in the trail and in the log, without the secrets", async () => {
  await using room = await openEmpty();
  const { secret, registry } = room;
  await room.finish({ secret, name: "ann", password });

  const { entries } = await registry.store.rooms.metadata.audit.listEntries({
    ...{ after: null, limit: 10, since: null, who: null, resource: "user:ann" },
  });
  expect(entries).toMatchObject([{ event: "user.add", who: "setup", address: "127.0.0.1" }]);
  const said = JSON.stringify([entries, registry.lines]);
  expect(said).toContain("administrator ann created by the set-up link");
  expect(said).not.toContain(secret);
  expect(said).not.toContain(password);
});

test("of two who have it at a time one makes an administrator", async () => {
  await using room = await openEmpty();
  const { secret } = room;
  const answers = await Promise.all(
    ["ann", "eve"].map((name) => room.finish({ secret, name, password })),
  );

  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 404]);
  expect((await accountsOf(room.registry).list()).users).toHaveLength(1);
});

describe("the link", () => {
  test("lets nobody in with another secret, and stays good", async () => {
    await using room = await openEmpty();
    const { secret } = room;
    const other = `${secret.slice(0, -1)}${secret.endsWith("A") ? "B" : "A"}`;
    for (const wrong of ["", other, `${secret} `, secret.slice(0, -1), "x".repeat(10_000)]) {
      const answer = await room.finish({ secret: wrong, name: "eve", password });
      expect(answer.status).toBe(403);
    }
    expect((await room.finish({ name: "eve", password })).status).toBe(400);
    expect((await room.finish({ secret, name: "ann", password })).status).toBe(201);
  });

  test("ends after half an hour", async () => {
    await using room = await openEmpty();
    const { secret, time } = room;
    time.now = setupMs - 1;
    expect((await room.open()).status).toBe(200);
    time.now = setupMs;
    expect((await room.open()).status).toBe(404);
    expect((await room.finish({ secret, name: "ann", password })).status).toBe(404);
  });

  test.each(["a user", "a token"])("ends with %s that a command makes", async (what) => {
    await using room = await openEmpty();
    const accounts = accountsOf(room.registry);
    if (what === "a user") await accounts.addUser("ann", { password, isAdmin: false });
    else await accounts.createToken("ci", { grants: [], lastsMs: null });

    expect((await room.open()).status).toBe(404);
    expect((await room.finish({ secret: room.secret, name: "eve", password })).status).toBe(404);
  });

  test("is another one each time", () => {
    const deps = {
      access: { state: async () => "empty" as const },
      accounts: { addFirstUser: async () => true },
      ...{ clock: () => 0, now: () => 0, newId: () => "" },
    };
    const secrets = Array.from({ length: 100 }, () => Setup.begin(deps).secret);
    expect(new Set(secrets).size).toBe(100);
    expect(secrets.every((secret) => /^[\w-]{43}$/.test(secret))).toBeTrue();
  });

  test("is of no use to a page of another site", async () => {
    await using room = await openEmpty();
    const body = { secret: room.secret, name: "eve", password };
    const answer = await room.finish(body, { origin: "https://evil.example" });
    expect(answer.status).toBe(403);
    expect((await accountsOf(room.registry).list()).users).toEqual([]);
  });
});

test.each([
  ["typed secret!", password],
  ["", password],
  ["anonymous", password],
  ["x".repeat(129), password],
  ["ann", "short"],
  ["ann", "y".repeat(1_025)],
])(
  "the name %p with such a password is refused without being repeated, and the link stays good",
  async (name, typed) => {
    await using room = await openEmpty();
    const { secret, registry } = room;
    const answer = await room.finish({ secret, name, password: typed });
    const said = await answer.text();

    expect(answer.status).toBe(400);
    const logged = registry.lines.map(({ msg }) => String(msg)).join("\n");
    expect(`${said}${logged}`).not.toMatch(/typed secret|x{129}|short|y{100}/);
    expect((await room.finish({ secret, name: "ann", password })).status).toBe(201);
  },
);

test("a server that gave nobody a link knows no such address", async () => {
  await using registry = await openRegistry({ auth: "required", isLoopback: false });
  for (const method of ["GET", "HEAD", "POST"]) {
    const known = await fetch(`${registry.url}/setup`, { method });
    const unknown = await fetch(`${registry.url}/nothing`, { method });
    expect(known.status).toBe(unknown.status);
  }
});

test("the page loads this server's own files only, and holds nothing of the secret", async () => {
  await using room = await openEmpty();
  const page = await pageOf(await room.open());

  const loaded = [
    ...page.find("script").map(({ attributes }) => attributes["src"]),
    ...page.find("link[rel=stylesheet]").map(({ attributes }) => attributes["href"]),
  ];
  expect(loaded).toHaveLength(3);
  for (const url of loaded) expect(url).toMatch(/^\/assets\/[a-z]+-[0-9a-f]{12}\.(?:js|css)$/);
  expect(page.html).not.toContain(room.secret);
  expect(page.texts("noscript").join()).toContain("breadbox user add NAME --admin");
  expect(page.headers.get("content-security-policy")).toStartWith("default-src 'none';");
  expect(page.headers.get("cache-control")).toBe("no-store");
});
