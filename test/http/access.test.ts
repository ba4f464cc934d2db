// A server that has accounts: logins, tokens, what they give, and what their absence hides.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";
import { pushBlob, pushImage } from "./support/image.ts";
import { openRegistry } from "./support/registry.ts";

let room: Closed;
beforeEach(async () => {
  room = await openClosed();
});
afterEach(() => room[Symbol.asyncDispose]());

const root = basic("root");
const manifest = "/v2/lab/app/manifests/1";

/** Pushes an image while everybody may. */
async function seed(name: string, tag: string) {
  const { accounts, registry } = room;
  const id = await accounts.addRule({
    who: "anonymous",
    effect: "allow",
    pattern: "**",
    actions: "pull,push,overwrite",
  });
  const image = await pushImage(registry.url, { name, tag });
  await accounts.removeRule(id);
  return image;
}
const allow = (who: string, pattern: string, actions: string) =>
  room.accounts.addRule({ who, effect: "allow", pattern, actions });
const deny = (who: string, pattern: string, actions: string) =>
  room.accounts.addRule({ who, effect: "deny", pattern, actions });
const status = async (method: string, path: string, who: string | null, init: RequestInit = {}) =>
  (await room.ask(method, path, who, init)).status;

describe("a server without accounts", () => {
  test("on loopback is open until the first one, and closed from the next request on", async () => {
    await using registry = await openRegistry({ auth: "auto" });
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    expect((await fetch(`${registry.url}/v2/token`)).status).toBe(404);

    await registry.store.rooms.metadata.accounts.addUser({
      ...{ name: "ann", passwordHash: "x", isAdmin: true, stamp: "1" },
      createdAt: 1,
    });

    expect((await fetch(`${registry.url}/v2/`)).status).toBe(401);
    expect((await fetch(`${registry.url}/v2/_catalog`)).status).toBe(401);
  });

  test("stays closed when its last user is removed", async () => {
    await room.accounts.removeUser("root");
    expect(await status("GET", "/v2/", null)).toBe(401);
  });

  test.each([
    ["auto", false],
    ["required", true],
  ] as const)("in mode %s with loopback %p answers 401 to everybody", async (mode, isLoopback) => {
    await using registry = await openRegistry({ auth: mode, isLoopback });

    expect((await fetch(`${registry.url}/v2/`)).status).toBe(401);
    expect((await fetch(`${registry.url}/v2/token`)).status).toBe(401);
    expect((await fetch(`${registry.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${registry.url}/healthz`)).status).toBe(200);
  });
});

