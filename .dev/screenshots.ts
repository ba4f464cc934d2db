// `npm run screenshots`: pictures of each page for the documentation, of a store as a small company has it, wide and narrow, light and dark.
// `npm run screenshots -- FOLDER [PAGE …]` writes PNG, to be looked at.
import { mkdir } from "node:fs/promises";
import type { Page } from "puppeteer-core";
import { basic } from "../test/http/support/accessRoom.ts";
import { openDemo } from "../test/pages/support/demo.ts";
import { checkDemo } from "../test/pages/support/demoChecks.ts";
import { fillConsole } from "../test/pages/support/demoConsole.ts";
import { pictures } from "../test/pages/support/everyPage.ts";
import { openPage } from "../test/support/browser.ts";
import { Scope } from "../test/support/scope.ts";
import { prepareAssets } from "./assets.ts";
import { readOptions } from "./options.ts";

const widths = [1280, 400];
/** Of a long page the beginning says enough. Pixels. */
const highest = 1_100;

const { operands } = readOptions({
  name: "npm run screenshots",
  about:
    "Takes the pictures of all pages for docs/images, or PNG into a folder, of the pages that are named.",
  options: {},
  operands: "[FOLDER] [PAGE …]",
});
await prepareAssets();
await using scope = new Scope();
const room = await openDemo({ megabyte: 1_000_000, url: "https://registry.example.com" });
scope.defer(() => room[Symbol.asyncDispose]());
await fillConsole(room);
const { page } = await openPage(scope);
await page.setExtraHTTPHeaders({ authorization: basic("ann") });
const [folder, ...asked] = operands;
const target = folder ?? `${import.meta.dir}/../docs/images`;
await mkdir(target, { recursive: true });
for (const [name, path] of Object.entries(pictures)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  // The first page warns of what it finds.
  if (name === "checks") await checkDemo(room.registry);
  for (const width of widths) {
    for (const theme of ["light", "dark"]) {
      const file = `${target}/${name}-${width}-${theme}`;
      await look(page, `${room.registry.url}${path}`, { width, theme });
      await take(page, file, width);
      console.log(file);
    }
  }
}

async function look(page: Page, url: string, as: { width: number; theme: string }): Promise<void> {
  await page.setViewport({ width: as.width, height: 500 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: as.theme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  // Pages that live have a connection that does not end.
  await page.goto(url, { waitUntil: "load" });
}

async function take(page: Page, file: string, width: number): Promise<void> {
  const whole = Number(await page.evaluate("document.documentElement.scrollHeight"));
  const clip = { x: 0, y: 0, width, height: Math.min(whole, highest) };
  const common = { clip, captureBeyondViewport: true };
  if (folder === undefined) {
    await page.screenshot({ ...common, path: `${file}.webp`, type: "webp", quality: 70 });
  } else {
    await page.screenshot({ ...common, path: `${file}.png` });
  }
}
