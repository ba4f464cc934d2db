// The audit trail of the compiled binary, as its operator asks for it: after a crash, and while nothing is running.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { pushImage } from "../http/support/image.ts";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const password = "correct horse battery";

/** Runs commands on a data directory. */
async function open(scope: Scope) {
  const data = join(tempFolder(scope, "audit"), "data");
  const binary = await breadboxBinary();
  const command = async (args: readonly string[], input = "") => {
    const child = Bun.spawn([binary, ...args, "--data", data], {
      ...{ stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" },
      env: { PATH: process.env["PATH"] ?? "" },
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, stdout, stderr };
  };
  return { data, command };
}

const login = { authorization: `Basic ${btoa(`ann:${password}`)}` };

/** Moves a tag in a server that asks for a login. */
async function moveTag({ url }: RunningRegistry): Promise<void> {
  const path = `${url}/v2/lab/app/manifests`;
  const old = await fetch(`${path}/v1`, { headers: login });
  const headers = { ...login, "content-type": old.headers.get("content-type") ?? "" };
  const body = `${await old.text()} `;
  expect((await fetch(`${path}/v1`, { method: "PUT", headers, body })).status).toBe(201);
}

test("whoever was told that a tag has moved finds it in the trail after kill -9, with who moved it", async () => {
  await using scope = new Scope();
  const { data, command } = await open(scope);
  const server = await startBreadbox(scope, { data });
  await pushImage(server.url, { name: "lab/app", tag: "v1" });
  await command(["user", "add", "ann", "--admin", "--password-stdin"], password);
  await moveTag(server);
  await server.kill9();

  const { stdout } = await command(["audit", "--repository", "lab/app", "--json"]);
  const { entries } = JSON.parse(stdout);
  expect(entries).toMatchObject([
    { event: "tag.move", who: "user:ann", address: "127.0.0.1", detail: "v1" },
    { event: "push", who: null, address: "127.0.0.1", detail: "v1", times: 1 },
  ]);
  expect(entries[0].previous_digest).toBe(entries[1].digest);
  expect(Date.parse(entries[0].at)).toBeGreaterThan(Date.now() - 60_000);

  const { stdout: text } = await command(["audit", "--who", "ann"]);
  expect(text).toMatch(/^TIME \(UTC\) +EVENT +WHO +ADDRESS +WHAT\n/);
  expect(text).toMatch(
    /tag\.move +user:ann +127\.0\.0\.1 +lab\/app:v1 sha256:\w{12} \(before: sha256:\w{12}\)\n/,
  );
});

test("commands are in the trail under the name of the user of the system", async () => {
  await using scope = new Scope();
  const { data, command } = await open(scope);
  await (await startBreadbox(scope, { data })).stop();
  await command(["user", "add", "bob", "--password-stdin"], password);
  await command(["access", "allow", "bob", "lab/**", "pull"]);

  const names = Bun.spawnSync(["id", "--user", "--name"]).stdout.toString().trim();
  const { stdout } = await command(["audit", "--who", `command:${names}`]);
  const lines = stdout.trimEnd().split("\n").slice(1);
  expect(lines.map((line) => line.split(/ {2,}/).slice(1))).toEqual([
    ["rule.add", `command:${names}`, "-", "rule:1 allow user:bob lab/** pull"],
    ["user.add", `command:${names}`, "-", "user:bob"],
  ]);
});

test("what is asked for is shown, and what is not understood is refused", async () => {
  await using scope = new Scope();
  const { data, command } = await open(scope);
  await (await startBreadbox(scope, { data })).stop();
  for (const name of ["a", "b", "c"]) await command(["access", "allow", name, "**", "pull"]);

  const shown = async (...args: readonly string[]) => {
    const { stdout } = await command(["audit", "--json", ...args]);
    return JSON.parse(stdout).entries.map(({ resource }: { resource: string }) => resource);
  };
  expect((await shown()).slice(0, 3)).toEqual(["rule:3", "rule:2", "rule:1"]);
  expect(await shown("--limit", "1")).toEqual(["rule:3"]);
  expect((await shown("--since", "1h")).slice(0, 2)).toEqual(["rule:3", "rule:2"]);
  expect(await shown("--since", "2999-01-01")).toEqual([]);
  expect(await shown("--repository", "rule:2")).toEqual(["rule:2"]);
  expect((await command(["audit", "--limit", "1"])).stdout).toContain("There are more");
  expect((await command(["audit", "--who", "nobody"])).stdout).toBe("There are no entries.\n");
  for (const wrong of [
    ["--since", "yesterday"],
    ["--limit", "0"],
    ["--limit", "x"],
  ]) {
    const { code, stderr } = await command(["audit", ...wrong]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${wrong[0]} takes`)]);
  }
});
