// The pages about access, as an administrator uses them without scripts: what they show, what their forms do, and who gets them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Closed, openClosed, password } from "../http/support/accessRoom.ts";
import { cookieOf, form, logIn, ownPage } from "../http/support/browserLogin.ts";
import { openHtml, type Page, pageOf } from "./support/html.ts";

let room: Closed;
let cookie: string;
beforeAll(async () => {
  room = await openClosed();
  cookie = cookieOf(await logIn(room.registry.url, "root"));
  await room.accounts.addUser("bob", { password, isAdmin: false });
});
afterAll(() => room[Symbol.asyncDispose]());

const open = (path: string, who = cookie): Promise<Page> =>
  openHtml(`${room.registry.url}${path}`, { headers: { cookie: who } });
/** Sends a form of a page. A field may be there several times. */
const send = (path: string, fields: Readonly<Record<string, string>>, who = cookie) =>
  fetch(`${room.registry.url}${path}`, {
    ...form(fields),
    headers: { ...ownPage, cookie: who, accept: "text/html" },
  });
const rows = (page: Page): readonly string[] => page.texts("tbody tr");

describe("users", () => {
  test("are listed, and a form adds one, who may do nothing yet", async () => {
    const added = await send("/access/users", { name: "ann", password });
    expect([added.status, added.headers.get("location")]).toEqual([303, "/access/users/ann"]);

    const page = await open("/access/users");
    expect(page.status).toBe(200);
    expect(rows(page)).toEqual([
      expect.stringContaining("annrights by rules"),
      expect.stringContaining("bobrights by rules"),
      expect.stringContaining("rootadministrator"),
    ]);
    expect(page.texts(".tabs a[aria-current]")).toEqual(["Users"]);
    expect(page.texts(".sections a[aria-current]")).toEqual(["Access"]);
  });

  test.each([
    [{ name: "a b", password }, 400, "is no name"],
    [{ name: "eve", password: "short" }, 400, "less than 8 characters"],
    [{ name: "bob", password }, 409, "A user of this name exists already."],
  ])(
    "%p is refused above the form, which keeps the name and no password",
    async (fields, status, said) => {
      const page = await pageOf(await send("/access/users", fields));
      expect(page.status).toBe(status);
      expect(page.texts("[role=alert]").join()).toContain(said);
      expect(page.find("input[name=name]")[0]?.attributes["value"]).toBe(fields.name);
      expect(page.html).not.toContain(fields.password);
    },
  );

  test("get another password, are disabled, promoted and removed on their page", async () => {
    await send("/access/users", { name: "carl", password });
    const carl = async () => (await room.accounts.list()).users.find(({ name }) => name === "carl");
    const change = (fields: Readonly<Record<string, string>>) => send("/access/users/carl", fields);

    expect((await change({ change: "password", password: "another password" })).status).toBe(303);
    expect((await logIn(room.registry.url, "carl", { secret: "another password" })).status).toBe(
      303,
    );
    await change({ change: "promote" });
    expect(await carl()).toMatchObject({ isAdmin: true });
    await change({ change: "demote" });
    expect(await carl()).toMatchObject({ isAdmin: false });
    await change({ change: "disable" });
    expect((await open("/access/users/carl")).texts("main .badge")).toEqual(["disabled"]);
    await change({ change: "enable" });
    expect(await carl()).toMatchObject({ disabledAt: null });
    expect((await change({ change: "toString" })).status).toBe(400);
    const refused = await pageOf(await change({ change: "password", password: "short" }));
    expect(refused.texts("[role=alert]").join()).toContain("less than 8");
    expect((await change({ change: "remove" })).headers.get("location")).toBe("/access/users");
    expect(await carl()).toBeUndefined();
    expect((await open("/access/users/carl")).status).toBe(404);
  });
});

describe("tokens", () => {
  test("are made by a form, shown in its answer, and never again", async () => {
    const page = await pageOf(
      await send("/access/tokens", { name: "ci", pattern: "lab/**", action: "pull", days: "30" }),
    );
    const [text = ""] = page.texts(".notice .command code");
    expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(text).toMatch(/^bbx_\w{38}$/);
    const who = `Basic ${Buffer.from(`x:${text}`).toString("base64")}`;
    expect(await room.status("GET", "/v2/lab/app/tags/list", who)).toBe(404);

    const list = await open("/access/tokens");
    expect(list.html).not.toContain(text);
    expect(rows(list).join()).toContain("cilab/**:pull");
    expect((await send("/access/tokens/revoke", { name: "ci" })).status).toBe(303);
    expect(await room.status("GET", "/v2/lab/app/tags/list", who)).toBe(401);
    expect((await open("/access/tokens")).texts("tbody .badge")).toEqual(["revoked"]);
  });

  test("are not made of what is no lifetime, no pattern or no action, and what was typed stays", async () => {
    for (const fields of [
      { name: "x", pattern: "lab/**", action: "pull", days: "soon" },
      { name: "x", pattern: "/lab", action: "pull", days: "30" },
      { name: "x", pattern: "lab/**", days: "30" },
    ]) {
      const page = await pageOf(await send("/access/tokens", fields));
      expect([page.status, page.texts("[role=alert]").length]).toEqual([400, 1]);
      expect(page.find("input[name=pattern]")[0]?.attributes["value"]).toBe(fields.pattern);
    }
    expect((await room.accounts.list()).tokens.map(({ name }) => name)).not.toContain("x");
  });
});

