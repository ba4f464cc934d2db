// The audit trail as an administrator reads it over HTTP: who logged in, who changed what, and nothing that is secret.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isWrite } from "../../src/http/operation.ts";
import { operations } from "../../src/http/operations.ts";
import { githubJob } from "../support/issuer.ts";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";
import { pushImage } from "./support/image.ts";
import { openKeyless } from "./support/keylessRoom.ts";
import { openRegistry } from "./support/registry.ts";

let room: Closed;
beforeAll(async () => {
  room = await openClosed();
});
afterAll(() => room[Symbol.asyncDispose]());

type Entry = Readonly<Record<string, string | number | null>>;

/** A page, as an administrator gets it. */
async function page(query = ""): Promise<{ readonly entries: Entry[]; readonly next: string }> {
  await room.registry.trail.flush();
  const answer = await room.ask("GET", `/v1/audit${query}`, basic("root"));
  expect(answer.status).toBe(200);
  return Object(await answer.json());
}

/** What the entries of a page say, the latest last. */
async function said(query: string, ...members: readonly string[]) {
  const { entries } = await page(query);
  return entries.toReversed().map((entry) => members.map((member) => entry[member]));
}

/** Changes that are part of another one, which is written down, or of none that anybody could ask about. */
const unwritten = new Set([
  ...["startUpload", "appendUpload", "finishUpload", "cancelUpload"],
  ...["initiateMultipartUpload", "putPart", "abortMultipartUpload"],
]);

/** Every other operation that changes something, done by the user `bob`, and the entry that it leaves. */
const written: Readonly<Record<string, readonly [event: string, resource: string]>> = {
  createBucket: ["bucket.create", "bucket:photos"],
  putObject: ["object.put", "bucket:photos/a b.txt"],
  completeMultipartUpload: ["object.put", "bucket:photos/parts"],
  deleteObject: ["object.delete", "bucket:photos/a b.txt"],
  deleteBucket: ["bucket.delete", "bucket:empty"],
  putManifest: ["push", "lab/app"],
  deleteManifest: ["manifest.delete", "lab/app"],
  deleteBlob: ["blob.delete", "lab/app"],
  createBucketByForm: ["bucket.create", "bucket:formed"],
  deleteBucketByForm: ["bucket.delete", "bucket:formed"],
  deleteObjectByForm: ["object.delete", "bucket:formed/a.txt"],
  putFileByForm: ["object.put", "bucket:formed/file.txt"],
  linkByForm: ["object.put", "bucket:formed/link"],
  deleteByPlan: ["manifest.delete", "lab/planned"],
  applyDeletionPage: ["manifest.delete", "lab/chosen"],
};

test("every operation that changes something leaves an entry with its author, or is known to leave none", async () => {
  const ids = operations.filter(isWrite).map(({ id }) => id);
  expect(ids.toSorted()).toEqual([...Object.keys(written), ...unwritten].toSorted());

  await room.accounts.addUser("bob", { password, isAdmin: true });
  const bob = basic("bob");
  const json = { headers: { "content-type": "application/json" } };
  const ask = async (method: string, path: string, init: RequestInit = {}) => {
    const answer = await room.ask(method, path, bob, init);
    expect([method, path, answer.ok]).toEqual([method, path, true]);
    return answer;
  };
  const post = (path: string, body: object) =>
    ask("POST", path, { ...json, body: JSON.stringify(body) });
  await post("/v1/buckets", { name: "photos" });
  await post("/v1/buckets", { name: "empty" });
  await ask("DELETE", "/v1/buckets/empty");
  await ask("PUT", "/v1/buckets/photos/objects/a%20b.txt", { body: "x" });
  await ask("DELETE", "/v1/buckets/photos/objects/a%20b.txt");
  const uploads = "/v1/buckets/photos/multipart-uploads";
  const { upload_id: id } = Object(await (await post(uploads, { object: "parts" })).json());
  const part = await ask("PUT", `${uploads}/${id}/parts/1`, { body: "x" });
  const etag = Object(await part.json())["etag"];
  await post(`${uploads}/${id}/complete`, { parts: [{ part_number: 1, etag }] });
  const { digest, layer } = await pushAs(bob);
  await ask("DELETE", `/v2/lab/app/manifests/${digest}`);
  await ask("DELETE", `/v2/lab/app/blobs/${layer}`);
  const form = (path: string, fields: Record<string, string> = {}) =>
    ask("POST", path, { body: new URLSearchParams(fields) });
  await form("/buckets", { name: "formed" });
  await ask("PUT", "/v1/buckets/formed/objects/a.txt", { body: "x" });
  const file = new FormData();
  file.append("file", new File(["x"], "file.txt"));
  await ask("POST", "/buckets/formed/files", { body: file });
  const linked = await pushAs(bob, "linked", "lab/linked");
  const source = { repository: "lab/linked", digest: linked.layer };
  await form("/buckets/formed/links", { name: "link", ...source });
  for (const object of ["a.txt", "file.txt", "link"]) {
    await form("/buckets/formed/delete", { object });
  }
  await form("/buckets/formed/remove");
  await pushAs(bob, "layer", "lab/planned");
  const targets = ["lab/planned"];
  const planned = Object(await (await post("/v1/deletions", { targets })).json());
  await post("/v1/deletions", { targets, plan: planned["plan"]["id"] });
  await pushAs(bob, "layer", "lab/chosen");
  const chosen = "/repositories/lab/chosen/-/deletion";
  const html = await (await ask("GET", chosen)).text();
  const plan = /name="plan" value="([0-9a-f]+)"/.exec(html)?.[1] ?? "";
  await form(chosen, { plan });

  const entries = await said("?who=user:bob", "event", "resource", "address");
  for (const [event, resource] of Object.values(written)) {
    expect(entries).toContainEqual([event, resource, "127.0.0.1"]);
  }
});

