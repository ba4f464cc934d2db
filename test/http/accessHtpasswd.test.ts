// Users of an htpasswd file who have rights in every repository, as distribution gives them.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Action } from "../../src/access/actions.ts";
import { HtpasswdFile } from "../../src/access/htpasswdFile.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { basic, openClosed, password } from "./support/accessRoom.ts";
import { pushImage } from "./support/image.ts";

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** A registry with a user `ann` of a file, and an image lab/app:1. */
async function open(...rights: readonly Action[]) {
  const path = join(tempFolder(scope, "users"), "htpasswd");
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
  writeFileSync(path, `ann:${hash}\n`);
  const now = () => performance.now();
  const htpasswd = new HtpasswdFile({ path, rights, onNotice: () => {}, now });
  const room = await openClosed({ htpasswd });
  scope.defer(() => room[Symbol.asyncDispose]());
  const { accounts, ask, registry } = room;
  const everything = { who: "anonymous", effect: "allow", pattern: "**" } as const;
  const id = await accounts.addRule({ ...everything, actions: "pull,push,overwrite" });
  const { manifest } = await pushImage(registry.url, { name: "lab/app", tag: "1" });
  await accounts.removeRule(id);
  const headers = { "content-type": Object(JSON.parse(manifest))["mediaType"] };
  const put = async (tag: string, who: string, note = "") => {
    const body = JSON.stringify({ ...JSON.parse(manifest), annotations: { note } });
    return (await ask("PUT", `/v2/lab/app/manifests/${tag}`, who, { body, headers })).status;
  };
  const status = async (method: string, path: string, who: string) =>
    (await ask(method, path, who)).status;
  return { ...room, put, status };
}

test("they pull, push and move tags everywhere, by password and by token, and nothing else", async () => {
  const { put, status, bearer, ask } = await open("pull", "push", "overwrite");
  const ann = basic("ann");
  const token = await bearer(ann, "repository:lab/app:pull,push,delete");

  for (const who of [ann, token]) {
    expect(await status("GET", "/v2/lab/app/manifests/1", who)).toBe(200);
    expect(await put("2", who)).toBe(201);
    expect(await put("1", who, who)).toBe(201);
  }
  expect(await status("DELETE", "/v2/lab/app/manifests/1", ann)).toBe(403);
  expect(await status("DELETE", "/v2/lab/app/manifests/1", token)).toBe(401);
  expect(await status("GET", "/v1/buckets/backups/objects", ann)).toBe(403);
  expect(await status("GET", "/metrics", ann)).toBe(403);
  expect(await (await ask("GET", "/v2/_catalog", ann)).json()).toEqual({
    repositories: ["lab/app"],
  });
});

test("a token that was made for one repository gives nothing in another", async () => {
  const { status, bearer } = await open("pull", "push", "overwrite");
  const token = await bearer(basic("ann"), "repository:other/app:pull");

  expect(await status("GET", "/v2/lab/app/manifests/1", token)).toBe(401);
});

test("rules come first: what one denies, the file does not give", async () => {
  const { accounts, put, status } = await open("pull", "push", "overwrite");
  const deny = { effect: "deny", pattern: "lab/**" } as const;
  expect(await put("2", basic("ann"))).toBe(201);
  await accounts.addRule({ ...deny, who: "authenticated", actions: "push" });
  expect(await put("3", basic("ann"))).toBe(403);
  expect(await status("GET", "/v2/lab/app/manifests/1", basic("ann"))).toBe(200);

  await accounts.addRule({ ...deny, who: "ann", actions: "pull" });
  expect(await status("GET", "/v2/lab/app/manifests/1", basic("ann"))).toBe(403);
});

test("they may do nothing where they were given nothing", async () => {
  const { status } = await open();
  expect(await status("GET", "/v2/", basic("ann"))).toBe(200);
  expect(await status("GET", "/v2/lab/app/manifests/1", basic("ann"))).toBe(403);
});

test("a user of the database with the same name has his own rights only", async () => {
  const { accounts, status } = await open("pull", "push", "overwrite");
  await accounts.addUser("ann", { password, isAdmin: false });

  expect(await status("GET", "/v2/lab/app/manifests/1", basic("ann"))).toBe(403);
  await accounts.disableUser("ann", true);
  expect(await status("GET", "/v2/lab/app/manifests/1", basic("ann"))).toBe(401);
});
