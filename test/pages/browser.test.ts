// What people do on pages in a real browser, by keyboard and without scripts. How each page looks: everyPage.test.ts.
import { expect } from "bun:test";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { basic, password } from "../http/support/accessRoom.ts";
import { chromium, openPage, textOf } from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";
import { openDemo } from "./support/demo.ts";

const needs = { commands: [chromium], timeoutMs: 120_000 };

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

clientTest(
  "a file is stored and linked content is found without JavaScript",
  needs,
  async (scope) => {
    const room = await openDemo({ releases: 2 });
    scope.defer(() => room[Symbol.asyncDispose]());
    const { url } = room.registry;
    const file = join(tempFolder(scope, "form"), "notes.txt");
    await Bun.write(file, "by form");
    const { page, complaints } = await openPage(scope);
    await page.setJavaScriptEnabled(false);
    await page.setExtraHTTPHeaders({ authorization: basic("ann") });
    await page.goto(`${url}/buckets/backups?prefix=2026%2F`);

    const input = await page.$("form[data-plain] input[type=file]");
    if (input === null) throw new Error("there is no input");
    await input.uploadFile(file);
    await going(page, () => page.click("form[data-plain] button"));
    expect(page.url()).toBe(`${url}/buckets/backups?prefix=2026%2F`);
    expect(await textOf(page)).toContain("notes.txt");

    const answer = await room.ask("GET", "/v2/team/api/manifests/1.0.0", basic("ann"));
    const [{ digest: first }] = JSON.parse(await answer.text()).manifests;
    const manifest = await room.ask("GET", `/v2/team/api/manifests/${first}`, basic("ann"));
    const { digest } = JSON.parse(await manifest.text()).layers[0];
    await page.click("details.more summary");
    await page.type("details.more input[name=name]", "layer.tar.gz");
    await page.type("details.more input[name=repository]", "team/api");
    await page.type("details.more input[name=digest]", digest);
    await going(page, () => page.click("details.more button"));
    expect(await textOf(page)).toMatch(/layer\.tar\.gz.*\n?.*base\/node/);
    expect(complaints).toEqual([]);
  },
);

/** Does what leads to another page, and waits for that. */
async function going(page: Page, act: () => Promise<void>): Promise<void> {
  await Promise.all([page.waitForNavigation(), act()]);
}
