// Browsers' logins: whom a cookie lets in, where, and for how long.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { idleMs, longestMs } from "../../src/access/browserSessions.ts";
import { type Closed, openClosed, password } from "./support/accessRoom.ts";
import { cookieOf, form, logIn, ownPage } from "./support/browserLogin.ts";

let room: Closed;
let url: string;
beforeEach(async () => {
  room = await openClosed();
  url = room.registry.url;
  await room.accounts.addUser("ann", { password, isAdmin: false });
  await room.accounts.addRule({
    ...{ who: "ann", effect: "allow", pattern: "bucket:*", actions: "pull,push,admin,delete" },
  });
  await room.accounts.addRule({
    ...{ who: "ann", effect: "allow", pattern: "server:**", actions: "pull" },
  });
});
afterEach(() => room[Symbol.asyncDispose]());

const asAnn = async () => cookieOf(await logIn(url, "ann"));
const status = async (cookie: string, path = "/v1/buckets", headers = {}): Promise<number> =>
  (await fetch(url + path, { headers: { cookie, ...headers } })).status;
const makeBucket = async (cookie: string, headers: Readonly<Record<string, string>>) => {
  const body = JSON.stringify({ name: "backups" });
  const init = { method: "POST", body, headers: { cookie, ...headers } };
  return (await fetch(`${url}/v1/buckets`, init)).status;
};
const move = (ms: number) => room.registry.store.clock.advance(ms);
const entries = async (resource: string | null, who: string | null = null) => {
  await room.registry.trail.flush();
  const page = { after: null, limit: 10, since: null, who, resource };
  const found = await room.registry.store.rooms.metadata.audit.listEntries(page);
  return found.entries.map(({ event, detail }) => [event, detail]);
};

