// The own account, without scripts: another password, and what ends with the old one.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { basic, type Closed, openClosed, password } from "../http/support/accessRoom.ts";
import { cookieOf, form, logIn, ownPage } from "../http/support/browserLogin.ts";
import { openHtml, pageOf } from "./support/html.ts";

const next = "another password";
let room: Closed;
beforeEach(async () => {
  room = await openClosed();
  await room.accounts.addUser("ann", { password, isAdmin: false });
});
afterEach(() => room[Symbol.asyncDispose]());

const begin = async () => cookieOf(await logIn(room.registry.url, "ann"));
const open = (cookie: string, path = "/account") =>
  openHtml(`${room.registry.url}${path}`, { headers: { cookie } });
const send = (cookie: string, fields: Readonly<Record<string, string>>) =>
  fetch(`${room.registry.url}/account`, {
    ...form(fields),
    headers: { ...ownPage, cookie, accept: "text/html" },
  });
const put = (who: string | null, body: object) =>
  room.ask("PUT", "/v1/account/password", who, {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
/** What logging in with this password is answered with. */
const asAnn = (secret: string) =>
  room.status("GET", "/v2/", `Basic ${Buffer.from(`ann:${secret}`).toString("base64")}`);

describe("the page of the own account", () => {
  test("changes the password, keeps this browser logged in and ends other logins", async () => {
    const [here, there] = [await begin(), await begin()];
    const page = await open(here);
    expect(page.texts("h1")).toEqual(["Your account"]);
    expect(page.texts("main").join()).toContain("Logged in as ann.");
    expect(page.find("main input[type=password]")).toHaveLength(3);
    expect(page.texts("details.account a")).toEqual(["Your account"]);

    const sent = await send(here, { current: password, password: next, again: next });

    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/account?changed=yes"]);
    const renewed = cookieOf(sent);
    expect((await open(renewed, "/account?changed=yes")).texts("[role=status]").join()).toContain(
      "The password was changed.",
    );
    expect([(await open(there)).status, (await open(here)).status]).toEqual([303, 303]);
    expect([await asAnn(password), await asAnn(next)]).toEqual([401, 200]);
  });

  test.each([
    [
      "a wrong current password",
      { current: "guess", password: next, again: next },
      403,
      "is wrong",
    ],
    ["two different new ones", { current: password, password: next, again: "x" }, 400, "differ"],
    [
      "one that is short",
      { current: password, password: "short", again: "short" },
      400,
      "less than",
    ],
  ])("refuses %s, and changes nothing", async (_, fields, status, said) => {
    const cookie = await begin();

    const page = await pageOf(await send(cookie, fields));

    expect([page.status, page.texts("[role=alert]").join()]).toEqual([
      ...[status, expect.stringContaining(said)],
    ]);
    expect(await asAnn(password)).toBe(200);
    expect((await open(cookie)).texts("h1")).toEqual(["Your account"]);
  });
});

describe("PUT /v1/account/password", () => {
  test("changes the password of the user who asks, with the current one", async () => {
    const wrong = await put(basic("ann"), { current_password: "guess", password: next });
    expect([wrong.status, await wrong.json()]).toEqual([
      403,
      expect.objectContaining({
        errors: [
          expect.objectContaining({ message: expect.stringContaining("password is wrong") }),
        ],
      }),
    ]);
    expect((await put(null, { current_password: password, password: next })).status).toBe(401);

    const changed = await put(basic("ann"), { current_password: password, password: next });

    expect(changed.status).toBe(204);
    expect([await asAnn(password), await asAnn(next)]).toEqual([401, 200]);
    const trail = await room.ask("GET", "/v1/audit?limit=20", basic("root"));
    expect(Object(await trail.json())["entries"]).toContainEqual(
      expect.objectContaining({ event: "user.password", who: "user:ann", resource: "user:ann" }),
    );
  });

  test("takes no access token in the place of the password, and none has one", async () => {
    const token = await room.token("ci", "**:pull");
    const text = Buffer.from(token.slice("Basic ".length), "base64").toString().split(":")[1] ?? "";

    expect((await put(token, { current_password: text, password: next })).status).toBe(403);
    const asked = { current_password: text, password: next };
    expect((await put(basic("ann"), asked)).status).toBe(403);
    expect(await asAnn(password)).toBe(200);
  });
});

test("the page of an access token, and of a server without logins, has no form", async () => {
  const token = await room.token("ci", "**:pull");
  const page = await pageOf(
    await room.ask("GET", "/account", token, { headers: { accept: "text/html" } }),
  );

  expect(page.find("main form")).toEqual([]);
  expect(page.texts("main").join()).toContain("An access token has no password.");
});
