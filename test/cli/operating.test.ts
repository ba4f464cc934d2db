// Commands of an operator as processes from their sources, beside a server with a CA of its own: what each prints, and that programs can read it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../support/bytes.ts";
import { freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { breadbox, main } from "./command.ts";

const scope = new Scope();
const folder = tempFolder(scope, "operating");
const data = join(folder, "data");
const config = join(folder, "breadbox.yml");
const url = `https://127.0.0.1:${freePort()}`;
const tls = { rejectUnauthorized: false };
const hook = "{name: deploy, url: 'http://127.0.0.1:9/', secret: 0123456789abcdef}";

const run = (...args: readonly string[]) =>
  breadbox([...args, "--config", config, "--data", data], { cwd: folder });
const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse((await run(...args, "--json")).out);

beforeAll(async () => {
  writeFileSync(
    config,
    `http: {listen: "${new URL(url).host}", tls: {hosts: [registry.lan]}}\nwebhooks: [${hook}]\n`,
  );
  const args = ["serve", "--tls", "self-signed", "--config", config, "--data", data];
  const log = join(folder, "log");
  const server = startProcess(scope, [process.execPath, main, ...args], {
    cwd: folder,
    log,
    env: {},
  });
  const isReady = async () =>
    (await fetch(`${url}/readyz`, { tls }).catch(() => null))?.ok === true;
  await waitFor("the server", isReady, { explain: server.logs });
  const blob = "a layer";
  const uploads = `${url}/v2/team/app/blobs/uploads/`;
  await fetch(`${uploads}?digest=${sha256(blob)}`, { method: "POST", body: blob, tls });
  await fetch(uploads, { method: "POST", tls });
}, 60_000);
afterAll(() => scope[Symbol.asyncDispose]());

describe("beside a server with a CA of its own,", () => {
  test("trust-ca prints what each client needs", async () => {
    const { out, err, code } = await run("trust-ca", "registry.lan:5443");

    expect([err, code]).toEqual(["", 0]);
    for (const text of ["/etc/docker/certs.d/registry.lan:5443", "containerd", "k3s", "podman"]) {
      expect(out.toLowerCase()).toContain(text);
    }
  });

  test("health asks it, and uploads ls shows what is open", async () => {
    expect(await run("health")).toMatchObject({ out: '{"status":"ready"}\n', code: 0 });
    expect((await run("uploads", "ls")).out).toContain("team/app");
    expect(await json("uploads", "ls")).toMatchObject({ total: { uploads: 1, bytes: 0 } });
  });

  test("audit shows who did what", async () => {
    expect((await run("user", "import", join(folder, "absent"))).code).not.toBe(0);
    expect((await run("audit")).out).toMatch(/^TIME \(UTC\).*\n.*key\.rotate/);
    expect(await json("audit", "--who", "server")).toMatchObject({
      entries: [{ event: "key.rotate", who: "server" }],
    });
    const wrong = await run("audit", "--since", "yesterday");
    expect([wrong.out, wrong.code]).toEqual(["", 2]);
  });

  test("webhook ls, test and dead say how deliveries are", async () => {
    expect((await run("webhook", "ls")).out).toContain("deploy");
    expect(await json("webhook", "ls")).toMatchObject({
      webhooks: [{ name: "deploy", signed: true, dead: 0 }],
    });
    expect((await run("webhook", "dead", "deploy")).out).toBe("Nothing was given up.\n");
    expect((await run("webhook", "retry", "deploy")).code).toBe(0);
    expect((await run("webhook", "test", "deploy")).code).not.toBe(0);
  });

  test("trust adds a rule, lists and removes it", async () => {
    const added = await run("trust", "github", "acme/app", "team/**:pull,push", "--id", "123456");
    expect([added.err, added.code]).toEqual(["", 0]);
    expect((await run("trust", "ls")).out).toContain("acme/app");
    expect(await json("trust", "ls")).toMatchObject({ rules: [{ name: "acme/app" }] });
    expect((await run("trust", "rm", "acme/app")).code).toBe(0);
    expect((await run("trust", "ls")).out).toStartWith("There are no trust rules");
  });

  test("backup is listed, verified and restored", async () => {
    const [target, restored] = [join(folder, "backups"), join(folder, "restored")];
    const { out, code } = await run("backup", target);
    expect([out, code]).toEqual([
      expect.stringMatching(/^Backed up: \S+\.1,[\s\S]*1 content, 7 B/),
      0,
    ]);

    expect((await breadbox(["backup", "list", target])).out).toContain(".1");
    expect((await breadbox(["backup", "verify", target])).code).toBe(0);
    const done = await breadbox(["restore", target, "--data", restored, "--verify"]);
    expect(done.out).toStartWith("Restored ");
    expect((await breadbox(["restore", target, "--data", restored])).code).not.toBe(0);
    expect((await breadbox(["fsck", "--full", "--data", restored])).out).toContain("No problems.");
  });
});
