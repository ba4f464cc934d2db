// A server that has accounts: what callers may not do, and may not even know.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { basic, type Closed, openClosed } from "./support/accessRoom.ts";
import { pushBlob } from "./support/image.ts";

let room: Closed;
beforeEach(async () => {
  room = await openClosed();
});
afterEach(() => room[Symbol.asyncDispose]());

const root = basic("root");

const seed = (name: string, tag: string) => room.seed(name, tag);
const allow = (who: string, pattern: string, actions: string) =>
  room.accounts.addRule({ who, effect: "allow", pattern, actions });
const deny = (who: string, pattern: string, actions: string) =>
  room.accounts.addRule({ who, effect: "deny", pattern, actions });
const status = (...asked: Parameters<Closed["ask"]>) => room.status(...asked);

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