describe("the challenge", () => {
  test("names the token endpoint at the host that was asked, with what is needed", async () => {
    const { port } = room.registry.http;
    const answer = await room.ask("GET", manifest, null, {
      headers: { host: `localhost:${port}` },
    });

    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer realm="http://localhost:${port}/v2/token",service="breadbox",scope="repository:lab/app:pull"`,
    );
  });

  test("outside of /v2 it is Basic, which browsers know", async () => {
    const answer = await room.ask("GET", "/v1/buckets", null);
    expect(answer.headers.get("www-authenticate")).toStartWith("Basic ");
  });

  test("follows http.url where the operator named one", async () => {
    await using named = await openClosed({
      hosts: { loopbackOnly: false, url: "https://registry.example.com" },
    });
    const answer = await named.ask("GET", "/v2/", null);
    expect(answer.headers.get("www-authenticate")).toContain(
      'realm="https://registry.example.com/v2/token"',
    );
  });
});

describe("the token endpoint", () => {
  test("gives what the caller may do of what was asked, under both names", async () => {
    await room.accounts.addUser("bob", { password, isAdmin: false });
    await allow("bob", "lab/**", "pull");

    const query = "scope=repository:lab/app:pull,push&scope=repository:other/app:pull";
    const answer = await room.ask("GET", `/v2/token?service=x&${query}`, basic("bob"));

    const body = Object(await answer.json());
    expect(body).toMatchObject({ expires_in: 300, access_token: body["token"] });
    const claims = JSON.parse(Buffer.from(body["token"].split(".")[1], "base64url").toString());
    expect(claims["access"]).toEqual(["repository:lab/app:pull"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(body["refresh_token"]).toBeUndefined();
  });

  test("takes a form with a password, and later one with the refresh token", async () => {
    const post = (form: Readonly<Record<string, string>>) =>
      room.ask("POST", "/v2/token", null, { body: new URLSearchParams(form) });
    const first = await post({
      ...{ grant_type: "password", username: "root", password, access_type: "offline" },
      ...{ service: "x", client_id: "test", scope: "repository:lab/app:pull,push" },
    });
    const { refresh_token } = Object(await first.json());

    const again = await post({ grant_type: "refresh_token", refresh_token, service: "x" });
    expect(again.status).toBe(200);
    const { token } = Object(await again.json());
    expect(await status("GET", "/v2/", `Bearer ${token}`)).toBe(200);
    // A refresh token is for the endpoint alone, and one for requests is none.
    expect(await status("GET", "/v2/", `Bearer ${refresh_token}`)).toBe(401);
    expect((await post({ grant_type: "refresh_token", refresh_token: token })).status).toBe(401);

    await room.accounts.changePassword("root", "another password");
    expect((await post({ grant_type: "refresh_token", refresh_token })).status).toBe(401);
  });

  test("refuses wrong credentials, unless anybody may pull what is asked for", async () => {
    await allow("anonymous", "public/**", "pull");
    const foreign = basic("hubuser", "hubpassword");

    expect(await status("GET", "/v2/token?account=hubuser", foreign)).toBe(401);
    expect(await status("GET", "/v2/token?scope=repository:lab/app:pull", foreign)).toBe(401);
    expect(await status("GET", "/v2/token?scope=repository:public/a:pull,push", foreign)).toBe(401);
    expect(await status("GET", "/v2/token?scope=repository:public/a:pull", foreign)).toBe(200);
  });

  test("a token lives five minutes, and gives nothing longer by being exchanged", async () => {
    const token = await room.bearer(root, "repository:lab/app:pull");
    expect(await status("GET", "/v2/token", token)).toBe(401);
    room.registry.store.clock.advance(299_000);
    expect(await status("GET", manifest, token)).toBe(404);
    room.registry.store.clock.advance(7_000);
    expect(await status("GET", manifest, token)).toBe(401);
  });

  test.each([
    ["a changed password", () => room.accounts.changePassword("bob", "another password")],
    ["a disabled user", () => room.accounts.disableUser("bob", true)],
    ["a removed user", () => room.accounts.removeUser("bob")],
    [
      "a user who was added again",
      async () => {
        await room.accounts.removeUser("bob");
        await room.accounts.addUser("bob", { password, isAdmin: true });
      },
    ],
    ["a rule that is gone", () => room.accounts.removeRule(1)],
  ])("a token that was issued before ends with %s", async (_, change) => {
    await room.accounts.addUser("bob", { password, isAdmin: false });
    await allow("bob", "lab/**", "pull");
    const token = await room.bearer(basic("bob"), "repository:lab/app:pull");
    expect(await status("GET", manifest, token)).toBe(404);

    await change();

    expect(await status("GET", manifest, token)).toBe(401);
  });
});

describe("wrong credentials", () => {
  test("are ignored where anybody may pull, and refused everywhere else", async () => {
    await seed("public/app", "1");
    await allow("anonymous", "public/**", "pull");
    for (const who of [basic("hub", "x"), "Bearer nonsense", "Negotiate abc", null]) {
      expect(await status("GET", "/v2/public/app/manifests/1", who)).toBe(200);
      expect(await status("GET", "/v2/", who)).toBe(401);
      expect(await status("POST", "/v2/public/app/blobs/uploads/", who)).toBe(401);
    }
  });

  test("too many of an address have to wait, an address that is known for the account does not", async () => {
    expect(await status("GET", "/v2/", root)).toBe(200);
    for (let tried = 0; tried < 20; tried += 1) await status("GET", "/v2/", basic("x", "y"));

    const answer = await room.ask("GET", "/v2/", basic("x", "y"));
    expect([answer.status, answer.headers.has("retry-after")]).toEqual([429, true]);
    expect(await status("GET", "/v2/", root)).toBe(200);
    room.registry.store.clock.advance(600_000);
    expect(await status("GET", "/v2/", root)).toBe(200);
  });

  test("never appear in the log", async () => {
    await status("GET", "/v2/", basic("root", "canary-secret"));
    const token = await room.token("ci", "lab/**:pull");
    await status("GET", manifest, token);
    const bearer = await room.bearer(root);
    await status("GET", manifest, bearer);
    const log = JSON.stringify(room.registry.lines);
    const text = Buffer.from(token.slice("Basic ".length), "base64").toString().split(":")[1] ?? "";
    for (const secret of ["canary-secret", password, text, bearer.slice(7), root.slice(6)]) {
      expect(log).not.toContain(secret);
    }
  });
});

describe("a caller who may create but not overwrite", () => {
  test("moves no tag (CVE-2026-31801), and may repeat its own push", async () => {
    const { manifest: body } = await seed("lab/app", "1");
    const { manifest: other } = await seed("lab/app", "2");
    const who = await room.token("new", "lab/**:pull,push");
    const put = (tag: string, text: string) =>
      status("PUT", `/v2/lab/app/manifests/${tag}`, who, {
        body: text,
        headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
      });

    expect(await put("1", body)).toBe(201);
    expect(await put("1", other)).toBe(403);
    expect(await put("3", other)).toBe(201);
    await allow("token:new", "lab/**", "overwrite");
    expect(await put("1", other)).toBe(201);
  });

  test("replaces no object, in one request or in parts", async () => {
    await status("POST", "/v1/buckets", root, { body: '{"name":"lab"}' });
    const who = await room.token("new", "bucket:lab/new/**:pull,push");
    const object = "/v1/buckets/lab/objects/new/a";
    expect(await status("PUT", object, who, { body: "1" })).toBe(201);
    expect(await status("PUT", object, who, { body: "2" })).toBe(403);
    expect(await status("PUT", "/v1/buckets/lab/objects/old/a", who, { body: "1" })).toBe(403);

    const uploads = "/v1/buckets/lab/multipart-uploads";
    const begin = (name: string) =>
      room.ask("POST", uploads, who, { body: JSON.stringify({ object: name }) });
    expect((await begin("old/a")).status).toBe(403);
    const { upload_id: id } = Object(await (await begin("new/a")).json());
    const part = await room.ask("PUT", `${uploads}/${id}/parts/1`, who, { body: "2" });
    const etag = Object(await part.json())["etag"];
    const complete = () =>
      status("POST", `${uploads}/${id}/complete`, who, {
        body: JSON.stringify({ parts: [{ part_number: 1, etag }] }),
      });
    expect(await complete()).toBe(403);
    expect(await (await room.ask("GET", object, who)).text()).toBe("1");
    await allow("token:new", "bucket:lab/new/**", "overwrite");
    expect(await complete()).toBe(200);
    expect(await complete()).toBe(200);
  });

  test("learns of uploads in parts only where it may write", async () => {
    await status("POST", "/v1/buckets", root, { body: '{"name":"lab"}' });
    const uploads = "/v1/buckets/lab/multipart-uploads";
    const begun = await room.ask("POST", uploads, root, { body: '{"object":"secret/a"}' });
    const { upload_id: id } = Object(await begun.json());
    const who = await room.token("new", "bucket:lab/new/**:pull,push");
    const said = async (of: string) => {
      const { request_id: _, ...body } = Object(await (await room.ask("GET", of, who)).json());
      return body;
    };
    expect(await said(`${uploads}/${id}`)).toEqual(
      await said(`${uploads}/01a1f7e5-93cb-728c-8028-5a61b9c8f780`),
    );
    expect(await status("GET", uploads, who)).toBe(403);
    expect(await status("GET", `${uploads}?prefix=new/`, who)).toBe(200);
  });
});

describe("what a caller may not pull", () => {
  test("is not mounted, with or without its name, and the answer is that of content that is not there", async () => {
    const { layerDigest } = await seed("secret/app", "1");
    const who = await room.token("lab", "lab/**:pull,push");
    const mount = (query: string) =>
      status("POST", `/v2/lab/app/blobs/uploads/?mount=${query}`, who);
    expect(await mount(`${layerDigest}&from=secret/app`)).toBe(202);
    expect(await mount(layerDigest)).toBe(202);
    expect(await status("HEAD", `/v2/lab/app/blobs/${layerDigest}`, who)).toBe(404);

    // A bearer token mounts only from what it names.
    const bearer = await room.bearer(root, "repository:lab/app:pull,push");
    const path = `/v2/lab/app/blobs/uploads/?mount=${layerDigest}&from=secret/app`;
    expect(await status("POST", path, bearer)).toBe(202);
    const both = await room.bearer(root, "repository:lab/app:push", "repository:secret/app:pull");
    expect(await status("POST", path, both)).toBe(201);
  });

  test("no object is made of", async () => {
    const { layerDigest } = await seed("secret/app", "1");
    await status("POST", "/v1/buckets", root, { body: '{"name":"lab"}' });
    await status("PUT", "/v1/buckets/lab/objects/secret/a", root, { body: "1" });
    const who = await room.token("lab", "bucket:lab/new/**:pull,push");
    const link = async (from: object) =>
      room.ask("PUT", "/v1/buckets/lab/objects/new/a", who, {
        body: JSON.stringify({ from }),
        headers: { "content-type": "application/json" },
      });
    const absent = `sha256:${"0".repeat(64)}`;
    expect((await link({ repository: "secret/app", digest: layerDigest })).status).toBe(404);
    expect((await link({ repository: "secret/app", digest: absent })).status).toBe(404);
    expect((await link({ bucket: "lab", object: "secret/a" })).status).toBe(404);
    // Mounting from a bucket needs all of it.
    const mounter = await room.token("m", "lab/**:pull,push", "bucket:lab/new/**:pull");
    const digest = `sha256:${new Bun.CryptoHasher("sha256").update("1").digest("hex")}`;
    const path = `/v2/lab/app/blobs/uploads/?mount=${digest}&from=lab`;
    expect(await status("POST", path, mounter)).toBe(202);
  });

  test("is not listed: pages are full, keyed, and end with the last visible name", async () => {
    for (const at of [1, 2, 3, 4, 5]) {
      await seed(`lab/app${at}`, "1");
      await seed(`secret/app${at}`, "1");
      await seed(`zoo${at}/lab`, "1");
    }
    const who = await room.token("some", "lab/**:pull", "*/lab:pull");
    const seen: string[] = [];
    let path: string | null = "/v2/_catalog?n=3";
    const sizes: number[] = [];
    while (path !== null) {
      const answer: Response = await room.ask("GET", path, who);
      const { repositories } = Object(await answer.json());
      sizes.push(repositories.length);
      seen.push(...repositories);
      path = /<([^>]+)>/.exec(answer.headers.get("link") ?? "")?.[1] ?? null;
    }
    expect(sizes).toEqual([3, 3, 3, 1]);
    expect(seen.some((name) => name.startsWith("secret"))).toBe(false);
    expect(seen).toEqual(seen.toSorted());

    // By a bearer token only if it is one for the catalog.
    expect(await status("GET", "/v2/_catalog", await room.bearer(who))).toBe(401);
    const token = await room.bearer(who, "registry:catalog:*");
    const listed = Object(await (await room.ask("GET", "/v2/_catalog", token)).json());
    expect(listed["repositories"]).toEqual(seen);
  });

  test("is left out of the list of buckets, and of objects where a rule denies some", async () => {
    for (const name of ["lab", "zoo"]) {
      await status("POST", "/v1/buckets", root, { body: JSON.stringify({ name }) });
    }
    const who = await room.token("some", "bucket:lab:pull");
    const listed = Object(await (await room.ask("GET", "/v1/buckets", who)).json());
    expect(listed["buckets"].map(({ name }: { name: string }) => name)).toEqual(["lab"]);
    expect(await status("GET", "/v1/buckets/lab/objects", who)).toBe(200);

    await deny("token:some", "bucket:lab/secret/**", "pull");
    expect(await status("GET", "/v1/buckets/lab/objects", who)).toBe(403);
    expect(await status("GET", "/v1/buckets/lab/objects?prefix=sec", who)).toBe(403);
    expect(await status("GET", "/v1/buckets/lab/objects?prefix=open/", who)).toBe(200);
  });
});

describe("the lease of a blob", () => {
  test("is not renewed by those who may only pull", async () => {
    const blob = new TextEncoder().encode("lease");
    const id = await allow("anonymous", "**", "pull,push");
    const digest = await pushBlob(room.registry.url, "lab/app", blob);
    await room.accounts.removeRule(id);
    const database = new Database(join(room.registry.store.directory, "breadbox.db"));
    const rows = database.query<{ kept_until: number }, [string]>(
      "SELECT kept_until FROM contents WHERE digest = ?",
    );
    const keptUntil = () => rows.get(digest)?.kept_until ?? 0;
    const before = keptUntil();
    room.registry.store.clock.advance(3_000_000);

    await allow("anonymous", "lab/**", "pull");
    expect(await status("HEAD", `/v2/lab/app/blobs/${digest}`, null)).toBe(200);
    expect(keptUntil()).toBe(before);
    const pusher = await room.token("p", "lab/**:pull,push");
    expect(await status("HEAD", `/v2/lab/app/blobs/${digest}`, pusher)).toBe(200);
    expect(keptUntil()).toBeGreaterThan(before);
    database.close();
  });
});
