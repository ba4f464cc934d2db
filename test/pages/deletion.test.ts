// A deletion on pages: the plan is read, then what it said is deleted, and nothing else.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { basic } from "../http/support/accessRoom.ts";
import { openDemo } from "./support/demo.ts";
import { openHtml, type Page } from "./support/html.ts";
import { pushBuilt } from "./support/push.ts";

let room: Awaited<ReturnType<typeof openDemo>>;
beforeAll(async () => {
  room = await openDemo({ releases: 1 });
});
afterAll(() => room[Symbol.asyncDispose]());

const headers = { authorization: basic("ann") };
const open = (path: string, init: RequestInit = {}): Promise<Page> =>
  openHtml(`${room.registry.url}${path}`, { headers, ...init });
const hrefs = (page: Page, selector: string): readonly (string | undefined)[] =>
  page.find(selector).map(({ attributes }) => attributes["href"]);

describe("a deletion", () => {
  const apply = (page: Page, path: string, who = headers) =>
    open(path, {
      method: "POST",
      headers: who,
      body: page.fields("form[method=post].bar"),
    });

  test("is planned, read, and done, after which the next page says so", async () => {
    await using own = await openDemo({ releases: 3 });
    const path = "/repositories/team/api/-/deletion";
    const ask = (address: string, init: RequestInit = {}) =>
      openHtml(`${own.registry.url}${address}`, { headers, ...init });
    const plan = await ask(`${path}?reference=1.0.0&reference=1.1.0`);

    expect(plan.texts("section[aria-label='Tags to delete'] tbody th")).toEqual(["1.0.0", "1.1.0"]);
    expect(plan.texts(".notice").join()).toContain("Their manifests stay without a tag");
    const more = hrefs(plan, ".notice a")[0]?.replaceAll("&amp;", "&") ?? "";
    const whole = await ask(more);
    expect(whole.texts("section[aria-label='Manifests to delete'] tbody tr")).toHaveLength(6);
    expect(whole.texts(".figures dt")).toContain("Kept by others");

    const fields = whole.fields("form[method=post].bar");
    const done = await ask(path, { method: "POST", body: fields });
    expect(done.status).toBe(303);
    const after = await ask(done.headers.get("location") ?? "");
    expect(after.texts(".notice.good")[0]).toBe("2 tags and 6 manifests of team/api were deleted.");
    expect((await ask("/repositories/team/api")).texts("tbody th")).toEqual(["1.2.0", "latest"]);
  });

  test("is not done when something else would be deleted by now", async () => {
    await using own = await openDemo({ releases: 2 });
    const path = "/repositories/team/api/-/deletion";
    const ask = (address: string, init: RequestInit = {}) =>
      openHtml(`${own.registry.url}${address}`, { headers, ...init });
    const plan = await ask(path);
    await pushBuilt({ url: own.registry.url, headers }, "team/api", { tag: "new", steps: [] });

    const fields = plan.fields("form[method=post].bar");
    const refused = await ask(path, { method: "POST", body: fields });

    expect(refused.status).toBe(409);
    expect(refused.texts(".notice.warn")[0]).toStartWith("Nothing was deleted");
    expect((await ask("/repositories/team/api")).texts("tbody th")).toContain("new");
  });

  test("of a locked tag cannot be asked for", async () => {
    await pushBuilt({ url: room.registry.url, headers }, "team/kept", {
      tag: "locked-1",
      steps: [],
    });

    const page = await open("/repositories/team/kept/-/deletion?reference=locked-1");

    expect(page.texts(".notice.bad")[0]).toContain("locked-1 is immutable");
    expect(page.find("button[disabled]")).toHaveLength(1);
    const done = await apply(page, "/repositories/team/kept/-/deletion");
    expect(done.status).toBe(403);
  });

  test("is neither offered nor done without the right to it", async () => {
    const token = { authorization: await room.token("reader", "team/web:pull") };
    const page = await open("/repositories/team/web", { headers: token });

    expect(page.find("button.danger")).toEqual([]);
    expect((await open("/repositories/team/web/-/deletion", { headers: token })).status).toBe(403);
    const plan = await open("/repositories/team/web/-/deletion");
    expect((await apply(plan, "/repositories/team/web/-/deletion", token)).status).toBe(403);
  });

  test("that another site's page asks for is refused", async () => {
    const path = "/repositories/team/web/-/deletion";
    const plan = await open(path);
    const foreign = { ...headers, "sec-fetch-site": "cross-site" };

    expect((await apply(plan, path, foreign)).status).toBe(403);
    expect((await open("/repositories/team/web")).status).toBe(200);
  });
});
