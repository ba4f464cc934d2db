// The pages of buckets without scripts: folders, downloads, deletion, and who sees what.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { basic, type Closed, openClosed, password } from "../http/support/accessRoom.ts";
import { cookieOf, form, logIn, ownPage } from "../http/support/browserLogin.ts";
import { openHtml, pageOf } from "./support/html.ts";

let room: Closed;
const cookies = { root: "", ann: "" };
const names = ["a.txt", "db/2026/one.dump", "db/two.dump", 'db/"<b>é&#.txt'];
beforeAll(async () => {
  room = await openClosed();
  await room.accounts.addUser("ann", { password, isAdmin: false });
  await room.accounts.addRule({
    ...{ who: "ann", effect: "allow", pattern: "bucket:backups/db/**", actions: "pull" },
  });
  cookies.root = cookieOf(await logIn(room.registry.url, "root"));
  cookies.ann = cookieOf(await logIn(room.registry.url, "ann"));
});
afterAll(() => room[Symbol.asyncDispose]());

type Who = keyof typeof cookies;
const open = (path: string, who: Who = "root") =>
  openHtml(`${room.registry.url}${path}`, { headers: { cookie: cookies[who] } });
const send = (path: string, fields: Readonly<Record<string, string>>, who: Who = "root") =>
  fetch(`${room.registry.url}${path}`, {
    ...form(fields),
    headers: { ...ownPage, cookie: cookies[who], accept: "text/html" },
  });
const put = (name: string) =>
  room.ask(
    "PUT",
    `/v1/buckets/backups/objects/${name.split("/").map(encodeURIComponent).join("/")}`,
    basic("root"),
    { body: name },
  );
const links = async (path: string, who: Who = "root") =>
  (await open(path, who)).texts("tbody th a");

test("a bucket is created by a form, browsed by folder, and emptied", async () => {
  expect((await open("/buckets")).texts(".empty").join()).toContain("There is no bucket.");
  const created = await send("/buckets", { name: "backups" });
  expect([created.status, created.headers.get("location")]).toEqual([303, "/buckets/backups"]);
  for (const name of names) expect((await put(name)).status).toBe(201);

  expect(await links("/buckets")).toEqual(["backups"]);
  const top = await open("/buckets/backups");
  expect(top.texts("tbody th a")).toEqual(["db/", "a.txt"]);
  expect(top.texts(".figures dd")[0]).toBe("4");
  expect(await links("/buckets/backups?prefix=db%2F")).toEqual([
    ...["2026/", '"<b>é&#.txt', "two.dump"],
  ]);
  const folder = await open("/buckets/backups?prefix=db%2F2026%2F");
  expect([folder.texts("h1"), folder.texts(".crumbs a")]).toEqual([
    ["2026"],
    ["Buckets", "backups", "db"],
  ]);

  const odd = (await open("/buckets/backups?prefix=db%2F")).find("tbody th a")[1];
  const download = await fetch(`${room.registry.url}${odd?.attributes["href"]}`, {
    headers: { cookie: cookies.root },
  });
  expect(await download.text()).toBe('db/"<b>é&#.txt');
  expect(download.headers.get("content-disposition")).toContain("attachment");

  const full = await pageOf(await send("/buckets/backups/remove", {}));
  expect([full.status, full.texts("[role=alert]")]).toEqual([
    ...[409, ["The bucket holds objects; delete them first."]],
  ]);
  for (const object of names) {
    const gone = await send("/buckets/backups/delete", { object });
    expect(gone.status).toBe(303);
  }
  expect((await send("/buckets/backups/delete", { object: "a.txt" })).status).toBe(404);
  expect(await links("/buckets/backups")).toEqual([]);
  expect((await send("/buckets/backups/remove", {})).headers.get("location")).toBe("/buckets");
  expect((await open("/buckets/backups")).status).toBe(404);
});

