// Pages in a real browser: by keyboard, in both themes, wide and narrow, checked by axe. One browser for all, because it takes a second.
import { expect } from "bun:test";
import type { Page } from "puppeteer-core";
import { basic, password } from "../http/support/accessRoom.ts";
import { chromium, openPage, textOf } from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";
import { troublesOf } from "./support/axe.ts";
import { openDemo } from "./support/demo.ts";

const needs = { commands: [chromium], timeoutMs: 120_000 };

/** One of each kind. */
const paths = [
  "/",
  "/repositories?search=team",
  "/repositories/team/api",
  "/repositories/team/web/-/untagged",
  "/repositories/team/api/-/images/1.8.0",
  "/repositories/charts/ingress/-/images/1.2.3",
  "/repositories/models/embedder/-/images/q4",
  "/repositories/team/api/-/comparison?reference=1.7.0&reference=1.8.0",
  "/repositories/team/api/-/deletion?reference=1.0.0",
  "/repositories/team/api/-/deletion",
  "/buckets",
  "/server/uploads",
  "/server/garbage",
  "/access/users",
  "/access/users/ann",
  "/access/tokens",
  "/access/rules?who=ann&action=pull&resource=team/api",
  "/access/trust",
  "/access/audit",
  "/login?next=/nothing",
  "/nothing/here",
];

clientTest("each page is accessible, and loads nothing from elsewhere", needs, async (scope) => {
  const room = await openDemo();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { registry } = room;
  const { page, requests, complaints } = await openPage(scope);
  await page.setExtraHTTPHeaders({ authorization: basic("ann") });
  const found: string[] = [];
  for (const path of paths) found.push(...(await troublesIn(page, `${registry.url}${path}`)));

  expect(found).toEqual([]);
  expect(new Set(requests.map((url) => new URL(url).origin))).toEqual(new Set([registry.url]));
  // The browser itself says so of the page that is none.
  expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
});

clientTest("the keyboard alone finds, opens and selects", needs, async (scope) => {
  const room = await openDemo({ releases: 3 });
  scope.defer(() => room[Symbol.asyncDispose]());
  const { page, complaints } = await openPage(scope);
  await page.setExtraHTTPHeaders({ authorization: basic("ann") });
  await page.goto(room.registry.url);

  await page.keyboard.press("?");
  expect(await page.evaluate("document.querySelector('dialog').open")).toBe(true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.type("api");
  await going(page, () => page.keyboard.press("Enter"));
  expect(page.url()).toEndWith("/repositories?search=api");
  await page.keyboard.press("j");
  await going(page, () => page.keyboard.press("Enter"));
  expect(page.url()).toEndWith("/repositories/team/api");
  for (const key of ["j", "j", "x", "j", "x", "k", "x"] as const) await page.keyboard.press(key);
  expect(
    await page.evaluate("[...document.querySelectorAll('td input:checked')].map((it) => it.value)"),
  ).toEqual(["1.2.0"]);
  expect(complaints).toEqual([]);
});

clientTest("everything works without JavaScript, deletion too", needs, async (scope) => {
  const room = await openDemo({ releases: 2 });
  scope.defer(() => room[Symbol.asyncDispose]());
  const { page, complaints } = await openPage(scope);
  await page.setJavaScriptEnabled(false);
  await page.goto(`${room.registry.url}/login?next=/repositories/team/api`);
  await page.type("input[name=name]", "ann");
  await page.type("input[name=password]", password);
  await going(page, () => page.click("main button"));
  expect(page.url()).toEndWith("/repositories/team/api");

  await page.click("details.account summary");
  await going(page, () => page.click("button[value=dark]"));
  expect(await page.$eval("html", (html) => html.getAttribute("data-theme"))).toBe("dark");
  await page.click("input[value='1.0.0']");
  await going(page, () => page.click("button.danger"));
  await going(page, () => page.click(".notice a"));
  await going(page, () => page.click("main form[method=post] button"));

  expect(await textOf(page)).toContain("1 tag and 3 manifests of team/api were deleted.");
  expect(complaints).toEqual([]);
});

/** Does what leads to another page, and waits for that. */
async function going(page: Page, act: () => Promise<void>): Promise<void> {
  await Promise.all([page.waitForNavigation(), act()]);
}

/** What axe and the narrowest screen find, in both themes. */
async function troublesIn(page: Page, url: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await page.goto(url);
    found.push(...(await troublesOf(page)).map((trouble) => `${url} ${theme}: ${trouble}`));
  }
  await page.setViewport({ width: 360, height: 740 });
  const width = await page.evaluate("document.documentElement.scrollWidth");
  if (Number(width) > 360) found.push(`${url}: ${width} px wide on a screen of 360`);
  await page.setViewport({ width: 1280, height: 900 });
  return found;
}
