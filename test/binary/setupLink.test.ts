// The set-up link of the compiled binary: who sees it, and an administrator who is made in a browser.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import { chromium, openPage, press, untilShown } from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";
import { answers200, freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { adopt, release, Scope } from "../support/scope.ts";

const linkIn = (text: string): string | null =>
  /http:\/\/\S+\/setup#[\w-]{43}/.exec(text)?.[0] ?? null;

/** A server on every address of the machine. */
async function start(scope: Scope, env: Readonly<Record<string, string>>, folder?: string) {
  const place = folder ?? tempFolder(scope, "setup-link");
  const port = freePort();
  const args = ["serve", "--data", join(place, "data"), "--listen", `:${port}`];
  const server = startProcess(scope, [await breadboxBinary(), ...args], {
    ...{ log: join(place, `log-${port}`), cwd: place, env },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: server.logs });
  await waitFor("its first lines", () => server.logs().includes("Nobody can log in yet"), {
    explain: server.logs,
  });
  return { server, url, place };
}

/** The same on a terminal. @returns what it shows. */
async function startOnTerminal(scope: Scope) {
  const folder = tempFolder(scope, "setup-link");
  const port = freePort();
  let shown = "";
  const args = ["serve", "--data", join(folder, "data"), "--listen", `:${port}`];
  const server = Bun.spawn([await breadboxBinary(), ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm" },
    terminal: {
      data: (_, bytes) => {
        shown += Buffer.from(bytes).toString();
      },
    },
  });
  adopt(server.pid);
  scope.defer(async () => {
    server.kill("SIGKILL");
    await server.exited;
    release(server.pid);
  });
  await waitFor("the banner", () => shown.includes("Ctrl+C stops"), { explain: () => shown });
  const link = linkIn(shown) ?? "";
  return { link: new URL(link), local: `http://127.0.0.1:${port}/setup`, port };
}

const account = { name: "ann", password: "correct horse battery" };
const post = (url: string, secret: string) =>
  fetch(url, { method: "POST", body: JSON.stringify({ secret, ...account }) });

test("a log without a terminal has no link, and the server knows no such address", async () => {
  await using scope = new Scope();
  const { server, url } = await start(scope, {});

  expect(server.logs()).not.toContain("/setup");
  expect((await fetch(`${url}/setup`)).status).toBe(404);
});

test("a log has the link where that was asked for; a restart makes another one", async () => {
  await using scope = new Scope();
  const env = { BREADBOX_AUTH_SETUP_LINK: "log" };
  const first = await start(scope, env);
  const old = new URL(linkIn(first.server.logs()) ?? "").hash.slice(1);
  await first.server.stop();
  const { server, url } = await start(scope, env, first.place);
  const secret = new URL(linkIn(server.logs()) ?? "").hash.slice(1);

  expect((await post(`${url}/setup`, old)).status).toBe(403);
  expect((await post(`${url}/setup`, secret)).status).toBe(201);
  expect((await post(`${url}/setup`, secret)).status).toBe(404);
});

test("on a terminal the banner has a link that other machines can follow", async () => {
  await using scope = new Scope();
  const { link, local, port } = await startOnTerminal(scope);

  expect(link.port).toBe(String(port));
  expect((await fetch(local)).status).toBe(200);
  expect((await post(local, link.hash.slice(1))).status).toBe(201);
});

clientTest(
  "the page makes the administrator, logs its browser in, asks only its own server, and forgets the secret",
  { commands: [chromium] },
  async (scope) => {
    const { link, local } = await startOnTerminal(scope);
    const { page, requests, complaints } = await openPage(scope);
    await page.goto(`${local}${link.hash}`);
    expect(page.url()).toBe(local);

    const type = async (id: string, text: string) => {
      await page.focus(`#${id}`);
      await page.keyboard.type(text);
    };
    await type("password", account.password);
    await type("again", "another");
    await press(page, "Create the administrator");
    await untilShown(page, "The two passwords differ.");
    await page.evaluate('document.getElementById("again").value = ""');
    await type("again", account.password);
    await press(page, "Create the administrator");
    const { origin } = new URL(local);
    await waitFor("the first page", () => page.url() === `${origin}/`);
    await untilShown(page, "Access");
    expect(await page.evaluate("document.querySelector('.account summary').textContent")).toBe(
      "admin",
    );

    const authorization = `Basic ${btoa(`admin:${account.password}`)}`;
    const answer = await fetch(new URL("/v2/", local), { headers: { authorization } });
    expect(answer.status).toBe(200);
    expect(new Set(requests.map((url) => new URL(url).origin))).toEqual(new Set([origin]));
    expect(requests.filter((url) => url.includes(link.hash))).toEqual([`${local}${link.hash}`]);
    expect(complaints).toEqual([]);
  },
);