/** Pushes a manifest with one layer, tagged `v1`. */
async function pushAs(who: string, text = "layer", name = "lab/app") {
  const layer = `sha256:${new Bun.CryptoHasher("sha256").update(text).digest("hex")}`;
  await room.ask("POST", `/v2/${name}/blobs/uploads/?digest=${layer}`, who, { body: text });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const descriptor = { mediaType: "application/x", digest: layer, size: text.length };
  const body = { schemaVersion: 2, mediaType, config: descriptor, layers: [descriptor] };
  const answer = await room.ask("PUT", `/v2/${name}/manifests/v1`, who, {
    body: JSON.stringify(body),
    headers: { "content-type": mediaType, "x-request-id": `push-${text}` },
  });
  expect(answer.status).toBe(201);
  return { layer, digest: answer.headers.get("docker-content-digest") };
}

test("a moved tag says who moved it, by which request, and what it named before", async () => {
  const ci = await room.token("ci", "lab/**:pull,push,overwrite");
  const first = await pushAs(ci, "one");
  const second = await pushAs(ci, "two");

  const { entries } = await page("?resource=lab/app&who=token:ci");
  expect(entries).toMatchObject([
    {
      event: "tag.move",
      who: "token:ci",
      address: "127.0.0.1",
      request_id: "push-two",
      detail: "v1",
      digest: second.digest,
      previous_digest: first.digest,
    },
    { event: "push", request_id: "push-one", digest: first.digest, previous_digest: null },
  ]);
});

test("the log names who pushed, moved and deleted", async () => {
  const { digest } = await pushAs(basic("root"), "logged");
  await room.ask("DELETE", `/v2/lab/app/manifests/${digest}`, basic("root"));

  const lines = room.registry.lines.filter((line) => line["digest"] === digest);
  expect(lines.map(({ event, who, address }) => [event, who, address])).toEqual([
    ["push", "user:root", "127.0.0.1"],
    ["delete", "user:root", "127.0.0.1"],
  ]);
});

