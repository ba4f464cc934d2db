// The drop zone of a bucket in a real browser: files that go whole and in parts, names that are taken, and a server that fails for a moment.
import { expect } from "bun:test";
import { join } from "node:path";
import { basic, openClosed, password } from "../http/support/accessRoom.ts";
import { cookieOf, logIn } from "../http/support/browserLogin.ts";
import { chromium, openPage, untilShown } from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder, waitFor } from "../support/processes.ts";

const needs = { commands: [chromium], timeoutMs: 120_000 };
/** More than goes in one request. */
const large = 40_000_000;

clientTest("files are stored in the folder that they are dropped on", needs, async (scope) => {
  const room = await openClosed();
  scope.defer(() => room[Symbol.asyncDispose]());
  const { url } = room.registry;
  const root = basic("root", password);
  await room.ask("POST", "/v1/buckets", root, { body: '{"name":"backups"}' });
  const folder = tempFolder(scope, "drop");
  const [small, big] = [join(folder, "note.json"), join(folder, "big.bin")];
  await Bun.write(small, '{"from":{"bucket":"backups","object":"x"}}');
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  await Bun.write(big, new Blob(Array.from({ length: Math.ceil(large / 65_536) }, () => bytes)));
  const { page, complaints } = await openPage(scope);
  const cookie = cookieOf(await logIn(url, "root"));
  const [name = "", value = ""] = cookie.split("=");
  await page.browserContext().setCookie({ name, value, domain: "127.0.0.1" });
  await page.goto(`${url}/buckets/backups?prefix=db%2F`);

  const input = await page.$("input[type=file]");
  if (input === null) throw new Error("there is no input");
  await input.uploadFile(small, big);
  await untilShown(page, "big.bin, 40 MB");
  const shown = `[...document.querySelectorAll("tbody th a")].map((a) => a.textContent).join()`;
  await waitFor("both objects", async () => (await page.evaluate(shown)) === "big.bin,note.json");
  const stored = async (object: string) =>
    (await room.ask("GET", `/v1/buckets/backups/objects/db/${object}`, root)).bytes();
  expect(Bun.hash(await stored("big.bin"))).toBe(Bun.hash(await Bun.file(big).bytes()));
  // JSON that could name other content is bytes like any file.
  expect(new TextDecoder().decode(await stored("note.json"))).toBe(await Bun.file(small).text());

  await Bun.write(small, "another");
  await input.uploadFile(small);
  await untilShown(page, "not stored: there is an object of this name");
  await page.click("input[name=replace]");
  await input.uploadFile(small);
  const isReplaced = async () => new TextDecoder().decode(await stored("note.json")) === "another";
  await waitFor("the other file", isReplaced);
  // The browser itself tells of the answer 412.
  expect(complaints.filter((text) => !text.includes("412"))).toEqual([]);
});
