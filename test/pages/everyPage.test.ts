// Every page in a real browser: with a script and without, by keyboard, with and without rights, on a full store and on an empty one.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { Setup } from "../../src/access/setup.ts";
import { basic, openClosed, password } from "../http/support/accessRoom.ts";
import { openRegistry } from "../http/support/registry.ts";
import { chromium, openPage } from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";
import type { Scope } from "../support/scope.ts";
import { openCheckedDemo } from "./support/demoChecks.ts";
import {
  type Addressed,
  addresses,
  expected,
  pageOperations,
  pages,
  pictures,
  setupPage,
  type Visitor,
} from "./support/everyPage.ts";
import { byTab, inBothThemes, tooWide, visit } from "./support/looking.ts";

const needs = { commands: [chromium], timeoutMs: 120_000 };

test("each page has an address here", () => {
  expect([...Object.keys(addresses), setupPage].toSorted()).toEqual(
    pageOperations.map(({ id }) => id).toSorted(),
  );
});

test("each picture is in the documentation, at both widths and in both themes", async () => {
  const folder = join(import.meta.dir, "..", "..", "docs");
  const text = await Bun.file(join(folder, "PAGES.md")).text();
  const names = Object.keys(pictures);
  for (const name of names) expect(text).toContain(`(images/${name}-1280-light.webp)`);
  const files = names.flatMap((name) =>
    [1280, 400].flatMap((width) => [`${name}-${width}-dark.webp`, `${name}-${width}-light.webp`]),
  );
  expect(readdirSync(join(folder, "images")).toSorted()).toEqual(files.toSorted());
});

/** Opens a browser that asks as an administrator, and says at the end whom it asked and what it complained about. */
async function openBrowser(scope: Scope, url: string, who: string | null) {
  const { page, requests, complaints } = await openPage(scope);
  await page.setExtraHTTPHeaders(who === null ? {} : { authorization: basic(who) });
  const troubles = () => [
    ...[...new Set(requests.map((each) => new URL(each).origin))]
      .filter((origin) => origin !== url)
      .map((origin) => `asked ${origin}`),
    // The browser itself tells of answers that refuse; each page was asked for its status.
    ...complaints.filter((text) => !/status of 40[134]/.test(text)),
  ];
  return { page, troubles };
}

/** A page with one main heading, and the status that it should have. */
async function arrived(page: Page, url: string, { path }: Addressed, status = 200) {
  const found = await visit(page, url + path);
  const { headings } = found;
  const isRight = found.status === status && headings.length === 1 && headings[0] !== "";
  return {
    ...found,
    troubles: isRight ? [] : [`${path}: status ${found.status}, headings ${headings.join()}`],
  };
}

/** What is wrong with how a page looks. */
const looks = async (page: Page, path: string): Promise<string[]> =>
  [...(await inBothThemes(page)), ...(await tooWide(page))].map((each) => `${path}: ${each}`);

clientTest("each page of a full store is for everyone, in both themes", needs, async (scope) => {
  const room = await openCheckedDemo();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { url } = room.registry;
  const { page, troubles } = await openBrowser(scope, url, "ann");
  const found: string[] = [];
  for (const each of pages) {
    found.push(...(await arrived(page, url, each)).troubles, ...(await looks(page, each.path)));
  }
  const nothing = await visit(page, `${url}/nothing/here`);
  expect([nothing.status, nothing.headings.length]).toEqual([404, 1]);
  found.push(...(await looks(page, "/nothing/here")));

  expect([...found, ...troubles()]).toEqual([]);
});

clientTest(
  "the Tab key reaches everything on each page, and shows where it is",
  needs,
  async (scope) => {
    const room = await openCheckedDemo({ releases: 3 });
    scope.defer(() => room[Symbol.asyncDispose]());
    const { url } = room.registry;
    const { page, troubles } = await openBrowser(scope, url, "ann");
    const found: string[] = [];
    for (const { path } of pages) {
      await visit(page, url + path.replace("1.8.0", "1.2.0").replace("1.7.0", "1.1.0"));
      found.push(...(await byTab(page)).map((trouble) => `${path}: ${trouble}`));
    }

    expect([...found, ...troubles()]).toEqual([]);
  },
);