describe("files and links are put by forms", () => {
  const upload = (path: string, file: File, fields: Readonly<Record<string, string>> = {}) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append("file", file);
    return fetch(`${room.registry.url}${path}`, {
      ...{ method: "POST", body, redirect: "manual" },
      headers: { ...ownPage, cookie: cookies.root, accept: "text/html" },
    });
  };
  const stored = (name: string) =>
    room.ask("GET", `/v1/buckets/forms/objects/${name}`, basic("root"));
  beforeAll(() => send("/buckets", { name: "forms" }));

  test("a file is stored in the folder whose page has the form", async () => {
    const page = await open("/buckets/forms?prefix=db%2F");
    const form = page.find("form[data-plain]")[0]?.attributes;
    expect([form?.["enctype"], form?.["method"]]).toEqual(["multipart/form-data", "post"]);

    const file = new File(["one"], "a b.json", { type: "application/json" });
    const answer = await upload(form?.["action"] ?? "", file);

    expect([answer.status, answer.headers.get("location")]).toEqual([
      ...[303, "/buckets/forms?prefix=db%2F"],
    ]);
    const found = await stored("db/a%20b.json");
    expect([await found.text(), found.headers.get("content-type")]).toEqual([
      ...["one", expect.stringContaining("application/json")],
    ]);
  });

  test("a name that is taken is refused, and replaced when the form says so", async () => {
    await upload("/buckets/forms/files", new File(["one"], "taken"));
    const refused = await pageOf(await upload("/buckets/forms/files", new File(["two"], "taken")));
    expect([refused.status, refused.texts("[role=alert]").join()]).toEqual([
      ...[412, expect.stringContaining("There is an object of this name")],
    ]);
    expect(await (await stored("taken")).text()).toBe("one");

    await upload("/buckets/forms/files", new File(["two"], "taken"), { replace: "on" });
    expect(await (await stored("taken")).text()).toBe("two");
  });

  test("a form without a file, of another site, or without the right, stores nothing", async () => {
    const empty = await pageOf(await upload("/buckets/forms/files", new File([], "")));
    expect([empty.status, empty.texts("[role=alert]")]).toEqual([400, ["Choose a file first."]]);
    const body = new FormData();
    body.append("file", new File(["x"], "stolen"));
    const from = (cookie: string, site: string) =>
      fetch(`${room.registry.url}/buckets/forms/files`, {
        ...{ method: "POST", body, redirect: "manual" },
        headers: { cookie, accept: "text/html", "sec-fetch-site": site },
      });
    expect((await from(cookies.root, "cross-site")).status).toBe(403);
    const refused = await from(cookies.ann, "same-origin");
    expect([refused.status, (await refused.text()).includes("db/")]).toEqual([403, false]);
    expect((await stored("stolen")).status).toBe(404);
  });

  test("content of a repository is linked, and the page says where else it is", async () => {
    await room.seed("team/app", "1.0");
    const manifest = await room.ask("GET", "/v2/team/app/manifests/1.0", basic("root"));
    const { digest } = JSON.parse(await manifest.text()).layers[0];
    const link = (fields: Readonly<Record<string, string>>) =>
      send("/buckets/forms/links", { repository: "team/app", digest, ...fields });

    expect((await link({ name: "layer.tar" })).status).toBe(303);

    const page = await open("/buckets/forms");
    expect(page.find("tbody td a").map(({ attributes }) => attributes["href"])).toEqual([
      "/repositories/team/app",
    ]);
    for (const [fields, said] of [
      [{ name: "layer.tar" }, "There is an object of this name"],
      [{ name: "x", repository: "No Name" }, "no name of a repository"],
      [{ name: "x", digest: "sha256:1" }, "digest"],
      [{ name: "x", repository: "team/other" }, "The repository has no blob"],
    ] as const) {
      const again = await pageOf(await link(fields));
      expect([fields, again.status >= 400, again.texts("[role=alert]").join()]).toEqual([
        ...[fields, true, expect.stringContaining(said)],
      ]);
    }
  });
});

describe("with rights on a folder alone", () => {
  beforeAll(async () => {
    await send("/buckets", { name: "backups" });
    for (const name of names) await put(name);
  });

  test("a visitor sees that folder, without forms, and no whole", async () => {
    expect((await open("/buckets/backups", "ann")).status).toBe(403);
    const page = await open("/buckets/backups?prefix=db%2F", "ann");
    expect(page.texts("tbody th a")).toHaveLength(3);
    expect(page.find("main form, [data-drop]")).toEqual([]);
    expect((await send("/buckets/backups/delete", { object: "db/two.dump" }, "ann")).status).toBe(
      403,
    );
    expect((await send("/buckets/backups/remove", {}, "ann")).status).toBe(403);
    const refused = await send("/buckets", { name: "mine" }, "ann");
    expect(refused.status).toBe(403);
  });

  test("names that are none are refused above the form", async () => {
    const page = await pageOf(await send("/buckets", { name: "No Bucket" }));
    expect([page.status, page.texts("[role=alert]").join()]).toEqual([
      ...[400, expect.stringContaining("Invalid bucket name")],
    ]);
    expect(page.find("input[name=name]")[0]?.attributes["value"]).toBe("No Bucket");
  });

  test("a bucket of many objects has pages", async () => {
    for (let count = 0; count < 101; count += 1)
      await put(`many/${String(count).padStart(3, "0")}`);
    const page = await open("/buckets/backups?prefix=many%2F");
    const next = (page.find("a[rel=next]")[0]?.attributes["href"] ?? "").replaceAll("&amp;", "&");
    expect(page.find("tbody tr")).toHaveLength(100);
    expect(await links(next)).toEqual(["100"]);
  });
});
