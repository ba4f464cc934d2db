// Users, tokens, rules and trusted issuers over HTTP: what the commands do, for administrators alone.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { operations } from "../../src/http/operations.ts";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";
import { fill } from "./support/addresses.ts";
import { openRegistry } from "./support/registry.ts";

let room: Closed;
beforeEach(async () => {
  room = await openClosed();
});
afterEach(() => room[Symbol.asyncDispose]());

const root = basic("root");
const grants = [{ pattern: "lab/**", actions: ["pull", "push"] }];

/** @returns status and body. */
async function ask(method: string, path: string, body?: object, who: string = root) {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await room.ask(method, path, who, init);
  const text = await answer.text();
  return [answer.status, text === "" ? null : JSON.parse(text)] as const;
}
const message = async (...asked: Parameters<typeof ask>): Promise<string> =>
  String((await ask(...asked))[1]?.errors[0].message);
const may = (who: string) => room.status("GET", "/v2/lab/app/tags/list", who);

describe("users", () => {
  test("are added, listed and removed", async () => {
    const [status, made] = await ask("POST", "/v1/users", { name: "ann", password });
    expect([status, made]).toMatchObject([201, { name: "ann", administrator: false }]);
    expect(await may(basic("ann"))).toBe(403);

    const [, listed] = await ask("GET", "/v1/users");
    expect(listed.users).toMatchObject([
      { name: "ann", administrator: false, disabled_at: null },
      { name: "root", administrator: true },
    ]);
    expect(JSON.stringify(listed)).not.toContain("argon2");
    expect(await ask("DELETE", "/v1/users/ann")).toEqual([204, null]);
    expect(await may(basic("ann"))).toBe(401);
    expect((await ask("DELETE", "/v1/users/ann"))[0]).toBe(404);
  });

  test("get another password, are disabled and enabled, and become administrators", async () => {
    await ask("POST", "/v1/users", { name: "ann", password });
    const change = async (body: object) => (await ask("PATCH", "/v1/users/ann", body))[0];

    expect(await change({ password: "another password" })).toBe(204);
    expect(await may(basic("ann"))).toBe(401);
    const ann = basic("ann", "another password");
    expect(await change({ disabled: true })).toBe(204);
    expect(await may(ann)).toBe(401);
    expect(await change({ disabled: false })).toBe(204);
    expect(await may(ann)).toBe(403);
    expect(await change({ administrator: true })).toBe(204);
    expect((await ask("GET", "/v1/users", undefined, ann))[0]).toBe(200);
    expect(await change({ administrator: false })).toBe(204);
    expect((await ask("GET", "/v1/users", undefined, ann))[0]).toBe(403);
  });

  test("change in one thing at a time, and only if they exist", async () => {
    expect((await ask("PATCH", "/v1/users/root", {}))[0]).toBe(400);
    const two = { disabled: true, administrator: false };
    expect((await ask("PATCH", "/v1/users/root", two))[0]).toBe(400);
    expect((await ask("PATCH", "/v1/users/eve", { disabled: true }))[0]).toBe(404);
    expect((await ask("GET", "/v1/users"))[0]).toBe(200);
  });

  test.each([
    [{ name: "a b", password }, 400, "is no name"],
    [{ name: "ann", password: "short" }, 400, "less than 8 characters"],
    [{ name: "ann" }, 400, "password must be a string"],
    [{ name: "ann", password, admin: true }, 400, "there is no"],
    [{ name: "root", password }, 409, "exists already"],
  ])("%p is refused", async (body, status, text) => {
    const [answered, { errors }] = await ask("POST", "/v1/users", body);
    expect(answered).toBe(status);
    expect(errors[0].message).toContain(text);
    expect(JSON.stringify(errors)).not.toContain(password);
  });
});

describe("tokens", () => {
  test("are shown once, have their grants, and end when they are revoked", async () => {
    const [status, made] = await ask("POST", "/v1/tokens", { name: "ci", grants, expires_in: 60 });
    expect(status).toBe(201);
    const who = basic("token", made.token);
    expect(await may(who)).toBe(404);

    const [, listed] = await ask("GET", "/v1/tokens");
    expect(listed.tokens).toMatchObject([{ name: "ci", expires_at: made.expires_at }]);
    expect(JSON.stringify(listed)).not.toContain(made.token);
    expect(await ask("DELETE", "/v1/tokens/ci")).toEqual([204, null]);
    expect(await may(who)).toBe(401);
    expect((await ask("DELETE", "/v1/tokens/ci"))[0]).toBe(404);
    expect((await ask("POST", "/v1/tokens", { name: "ci", grants }))[0]).toBe(409);
  });

  test("expire", async () => {
    const [, made] = await ask("POST", "/v1/tokens", { name: "ci", grants, expires_in: 60 });
    room.registry.store.clock.advance(60_000);
    expect(await may(basic("token", made.token))).toBe(401);
  });
});