describe("a login", () => {
  test("lets a browser in, which goes on to where it wanted to", async () => {
    expect(await status("")).toBe(401);
    const answer = await logIn(url, "ann", { next: "/lab/app?tab=tags" });

    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/lab/app?tab=tags"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^breadbox=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/,
    );
    expect(await status(cookieOf(answer))).toBe(200);
    expect(await entries(null, "user:ann")).toEqual([["login", null]]);
  });

  test("is stored as a hash: the row holds nothing that logs in", async () => {
    const secret = (await asAnn()).replace("breadbox=", "");
    const hash = new Bun.CryptoHasher("sha256").update(secret).digest("hex");
    const { browserSessions } = room.registry.store.rooms.metadata;

    expect(await browserSessions.findSession(hash)).toMatchObject({ who: "user:ann", hash });
    expect(await browserSessions.findSession(secret)).toBeNull();
    expect(await status(`breadbox=${hash}`)).toBe(401);
    expect(JSON.stringify(room.registry.lines)).not.toContain(secret);
  });

  test("with an access token has the rights of the token, and ends with it", async () => {
    await room.accounts.createToken("ci", {
      ...{ grants: [{ pattern: "bucket:backups", actions: "pull" }], lastsMs: null },
    });
    const text = await room.accounts.createToken("list", {
      ...{ grants: [{ pattern: "server:audit", actions: "pull" }], lastsMs: null },
    });
    const cookie = cookieOf(await logIn(url, "whoever", { secret: text ?? "" }));

    expect(await status(cookie, "/v1/audit")).toBe(200);
    expect(await status(cookie, "/v1/gc/runs")).toBe(403);
    await room.accounts.revokeToken("list");
    expect(await status(cookie, "/v1/audit")).toBe(401);
  });

  test("of an unknown user and with a wrong password look alike, and set no cookie", async () => {
    const answers = await Promise.all([
      logIn(url, "ann", { secret: "wrong password" }),
      logIn(url, "eve", { secret: "wrong password" }),
      logIn(url, "ann", { secret: "" }),
    ]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));

    expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401]);
    expect(answers.flatMap((answer) => answer.headers.getSetCookie())).toEqual([]);
    expect(answers[0]?.headers.get("www-authenticate")).not.toContain("Basic");
    expect(texts[0]).toContain("The name or the password is wrong.");
    expect(texts[1]?.replace("eve", "ann")).toBe(texts[0] ?? "");
    expect(texts.join()).not.toContain("wrong password");
    expect(await entries(null, "user:ann")).toEqual([["login.failed", null]]);
  });

  test("of a disabled user is wrong as well", async () => {
    await room.accounts.disableUser("ann", true);
    expect((await logIn(url, "ann")).status).toBe(401);
  });

  test("has to wait after twenty failures, as with every other way in", async () => {
    for (let times = 0; times < 20; times += 1) {
      expect((await logIn(url, "ann", { secret: "wrong password" })).status).toBe(401);
    }
    const answer = await logIn(url, "ann");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await answer.text()).toContain("Too many failed logins");

    move(3_000);
    expect((await logIn(url, "ann")).status).toBe(303);
  });

  test.each([{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }])(
    "that another site's page sends is refused: %p",
    async (headers) => {
      const answer = await logIn(url, "ann", { headers });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
    },
  );

  test("shows what was typed as text", async () => {
    const answer = await logIn(url, '"><script>alert(1)</script>', { secret: "wrong password" });
    const text = await answer.text();
    expect(text).toContain("&lt;script>alert(1)");
    expect(text).not.toContain("<script>alert");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  test("is not needed on an open server", async () => {
    await using open = await openClosed({ auth: "none" });
    const answer = await fetch(`${open.registry.url}/login?next=/lab`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/lab"]);
    expect((await logIn(open.registry.url, "root")).headers.getSetCookie()).toEqual([]);
  });
});

describe("a session", () => {
  test("is a new secret each time, whatever cookie the browser had", async () => {
    const planted = `breadbox=${"A".repeat(43)}`;
    const first = cookieOf(await logIn(url, "ann", { headers: { cookie: planted } }));
    const second = cookieOf(await logIn(url, "ann", { headers: { cookie: first } }));

    expect(new Set([planted, first, second]).size).toBe(3);
    expect(await Promise.all([planted, first, second].map((each) => status(each)))).toEqual([
      ...[401, 200, 200],
    ]);
  });

  test("ends after twelve hours without a use, and lives on with one", async () => {
    const cookie = await asAnn();
    for (let times = 0; times < 3; times += 1) {
      move(idleMs - 1);
      expect(await status(cookie)).toBe(200);
    }
    move(idleMs);
    expect(await status(cookie)).toBe(401);
  });

  test("ends after seven days, however often it is used", async () => {
    const cookie = await asAnn();
    for (let passed = 0; passed + idleMs / 2 < longestMs; passed += idleMs / 2) {
      move(idleMs / 2);
      expect(await status(cookie)).toBe(200);
    }
    move(idleMs / 2);
    expect(await status(cookie)).toBe(401);
  });

  test("does not begin before it began: a clock that was set back lets nobody in", async () => {
    const cookie = await asAnn();
    move(-3_600_000);
    expect(await status(cookie)).toBe(401);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["the password changes", () => room.accounts.changePassword("ann", "another password")],
    ["the user is disabled", () => room.accounts.disableUser("ann", true)],
    ["the user is removed", () => room.accounts.removeUser("ann")],
    [
      "another user gets the name",
      async () => {
        await room.accounts.removeUser("ann");
        await room.accounts.addUser("ann", { password, isAdmin: true });
      },
    ],
  ])("ends at once when %s", async (_, change) => {
    const cookie = await asAnn();
    await change();
    expect(await status(cookie)).toBe(401);
  });

  test("sees a changed rule with the next request", async () => {
    const cookie = await asAnn();
    expect(await status(cookie, "/v1/audit")).toBe(200);
    const { rules } = await room.accounts.list();
    for (const { id } of rules) await room.accounts.removeRule(id);
    expect(await status(cookie, "/v1/audit")).toBe(403);
  });

  test("ends with a logout, which is written down, and removes the cookie", async () => {
    const [cookie, other] = [await asAnn(), await asAnn()];
    const init = { ...form({}), headers: { cookie, ...ownPage } };
    const answer = await fetch(`${url}/logout`, init);

    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/login"]);
    expect(answer.headers.getSetCookie()[0]).toStartWith("breadbox=; Path=/; Max-Age=0;");
    expect([await status(cookie), await status(other)]).toEqual([401, 200]);
    expect(await entries("user:ann")).toContainEqual(["logout", null]);
  });

  test("ends everywhere when the browser asks for that", async () => {
    const [cookie, other] = [await asAnn(), await asAnn()];
    const root = cookieOf(await logIn(url, "root"));
    await fetch(`${url}/logout`, {
      ...form({ everywhere: "yes" }),
      headers: { cookie, ...ownPage },
    });

    expect([await status(cookie), await status(other), await status(root)]).toEqual([
      ...[401, 401, 200],
    ]);
    expect(await entries("user:ann")).toContainEqual(["logout", "everywhere"]);
  });
});

describe("a cookie", () => {
  test("is no login for the registry, nor for metrics", async () => {
    await room.accounts.addRule({
      ...{ who: "ann", effect: "allow", pattern: "**", actions: "pull,push,overwrite,delete" },
    });
    const cookie = await asAnn();
    const paths = ["/v2/", "/v2/_catalog", "/v2/lab/app/tags/list", "/v2/token", "/metrics"];
    const asked = await Promise.all(
      paths.map((path) => fetch(url + path, { headers: { cookie, ...ownPage } })),
    );

    expect(asked.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401]);
    const push = await fetch(`${url}/v2/lab/app/blobs/uploads/`, {
      ...{ method: "POST", headers: { cookie, ...ownPage } },
    });
    expect([push.status, push.headers.get("www-authenticate")]).toEqual([
      ...[401, expect.stringContaining("Bearer")],
    ]);
  });

  test("changes something only for a page of this server, and the browser has to say so", async () => {
    const cookie = await asAnn();
    const { host } = new URL(url);
    const refused = [
      {},
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://${host}.evil.example` },
      { "sec-fetch-site": "cross-site", origin: `http://${host}` },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
    ];
    for (const headers of refused) expect(await makeBucket(cookie, headers)).toBe(403);
    expect(await makeBucket(cookie, { origin: `http://${host}` })).toBe(201);
    expect(await status(cookie, "/v1/buckets/backups/objects")).toBe(200);
  });

  test("logs nobody out for another site's page", async () => {
    const cookie = await asAnn();
    const init = { ...form({}), headers: { cookie, "sec-fetch-site": "cross-site" } };
    expect((await fetch(`${url}/logout`, init)).status).toBe(403);
    expect(await status(cookie)).toBe(200);
  });

  test("counts for less than credentials that are sent on purpose", async () => {
    const cookie = await asAnn();
    expect(await status(cookie, "/v1/buckets", { authorization: "Basic cm9vdDp3cm9uZw==" })).toBe(
      401,
    );
  });

  test("that has ended opens no window for a password", async () => {
    const answer = await fetch(`${url}/v1/buckets`, { headers: { cookie: "breadbox=x" } });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
      ...[401, expect.stringContaining("Form")],
    ]);
  });

  test("of two of one name is nobody's: one was planted", async () => {
    const cookie = await asAnn();
    expect(await status(`${cookie}; breadbox=${"A".repeat(43)}`)).toBe(401);
    expect(await status(`other=1; ${cookie}; breadbox2=x`)).toBe(200);
  });
});
