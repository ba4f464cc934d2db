// Headless Chromium on a page of ours: what it asked for, from whom, and what it complained about.
import puppeteer, { type Page } from "puppeteer-core";
import { tempFolder, waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** The command of the browser; Debian's name. */
export const chromium = "chromium";

/** A page with everything it did since it was opened. */
export interface WatchedPage {
  readonly page: Page;
  /** URLs it asked for, `data:` and `blob:` left out. */
  readonly requests: readonly string[];
  /** Errors and warnings of its console, exceptions and requests that failed. */
  readonly complaints: readonly string[];
}

const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // No name is ever looked up: a request to another host fails, and shows.
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

/** Opens an empty page in a new browser with a profile of its own; both go when the scope closes. */
export async function openPage(scope: Scope): Promise<WatchedPage> {
  const executablePath = Bun.which(chromium);
  if (executablePath === null) throw new Error(`${chromium} is not installed`);
  const browser = await puppeteer.launch({
    executablePath,
    defaultViewport: { width: 1400, height: 1000 },
    userDataDir: tempFolder(scope, "browser"),
    // Its sandbox does not work for root.
    args: [...quiet, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  scope.defer(() => browser.close());
  const page = await browser.newPage();
  await countScripts(page);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (!/^(?:data|blob):/.test(request.url())) requests.push(request.url());
  });
  page.on("requestfailed", (request) => {
    // A page that is left ends what it still asks for; the browser tells of it or not, as it comes.
    if (request.failure()?.errorText === "net::ERR_ABORTED") return;
    complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, requests, complaints };
}

/** In a measured run (.dev/coverage), the statements of our scripts that ran are counted with all others. */
async function countScripts(page: Page): Promise<void> {
  const { breadboxHits: hits }: { breadboxHits?: Float64Array } = globalThis as object;
  if (hits === undefined) return;
  await page.exposeFunction("breadboxHit", (counter: number) => {
    hits[counter] = (hits[counter] ?? 0) + 1;
  });
}

/** What a person can read on the page. */
export async function textOf(page: Page): Promise<string> {
  return String(await page.evaluate("document.body.innerText"));
}

/** Returns when the page shows `text`. Asked from outside: the page's policy forbids what the browser's driver would do inside. */
export function untilShown(page: Page, text: string): Promise<void> {
  return waitFor(`${text} on the page`, async () => (await textOf(page)).includes(text));
}

/** Presses the first button whose text, also what only a screen reader says, begins with `start`; waits until there is one. */
export function press(page: Page, start: string): Promise<void> {
  const found = `[...document.querySelectorAll("button")].find((button) =>
    button.textContent.replaceAll(/\\s+/g, " ").trim().startsWith(${JSON.stringify(start)}))`;
  return waitFor(`a button ${start}`, async () => {
    return (
      (await page.evaluate(`(() => { const it = ${found}; it?.click(); return !!it; })()`)) === true
    );
  });
}