describe("rules", () => {
  test("are added, answer who may do what, and are removed", async () => {
    const rule = { who: "bob", effect: "allow", pattern: "lab/**", action: "push" };
    expect((await send("/access/rules", rule)).status).toBe(303);
    const [{ id = 0 } = {}] = (await room.accounts.list()).rules.filter(
      ({ who }) => who === "user:bob",
    );

    const ask = async (what: string) =>
      (await open(`/access/rules?who=bob&resource=lab/app&action=${what}`)).texts("[role=status]");
    expect(await ask("push")).toEqual([`Allowed: rule ${id}: allow user:bob lab/** push`]);
    expect(await ask("delete")).toEqual(["Denied: no rule allows it"]);
    const wrong = await open("/access/rules?who=b%20b&resource=lab/app&action=push");
    expect(wrong.texts("[role=alert]").join()).toContain("is no name");
    expect((await open("/access/users/bob")).texts("main li code")).toEqual(["allow lab/** push"]);

    expect((await send("/access/rules/remove", { id: String(id) })).status).toBe(303);
    expect(await ask("push")).toEqual(["Denied: no rule allows it"]);
    expect((await send("/access/rules/remove", { id: "1e9" })).status).toBe(404);
  });

  test("that are none are refused above the form", async () => {
    const fields = { who: "bob", effect: "deny", pattern: "lab/**" };
    const page = await pageOf(await send("/access/rules", fields));
    expect(page.status).toBe(400);
    expect(page.texts("[role=alert]").join()).toContain("no list of actions");
    expect(page.find("option[value=deny]")[0]?.attributes).toHaveProperty("selected");
  });
});

test("issuers are trusted by a form, listed, and removed", async () => {
  const fields = { kind: "github", place: "acme/app", pattern: "lab/**", action: "pull", id: "7" };
  expect((await send("/access/trust", fields)).status).toBe(303);
  const [row = ""] = rows(await open("/access/trust"));
  for (const part of ["acme/app", "repository=acme/app", "repository_id 7", "lab/**:pull"]) {
    expect(row).toContain(part);
  }
  const again = await pageOf(await send("/access/trust", fields));
  expect([again.status, again.texts("[role=alert]").join()]).toEqual([
    ...[409, "A trust rule of this name exists already."],
  ]);
  expect((await send("/access/trust/remove", { name: "acme/app" })).status).toBe(303);
  expect((await open("/access/trust")).texts(".empty")).toEqual(["No issuer is trusted."]);
});

describe("the audit trail", () => {
  test("shows who did what, by account and by what it is about", async () => {
    const page = await open("/access/audit?resource=user%3Abob");
    expect(rows(page)).toEqual([expect.stringContaining("user.addcommand:testuser:bob")]);
    expect((await open("/access/audit?who=user%3Anobody&resource=")).texts(".empty")).toHaveLength(
      1,
    );
  });

  test("comes in pages", async () => {
    const at = room.registry.store.clock.now();
    const entry = { event: "push", who: "user:many", address: null, requestId: null } as const;
    const nothing = { resource: "lab/app", detail: null, digest: null, previous: null, times: 1 };
    const many = Array.from({ length: 101 }, (_, index) => ({
      ...entry,
      ...nothing,
      at: at + index,
    }));
    await room.registry.store.rooms.metadata.audit.addEntries(many);
    const first = await open("/access/audit?who=user%3Amany");
    const next = (first.find("a[rel=next]")[0]?.attributes["href"] ?? "").replaceAll("&amp;", "&");
    expect(rows(first)).toHaveLength(100);
    const second = await open(next);
    expect([rows(second).length, second.find("a[rel=next]")]).toEqual([1, []]);
  });

  test("is a page for those as well to whom a rule gives it", async () => {
    const rule = { who: "bob", effect: "allow", pattern: "server:audit", actions: "pull" } as const;
    const id = await room.accounts.addRule(rule);
    const page = await open("/access/audit", cookieOf(await logIn(room.registry.url, "bob")));
    expect([page.status, page.texts(".tabs a")]).toEqual([200, ["Audit trail"]]);
    await room.accounts.removeRule(id);
  });
});

describe("a visitor", () => {
  const pages = ["users", "users/root", "tokens", "rules", "trust", "audit"];

  test.each(pages)("without a login is led from %s to the form, and back", async (page) => {
    const { status, headers } = await open(`/access/${page}`, "");
    expect([status, headers.get("location")]).toEqual([
      ...[303, `/login?next=${encodeURIComponent(`/access/${page}`)}`],
    ]);
  });

  test("who is no administrator sees no such page, and no link to one", async () => {
    const bob = cookieOf(await logIn(room.registry.url, "bob"));
    for (const page of pages) {
      const { status, html } = await open(`/access/${page}`, bob);
      expect([page, status, html.includes("<table")]).toEqual([page, 403, false]);
    }
    const refused = await send("/access/users", { name: "eve", password }, bob);
    expect(refused.status).toBe(403);
    expect((await open("/access/users", bob)).texts(".sections a")).not.toContain("Access");
  });

  test("of another site changes nothing here", async () => {
    const headers = { cookie, "sec-fetch-site": "cross-site" };
    const fields = form({ change: "remove" });
    const answer = await fetch(`${room.registry.url}/access/users/bob`, { ...fields, headers });
    expect(answer.status).toBe(403);
    expect((await open("/access/users/bob")).status).toBe(200);
  });
});