describe("rules", () => {
  test("hold from the next request on, and are explained", async () => {
    await ask("POST", "/v1/users", { name: "ann", password });
    const [status, { id }] = await ask("POST", "/v1/rules", {
      ...{ who: "ann", effect: "allow", ...grants[0] },
    });
    expect(status).toBe(201);
    expect(await may(basic("ann"))).toBe(404);
    expect((await ask("GET", "/v1/rules"))[1].rules).toMatchObject([
      { id, who: "user:ann", effect: "allow", pattern: "lab/**", actions: ["pull", "push"] },
    ]);
    const question = "/v1/access?who=ann&resource=lab/app&action=";
    expect(await ask("GET", `${question}push`)).toEqual([
      200,
      { allowed: true, rule: id, why: `rule ${id}: allow user:ann lab/** pull,push` },
    ]);
    expect((await ask("GET", `${question}delete`))[1]).toMatchObject({ allowed: false });
    expect((await ask("GET", question))[0]).toBe(400);
    expect((await ask("GET", "/v1/access?who=ann"))[0]).toBe(400);

    expect(await ask("DELETE", `/v1/rules/${id}`)).toEqual([204, null]);
    expect(await may(basic("ann"))).toBe(403);
    for (const other of [id, "0", "x", "1e3"]) {
      expect((await ask("DELETE", `/v1/rules/${other}`))[0]).toBe(404);
    }
  });

  test.each([
    { who: "ann", effect: "maybe", pattern: "lab/**", actions: ["pull"] },
    { who: "ann", effect: "allow", pattern: "/lab", actions: ["pull"] },
    { who: "ann", effect: "allow", pattern: "lab/**", actions: ["fly"] },
    { who: "a b", effect: "allow", pattern: "lab/**", actions: ["pull"] },
    { who: "ann", effect: "allow", pattern: "lab/**", actions: "pull" },
  ])("%p is refused with a reason", async (body) => {
    expect((await ask("POST", "/v1/rules", body))[0]).toBe(400);
    expect(await message("POST", "/v1/rules", body)).not.toContain("undefined");
    expect((await ask("GET", "/v1/rules"))[1].rules).toEqual([]);
  });
});

describe("trusted issuers", () => {
  test("are added with their grants, listed, and removed by their whole name", async () => {
    const rule = {
      kind: "github",
      place: "acme/app",
      id: "123",
      grants,
      refs: ["refs/heads/main"],
    };
    expect(await ask("POST", "/v1/trust", rule)).toEqual([201, { name: "acme/app" }]);
    expect((await ask("POST", "/v1/trust", rule))[0]).toBe(409);

    expect((await ask("GET", "/v1/trust"))[1].trust).toMatchObject([
      {
        ...{ name: "acme/app", kind: "github", bound: { claim: "repository_id", value: "123" } },
        claims: [
          { name: "repository", values: ["acme/app"] },
          { name: "ref", values: ["refs/heads/main"] },
        ],
        grants: ["lab/**:pull,push"],
      },
    ]);
    expect((await ask("DELETE", "/v1/trust/acme"))[0]).toBe(404);
    expect(await ask("DELETE", "/v1/trust/acme/app")).toEqual([204, null]);
    expect((await ask("GET", "/v1/trust"))[1].trust).toEqual([]);
    expect((await ask("GET", "/v1/rules"))[1].rules).toEqual([]);
  });

  test.each([
    [{ kind: "jenkins", place: "acme/app", grants }, "kind must be one of github"],
    [{ kind: "github", place: "acme", grants }, "OWNER/NAME"],
    [{ kind: "github", place: "acme/app", grants: [] }, "at least one grant"],
    [{ kind: "oidc", place: "http://id.example", grants, claims: ["sub=x"] }, "is no issuer"],
  ])("%p is refused", async (body, text) => {
    expect(await message("POST", "/v1/trust", body)).toContain(text);
  });
});

test("lists come in pages", async () => {
  for (const name of ["ann", "bob", "eve"]) await ask("POST", "/v1/users", { name, password });
  const first = await room.ask("GET", "/v1/users?limit=2", root);
  expect(first.headers.get("link")).toBe('</v1/users?limit=2&after=bob>; rel="next"');
  expect(await first.json()).toMatchObject({
    users: [{ name: "ann" }, { name: "bob" }],
    next: "bob",
  });
  const [, rest] = await ask("GET", "/v1/users?limit=2&after=bob");
  expect(rest).toMatchObject({ users: [{ name: "eve" }, { name: "root" }], next: null });
});

test("each change is written down, with who made it", async () => {
  await ask("POST", "/v1/users", { name: "ann", password });
  await ask("PATCH", "/v1/users/ann", { administrator: true });
  await ask("PATCH", "/v1/users/ann", { administrator: false });
  const page = { after: null, limit: 10, since: null, who: null, resource: "user:ann" };
  const { entries } = await room.registry.store.rooms.metadata.audit.listEntries(page);
  expect(entries.map(({ event, who }) => [event, who])).toEqual([
    ["user.demote", "user:root"],
    ["user.promote", "user:root"],
    ["user.add", "user:root"],
  ]);
});

const managing = operations.filter(({ needs }) => needs === "administrator");
const body = (method: string) => (method === "GET" || method === "HEAD" ? undefined : "{}");

describe("nobody but an administrator", () => {
  test("gets an answer to any of them", async () => {
    const everything = ["**", "bucket:*", "server:**"].map((each) => `${each}:pull,push,admin`);
    await room.accounts.addUser("ann", { password, isAdmin: false });
    await room.accounts.addRule({
      ...{ who: "ann", effect: "allow", pattern: "server:**", actions: "pull,push,admin" },
    });
    const strong = await room.token("strong", ...everything);
    // One of the administrator's own, which a client of the registry may have passed on.
    const bearer = await room.bearer(root, "repository:lab/app:pull");

    expect(managing.length).toBeGreaterThan(15);
    for (const { id, method, path } of managing) {
      const send = (who: string | null) =>
        room.status(method, fill(path), who, { body: body(method) ?? null });
      const answered = [await send(null), await send(basic("ann")), await send(strong)];
      expect([id, ...answered, await send(bearer)]).toEqual([id, 401, 403, 403, 401]);
    }
  });

  test("is one on a server that asks nobody to log in", async () => {
    await using open = await openRegistry();
    for (const { method, path } of managing) {
      const answer = await fetch(open.url + fill(path), { method, body: body(method) ?? null });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
    const { users } = await open.store.rooms.metadata.accounts.listAccounts();
    expect(users).toEqual([]);
  });
});
