// What a test finds wrong with a page that a browser shows. Each answer is a list of sentences: none is good.
import type { Page } from "puppeteer-core";
import { troublesOf } from "./axe.ts";

/** The narrowest screen that pages are made for. */
const narrow = { width: 360, height: 740 };
const wide = { width: 1280, height: 900 };

/** Opens an address. @returns its status and its main headings. */
export async function visit(page: Page, url: string) {
  const answer = await page.goto(url);
  const headings: unknown = await page.evaluate(
    "[...document.querySelectorAll('h1')].map((it) => it.innerText.trim())",
  );
  return {
    status: answer?.status() ?? 0,
    path: new URL(page.url()).pathname,
    headings: Array.isArray(headings) ? headings.map(String) : [],
  };
}

/** What axe finds in the page that is shown, in both themes. */
export async function inBothThemes(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ["dark", "light"]) {
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: theme },
      // Colours that fade would be looked at half-way.
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    found.push(...(await troublesOf(page)).map((trouble) => `${theme}: ${trouble}`));
  }
  return found;
}

/** Whether the page has to be scrolled sideways on a narrow screen. */
export async function tooWide(page: Page): Promise<string[]> {
  await page.setViewport(narrow);
  const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
  await page.setViewport(wide);
  return width > narrow.width ? [`${width} px wide on a screen of ${narrow.width}`] : [];
}

/** Everything that can be used, and what the focus has been on. Of a group of radio buttons the arrows lead to the others. Listed anew
 *  each time: a living part of the page may be replaced meanwhile. */
const listUsable = `
  const usable = () => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
    (it) => it.checkVisibility({ visibilityProperty: true }) && !it.disabled && it.tabIndex >= 0,
  );
  const nameOf = (it) => it.type === "radio" ? it.name : it.outerHTML.slice(0, 120);
  const seen = new Set();
  const unmarked = new Set();
  document.addEventListener("focusin", ({ target }) => {
    seen.add(nameOf(target));
    const hasMark = (it) => it !== null && getComputedStyle(it).outlineStyle !== "none";
    if (![target, target.closest("label")].some(hasMark)) unmarked.add(nameOf(target));
  });
  window.breadboxTest = {
    left: () => usable().map(nameOf).filter((name) => !seen.has(name)),
    unmarked: () => [...unmarked],
  };
  usable().length`;

/** What the Tab key does not reach, and where nobody sees that the focus is. */
export async function byTab(page: Page): Promise<string[]> {
  await page.focus("body");
  const count = Number(await page.evaluate(`{ ${listUsable} }`));
  const ask = async (what: "left" | "unmarked"): Promise<string[]> => {
    const names: unknown = await page.evaluate(`window.breadboxTest.${what}()`);
    return Array.isArray(names) ? names.map(String) : [`the page said ${names}`];
  };
  // Tables that scroll take the focus as well.
  for (let pressed = 0; pressed < count + 20; pressed += 1) {
    await page.keyboard.press("Tab");
    if (pressed >= count && (await ask("left")).length === 0) break;
  }
  return [
    ...(await ask("left")).map((name) => `Tab does not reach ${name}`),
    ...(await ask("unmarked")).map((name) => `no mark of the focus on ${name}`),
  ];
}
