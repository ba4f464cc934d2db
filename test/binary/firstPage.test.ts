// A newcomer's first minutes: what the first page of an empty server says is typed as it is written there, and works.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openHtml } from "../pages/support/html.ts";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test("the commands of the first page of an empty server work as written, and the page shows what they stored", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const folder = tempFolder(scope, "newcomer");
  const binary = await breadboxBinary();
  await Bun.write(join(folder, "FILE"), "hello");
  const first = await openHtml(server.url);
  expect([first.status, first.texts("main h2")]).toEqual([200, ["Nothing is stored yet"]]);
  const commands = first
    .texts(".command code")
    .join(" ")
    .split(/(?=docker |breadbox )/)
    .map((command) => command.trim());
  const ours = commands.filter((command) => command.startsWith("breadbox "));

  expect(ours.map((command) => command.split(" ").slice(1, 3).join(" "))).toEqual([
    ...["bucket create", "bucket put"],
  ]);
  for (const command of ours) {
    await run([binary, ...command.split(" ").slice(1)], { cwd: folder });
  }

  const page = await openHtml(server.url);
  expect(page.texts("tbody tr")).toEqual(["backups15 B"]);
  const file = await openHtml(`${server.url}/buckets/backups`);
  expect(file.texts("tbody th a")).toEqual(["FILE"]);
});

test("a newcomer who mistypes is told the next step, and nothing is left behind", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const folder = tempFolder(scope, "newcomer");
  const binary = await breadboxBinary();
  const breadbox = (...args: readonly string[]) =>
    run([binary, ...args], { cwd: folder, mayFail: true, env: { BREADBOX_SERVER: server.url } });

  for (const [args, code, said] of [
    [["sevre"], 2, "Did you mean serve?"],
    [["bucket", "stat", "nosuch"], 1, "There is no such bucket. `breadbox bucket ls` lists"],
    [["tags", "nobody"], 1, "No repository named nobody."],
    [["serve", "--listen", `127.0.0.1:${server.port}`], 5, "Try: breadbox serve --listen"],
    [["config", "check", "--json", "nosuch.yml"], 3, '"valid": false'],
  ] as const) {
    const ended = await breadbox(...args);
    expect([args, ended.code, ended.output]).toEqual([
      ...[args, code, expect.stringContaining(said)],
    ]);
  }
  expect([...new Bun.Glob("**").scanSync({ cwd: folder, onlyFiles: false })]).toEqual([]);
});
