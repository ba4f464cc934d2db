// The first minutes of a server that others can reach, as its operator sees them: nobody gets in, one command, a login.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import { answers200, freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});

/** A server on every address of the machine. */
async function start(
  scope: Scope,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
) {
  const folder = tempFolder(scope, "first-run");
  const data = join(folder, "data");
  const port = freePort();
  const binary = await breadboxBinary();
  const serve = [binary, "serve", "--data", data, "--listen", `:${port}`, ...options];
  const server = startProcess(scope, serve, { log: join(folder, "log"), cwd: folder, env });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: server.logs });
  const status = async (headers: Readonly<Record<string, string>> = {}, path = "/v2/") =>
    (await fetch(`${url}${path}`, { headers })).status;
  const command = async (input: string, ...args: readonly string[]) => {
    const run = Bun.spawn([binary, ...args, "--data", data], {
      cwd: folder,
      stdin: new Blob([input]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const output = (await run.stdout.text()) + (await run.stderr.text());
    return { code: await run.exited, output };
  };
  return { folder, server, status, command };
}

test("nobody gets in until there is a user, and the log says what to type", async () => {
  await using scope = new Scope();
  const { server, status, command } = await start(scope, {});
  for (const path of ["/v2/", "/v2/_catalog", "/v2/token", "/v1/buckets", "/metrics", "/swagger"]) {
    expect(await status({}, path)).toBe(401);
  }
  expect(server.logs()).toContain("breadbox user add admin --admin");

  const short = await command("short", "user", "add", "ann", "--admin", "--password-stdin");
  expect([short.code, short.output]).toEqual([2, expect.stringContaining("8 characters")]);
  await command("correct horse\n", "user", "add", "ann", "--admin", "--password-stdin");

  expect(await status(basic("ann", "correct horse"))).toBe(200);
  expect(await status(basic("ann", "wrong horse"))).toBe(401);
  expect(await status()).toBe(401);
});

test("a token does what it was made for, until it is revoked, and no command prints it again", async () => {
  await using scope = new Scope();
  const { status, command } = await start(scope, {});
  const made = await command("", "token", "create", "ci", "--grant", "lab/**:pull,push", "--json");
  const token = JSON.parse(made.output.slice(0, made.output.indexOf("}") + 1))["token"];

  expect(await status(basic("any", token))).toBe(200);
  expect(await status({ authorization: `Bearer ${token}` }, "/v2/lab/app/tags/list")).toBe(404);
  expect(await status({ authorization: `Bearer ${token}` }, "/v2/other/app/tags/list")).toBe(403);
  const listed = await command("", "token", "ls");
  expect(listed.output).toContain("lab/**:pull,push");
  expect(listed.output).not.toContain(token);

  await command("", "token", "revoke", "ci");
  expect(await status(basic("any", token))).toBe(401);
});

test("the variables of registry:2 with an htpasswd file give its users what they had", async () => {
  await using scope = new Scope();
  const file = join(tempFolder(scope, "users"), "htpasswd");
  const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
  writeFileSync(file, `ann:${hash}\n`);
  const { server, status, command } = await start(scope, {
    REGISTRY_AUTH: "htpasswd",
    REGISTRY_AUTH_HTPASSWD_REALM: "Registry",
    REGISTRY_AUTH_HTPASSWD_PATH: file,
  });
  const ann = basic("ann", "secret");

  expect([await status(), await status(ann), await status(basic("ann", "wrong"))]).toEqual([
    ...[401, 200, 401],
  ]);
  expect(await status(ann, "/v2/team/app/tags/list")).toBe(404);
  expect(server.logs()).toContain("in every repository: pull,push,overwrite. Rules come first");

  // A command knows neither the variables nor the file but from the server.
  const may = async (action: string, what: string) =>
    (await command("", "access", "test", "ann", action, what)).output;
  expect(await may("push", "team/app")).toBe(
    "allowed: auth.htpasswdRights allows it to every user of the htpasswd file, and no rule is about it\n",
  );
  expect(await may("delete", "team/app")).toStartWith("denied");
  expect(await may("pull", "bucket:backups")).toStartWith("denied");
  for (const [who, reason] of [
    ["bob", "there is no user bob"],
    ["token:bob", "there is no token bob"],
    ["workload:bob", "there is no trust rule bob"],
  ] as const) {
    const answer = await command("", "access", "test", who, "pull", "team/app");
    expect([answer.code, answer.output]).toEqual([1, `denied: ${reason}\n`]);
  }
  await command("", "access", "deny", "ann", "secret/**", "pull,push");
  expect(await status(ann, "/v2/secret/app/tags/list")).toBe(403);
});

test("BREADBOX_ADMIN_PASSWORD makes the first user, whose password nothing prints", async () => {
  await using scope = new Scope();
  const { server, status, command } = await start(scope, {
    BREADBOX_ADMIN_PASSWORD: "canary password",
  });
  expect(await status(basic("admin", "canary password"))).toBe(200);
  const shown = await command("", "config", "show");
  expect(shown.output + server.logs()).not.toContain("canary");
  const denied = await command("", "access", "test", "anonymous", "pull", "lab/app");
  expect([denied.code, denied.output]).toEqual([1, "denied: no rule allows it\n"]);
  await command("", "access", "allow", "anonymous", "lab/**", "pull");
  expect((await command("", "access", "test", "anonymous", "pull", "lab/app")).output).toStartWith(
    "allowed: rule 1: allow anonymous lab/** pull",
  );
  expect(await status({}, "/v2/lab/app/tags/list")).toBe(404);
});

test("--open asks nobody to log in, and the log warns of it", async () => {
  await using scope = new Scope();
  const { server, status } = await start(scope, {}, ["--open"]);

  expect(await status()).toBe(200);
  expect(server.logs()).toContain("anyone who can reach this address can push and delete");
});

test("users of an htpasswd file are added with their passwords and grants, once", async () => {
  await using scope = new Scope();
  const { folder, status, command } = await start(scope, {});
  const hash = await Bun.password.hash("pass of ann", { algorithm: "bcrypt", cost: 4 });
  const file = join(folder, "users");
  writeFileSync(file, `ann:${hash.replace("$2b$", "$2y$")}\nbob:$apr1$x$y\nno/name:${hash}\n`);

  const added = await command("", "user", "import", file, "--grant", "lab/**:pull");
  expect(added.code).toBe(1);
  expect(added.output).toStartWith("Added 1 user: ann.\n");
  expect(added.output).toContain(
    'Left out: line 2: the password of "bob" is not hashed with bcrypt',
  );
  expect(added.output).toContain('Left out: "no/name" is no name');
  expect(added.output).not.toContain("$apr1");

  const ann = basic("ann", "pass of ann");
  expect(await status(ann, "/v2/lab/app/tags/list")).toBe(404);
  expect(await status(ann, "/v2/other/app/tags/list")).toBe(403);
  expect(await status(basic("ann", "pass of bob"))).toBe(401);

  const again = await command("", "user", "import", file, "--grant", "**:pull");
  expect(again.output).toStartWith("There is a user ann: nothing was changed.\nAdded 0 users.\n");
  expect(await status(ann, "/v2/other/app/tags/list")).toBe(403);
  const missing = await command("", "user", "import", join(folder, "none"));
  expect([missing.code, missing.output]).toEqual([1, expect.stringContaining("cannot be read")]);
});
