// Pages behind a login in a real browser: by keyboard from the login on, with parts that live, and without scripts.
import { expect } from "bun:test";
import type { Page } from "puppeteer-core";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { openClosed, password } from "../http/support/accessRoom.ts";
import { chromium, openPage, untilShown } from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";

const needs = { commands: [chromium], timeoutMs: 120_000 };

/** Logs in with the keyboard alone. */
async function logInByKeyboard(page: Page, url: string, next: string): Promise<void> {
  await page.goto(`${url}${next}`);
  expect(new URL(page.url()).pathname).toBe("/login");
  await page.focus("input[name=name]");
  await page.keyboard.type("root");
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  expect(page.url()).toBe(`${url}${next}`);
}

clientTest("open uploads and collections are seen as they go on", needs, async (scope) => {
  const room = await openClosed();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { url, store, gcRuns } = room.registry;
  const { uploads, metadata } = store.rooms;
  const { page, complaints } = await openPage(scope);
  await logInByKeyboard(page, url, "/server/uploads");
  await untilShown(page, "No upload is open.");

  const repository = parseRepositoryName("lab/app");
  const { id } = await startUpload(uploads, repository);
  await untilShown(page, "lab/app");
  const chunk = { body: new Blob([new Uint8Array(2_000_000)]).stream(), length: 2_000_000 };
  await appendChunk(uploads, { id, repository, chunk: { ...chunk, start: null, end: null } });
  await untilShown(page, "2.0 MB");
  expect(await page.evaluate("document.querySelector('[data-still]')")).toBeNull();

  await page.evaluate(
    "{ const asked = fetch; window.fetch = () => { window.fetch = asked; return Promise.reject(new TypeError('away')); }; window.asked = asked; }",
  );
  await startUpload(uploads, parseRepositoryName("lab/away"));
  await page.waitForFunction("window.fetch === window.asked");
  await startUpload(uploads, parseRepositoryName("lab/back"));
  await untilShown(page, "lab/back");

  await page.goto(`${url}/server/garbage`);
  await page.focus("main button");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await untilShown(page, "Looking for what can be deleted");
  const [run] = (await gcRuns.list({ after: null, limit: 1 })).runs;
  const counts = { ...noCounts, totalBlobs: 9, orphanedBlobs: 3, orphanedBytes: 5_000_000 };
  const ending = { state: "done", counts, reason: null, finishedAt: store.clock.now() } as const;
  await metadata.gcRuns.endRun(run?.id ?? "", ending);
  await gcRuns.ended();
  await untilShown(page, "would delete 3 blobs");

  await page.goto(`${url}/server/checks`);
  await page.focus("main button");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await untilShown(page, "The store is checked");
  const check = room.registry.checkOrders.at(-1)?.id ?? "";
  await metadata.checks.advanceCheck(check, { phase: "database", done: 40, total: 80 });
  await page.waitForFunction("document.querySelector('progress').position === 0.5");
  await metadata.checks.advanceCheck(check, { phase: "names", done: 1, total: 9 });
  await untilShown(page, "file names");
  const clean = { state: "clean", contents: 3, bytes: 0, kinds: [], findings: [] } as const;
  await metadata.checks.endCheck(check, { ...clean, reason: null, finishedAt: store.clock.now() });
  await untilShown(page, "No problems.");
  expect(complaints.filter((text) => !text.includes("/v1/events"))).toEqual([]);
});

clientTest(
  "without scripts, and by keyboard alone, users are added and removed",
  needs,
  async (scope) => {
    const room = await openClosed();
    scope.defer(() => room[Symbol.asyncDispose]());
    const { url } = room.registry;
    const { page, requests, complaints } = await openPage(scope);
    await page.setJavaScriptEnabled(false);
    await logInByKeyboard(page, url, "/access/users");

    const enter = () => Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    await page.focus("main input[name=name]");
    await page.keyboard.type("ann");
    await page.keyboard.press("Tab");
    await page.keyboard.type("another password");
    await enter();
    expect(page.url()).toBe(`${url}/access/users/ann`);
    expect((await room.accounts.list()).users.map(({ name }) => name)).toEqual(["ann", "root"]);

    // What removes is behind a word that has to be opened first.
    await page.focus(".confirmed summary");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await enter();
    expect(page.url()).toBe(`${url}/access/users`);
    expect((await room.accounts.list()).users.map(({ name }) => name)).toEqual(["root"]);

    await page.focus(".account summary");
    await page.keyboard.press("Enter");
    // Over the link to one's own account.
    for (const _ of [1, 2]) await page.keyboard.press("Tab");
    await enter();
    expect(new URL(page.url()).pathname).toBe("/login");
    await page.goto(`${url}/access/users`);
    expect(new URL(page.url()).pathname).toBe("/login");
    expect(new Set(requests.map((each) => new URL(each).origin))).toEqual(new Set([url]));
    expect(complaints).toEqual([]);
  },
);