describe("logins", () => {
  test("are written down once, however many requests they are for, and so is the login behind a bearer token", async () => {
    await room.accounts.addUser("carl", { password, isAdmin: false });
    for (let index = 0; index < 5; index += 1) await room.ask("GET", "/v2/", basic("carl"));
    const bearer = await room.bearer(basic("carl"));
    await room.ask("GET", "/v2/", bearer);

    expect(await said("?who=user:carl", "event", "address", "times")).toEqual([
      ["login", "127.0.0.1", 1],
    ]);
    const lines = room.registry.lines.filter(({ who }) => who === "user:carl");
    expect(lines.map(({ event, msg }) => [event, msg])).toEqual([
      ["login", "login user:carl from 127.0.0.1"],
    ]);
  });

  test("that fail name the account that there is, and never a text that is no account", async () => {
    await room.accounts.addUser("dora", { password, isAdmin: false });
    const old = await room.token("old", "lab/**:pull");
    await room.accounts.revokeToken("old");
    for (const who of [
      basic("dora", "wrong canary"),
      basic("canary password", ""),
      basic("canary password", "dora"),
      old,
      basic("x", `bbx_${"0".repeat(38)}`),
      "Bearer canary.canary.canary",
    ]) {
      await room.ask("GET", "/v2/", who);
    }

    const failed = (await page("?limit=1000")).entries.filter(
      ({ event }) => event === "login.failed",
    );
    expect(failed.map(({ who }) => who).toSorted()).toEqual([null, "token:old", "user:dora"]);
    expect(JSON.stringify([await page("?limit=1000"), room.registry.lines])).not.toContain(
      "canary",
    );
  });

  test("by refresh tokens count, right and wrong", async () => {
    await room.accounts.addUser("fred", { password, isAdmin: false });
    const form = (fields: Readonly<Record<string, string>>) =>
      room.ask("POST", "/v2/token", null, { body: new URLSearchParams(fields) });
    const login = { grant_type: "password", username: "fred", password, access_type: "offline" };
    const { refresh_token: refresh } = Object(await (await form(login)).json());
    await room.accounts.changePassword("fred", "another password");
    const again = await form({ grant_type: "refresh_token", refresh_token: refresh });

    expect(again.status).toBe(401);
    expect(await said("?who=user:fred", "event")).toEqual([["login"], ["login.failed"]]);
  });
});

test("a CI job is written down under its trust rule, and a job that gets in nowhere without a name", async () => {
  await using keyless = await openKeyless();
  await keyless.trusts();
  expect(await keyless.login(await keyless.token(githubJob))).toBe(200);
  expect(await keyless.login(await keyless.token({ ...githubJob, repository_id: "75" }))).toBe(401);
  await keyless.registry.trail.flush();

  const { entries } = await keyless.registry.store.rooms.metadata.audit.listEntries({
    ...{ after: null, limit: 10, since: null, who: null, resource: null },
  });
  expect(entries.toReversed().map(({ event, who }) => [event, who])).toEqual([
    ["key.rotate", "server"],
    ["user.add", "command:test"],
    ["trust.add", "command:test"],
    ["login", "workload:acme/app"],
    ["login.failed", null],
  ]);
});

describe("GET /v1/audit", () => {
  test("gives page after page, the latest first, and each entry once", async () => {
    const { entries: all } = await page("?limit=1000");
    const paged: Entry[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const { entries, next: after } = await page(
        next === "" ? "?limit=3" : `?limit=3&after=${next}`,
      );
      paged.push(...entries);
      next = after;
    }
    expect(all.length).toBeGreaterThan(6);
    expect(paged).toEqual(all);
  });

  test("is for administrators, and those to whom a rule gives it", async () => {
    const some = await room.token("some", "**:pull,push", "bucket:**:pull");
    const auditor = await room.token("auditor", "server:audit:pull");

    expect((await room.ask("GET", "/v1/audit", null)).status).toBe(401);
    expect((await room.ask("GET", "/v1/audit", some)).status).toBe(403);
    expect((await room.ask("GET", "/v1/audit", auditor)).status).toBe(200);
  });

  test.each([
    ["?since=yesterday", "REQUEST_INVALID", "since must be a time"],
    ["?since=2026-13-01T00:00:00Z", "REQUEST_INVALID", "since must be a time"],
    ["?after=7", "REQUEST_INVALID", "after must be the `next` of another page"],
    ["?after=-1.0", "REQUEST_INVALID", "after must be"],
    ["?limit=0", "PAGINATION_NUMBER_INVALID", "limit"],
    ["?user=ann", "REQUEST_INVALID", "unknown query parameter"],
  ])("refuses %s", async (query, _code, message) => {
    const answer = await room.ask("GET", `/v1/audit${query}`, basic("root"));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(message);
  });

  test("leaves out what was before a time", async () => {
    const since = new Date(room.registry.store.clock.now() + 1).toISOString();
    room.registry.store.clock.advance(1_000);
    await pushAs(basic("root"), "later");

    expect(await said(`?since=${since}`, "event", "resource")).toEqual([["push", "lab/app"]]);
  });
});

test("a push into an open registry has an address and no name", async () => {
  await using open = await openRegistry();
  await pushImage(open.url, { name: "lab/app", tag: "v1" });

  const { entries } = Object(await (await fetch(`${open.url}/v1/audit`)).json());
  expect(entries).toMatchObject([{ event: "push", who: null, address: "127.0.0.1", detail: "v1" }]);
});