clientTest("each page says the same without JavaScript", needs, async (scope) => {
  const room = await openCheckedDemo();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { url } = room.registry;
  const { page, troubles } = await openBrowser(scope, url, "ann");
  const found: string[] = [];
  const heads = async () => {
    const all: string[] = [];
    for (const each of pages) {
      const { headings, troubles: here } = await arrived(page, url, each);
      all.push(`${each.path} ${headings.join()}`);
      found.push(...here, ...(await tooWide(page)));
    }
    return all;
  };
  const withScripts = await heads();
  await page.setJavaScriptEnabled(false);

  expect(await heads()).toEqual(withScripts);
  expect([...found, ...troubles()]).toEqual([]);
});

/** Whether somebody gets what the table of operations says, and is offered nothing that changes what is not theirs. */
async function judged(page: Page, url: string, each: Addressed, visitor: Visitor) {
  const wanted = expected(each.operation, visitor);
  const got = await arrived(page, url, each, wanted === "refusal" ? 403 : 200);
  const landed = wanted === "login" ? "/login" : new URL(each.path, url).pathname;
  const offered = await page.$$eval("main form[method=post]", (forms) =>
    forms.map((form) => form.getAttribute("action") ?? ""),
  );
  // The login and the own password are for everyone, and the name of a new bucket decides about its form.
  const tooMuch = offered.filter((to) => !["/login", "/buckets", "/account"].includes(to));
  return [
    ...got.troubles,
    ...(got.path === landed ? [] : [`${each.path}: ${visitor} came to ${got.path}`]),
    ...tooMuch.map((to) => `${each.path}: ${visitor} is offered ${to}`),
  ];
}

clientTest("each page is for those who have the right to it", needs, async (scope) => {
  const room = await openCheckedDemo();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { registry, accounts } = room;
  const { url } = registry;
  await accounts.addUser("reader", { password, isAdmin: false });
  for (const pattern of ["**", "bucket:**"]) {
    await accounts.addRule({ who: "reader", effect: "allow", pattern, actions: "pull" });
  }
  for (const [visitor, who] of [
    ["nobody", null],
    ["reader", "reader"],
  ] as const) {
    const { page, troubles } = await openBrowser(scope, url, who);
    const found: string[] = [];
    for (const each of pages) found.push(...(await judged(page, url, each, visitor)));

    expect([visitor, ...found, ...troubles()]).toEqual([visitor]);
  }
});

/** What an address names is not there, and lists are empty. A plan says that nothing is left, and so does the page after a deletion. */
const isUnknown = ({ operation: { id, path } }: Addressed): boolean =>
  path.includes("/:") && id !== "getDeletionPage" && id !== "getDeletedPage";

clientTest("each page of an empty store leads on", needs, async (scope) => {
  const room = await openClosed();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { url } = room.registry;
  const { page, troubles } = await openBrowser(scope, url, "root");
  const found: string[] = [];
  for (const each of pages) {
    const status = isUnknown(each) ? 404 : 200;
    found.push(...(await arrived(page, url, each, status)).troubles);
    // All pages of what is not there are one.
    if (status === 200) found.push(...(await looks(page, each.path)));
  }

  expect([...found, ...troubles()]).toEqual([]);
});

clientTest("the page that sets a server up is for everyone", needs, async (scope) => {
  const registry = await openRegistry({
    ...{ auth: "required", isLoopback: false },
    setup: (access, accounts) =>
      Setup.begin({
        ...{ access, accounts, clock: () => 1, now: () => 0, newId: () => Bun.randomUUIDv7() },
      }).setup,
  });
  scope.defer(() => registry[Symbol.asyncDispose]());
  const { url } = registry;
  const { page, troubles } = await openBrowser(scope, url, null);
  const { status, headings } = await visit(page, `${url}/setup#secret`);
  const found = [...(await inBothThemes(page)), ...(await tooWide(page)), ...(await byTab(page))];

  expect([status, headings.length, ...found, ...troubles()]).toEqual([200, 1]);
  await page.setJavaScriptEnabled(false);
  await visit(page, `${url}/setup`);
  expect(String(await page.evaluate("document.body.innerText"))).toContain("JavaScript");
});
