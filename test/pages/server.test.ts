// The pages about the server's work, without scripts: open uploads, and collections as a plan that is read and then applied.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { startUpload } from "../../src/uploads/uploads.ts";
import { type Closed, openClosed, password } from "../http/support/accessRoom.ts";
import { cookieOf, form, logIn, ownPage } from "../http/support/browserLogin.ts";
import { openHtml, pageOf } from "./support/html.ts";

let room: Closed;
const cookies = { root: "", ann: "" };
beforeAll(async () => {
  room = await openClosed();
  await room.accounts.addUser("ann", { password, isAdmin: false });
  await room.accounts.addRule({
    ...{ who: "ann", effect: "allow", pattern: "server:gc", actions: "pull" },
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

describe("open uploads", () => {
  test("are listed, and ended by those who may", async () => {
    expect((await open("/server/uploads")).texts(".empty")).toEqual(["No upload is open."]);
    const repository = parseRepositoryName("lab/app");
    const { id } = await startUpload(room.registry.store.rooms.uploads, repository);

    const page = await open("/server/uploads");
    expect(page.texts("tbody tr th a")).toEqual(["lab/app"]);
    expect(page.texts("tbody .badge")).toEqual(["waiting"]);
    expect(page.texts("[data-still]").join()).toContain("Load again");
    expect((await open("/server/uploads", "ann")).find("tbody form")).toEqual([]);
    expect((await send("/server/uploads", { id }, "ann")).status).toBe(403);

    expect((await send("/server/uploads", { id })).status).toBe(303);
    expect((await send("/server/uploads", { id })).status).toBe(404);
    expect((await open("/server/uploads")).find("tbody tr")).toEqual([]);
  });
});

describe("garbage", () => {
  const { gcRuns } = { gcRuns: () => room.registry.store.rooms.metadata.gcRuns };
  const finish = async (state: "done" | "refused", counts = {}, reason: string | null = null) => {
    const [run] = await gcRuns().listRuns({ after: null, limit: 1 });
    const ending = { state, counts: { ...noCounts, ...counts }, reason, finishedAt: 1 };
    await gcRuns().endRun(run?.id ?? "", { ...ending, finishedAt: run?.startedAt ?? 0 });
    await room.registry.gcRuns.ended();
    return run;
  };

  test("is looked at, shown as a plan, and then deleted", async () => {
    const empty = await open("/server/garbage");
    expect(empty.texts("main button")).toEqual(["Look what can be deleted"]);
    expect((await send("/server/garbage", { do: "look" })).status).toBe(303);
    expect(room.registry.orders.at(-1)).toMatchObject({ dryRun: true, trigger: "api" });
    expect((await open("/server/garbage")).texts("[role=status]")).toEqual([
      "Looking for what can be deleted …",
    ]);
    const busy = await pageOf(await send("/server/garbage", { do: "collect" }));
    expect([busy.status, busy.texts("[role=alert]").join()]).toEqual([
      ...[409, expect.stringContaining("A garbage collection is running")],
    ]);

    await finish("done", {
      totalBlobs: 9,
      orphanedBlobs: 3,
      orphanedBytes: 5_000_000,
      deletedManifests: 1,
    });
    const plan = await open("/server/garbage");
    const [said = ""] = plan.texts("[role=status]");
    expect(said).toContain("would delete 3 blobs of 9 and 1 untagged manifest");
    expect(plan.texts("main button")).toEqual(["Delete 3 blobs", "Look again"]);
    expect((await open("/server/garbage", "ann")).find("main form")).toEqual([]);
    expect((await send("/server/garbage", { do: "collect" }, "ann")).status).toBe(403);

    expect((await send("/server/garbage", { do: "collect" })).status).toBe(303);
    expect(room.registry.orders.at(-1)).toMatchObject({ dryRun: false, brakeShare: 0 });
    await finish("done", { totalBlobs: 9, deletedBlobs: 3, deletedBytes: 5_000_000 });
    expect((await open("/server/garbage")).texts("tbody .badge")).toEqual([
      ...["done", "done", "looked only"],
    ]);
    expect((await send("/server/garbage", { do: "toString" })).status).toBe(400);
  });

  test("that the schedule may not delete is explained", async () => {
    room.registry.store.clock.advance(1_000);
    await room.registry.gcRuns.runScheduled();
    await finish("refused", {}, "gc.brake: it would delete 90 % of the blobs");
    const page = await open("/server/garbage");
    expect(page.texts(".notice.warn").join()).toContain("gc.brake: it would delete 90 %");
  });

  test("has pages of earlier collections", async () => {
    for (let count = 0; count < 25; count += 1) {
      await room.registry.gcRuns.request({ dryRun: true });
      await finish("done");
    }
    const first = await open("/server/garbage");
    expect(first.find("tbody tr")).toHaveLength(25);
    const next = first.find("a[rel=next]")[0]?.attributes["href"] ?? "";
    expect((await open(next)).find("tbody tr")).toHaveLength(3);
    expect((await open("/server/garbage?after=x")).status).toBe(400);
  });
});

test("a visitor without the right sees neither the pages nor links to them", async () => {
  await room.accounts.addUser("bob", { password, isAdmin: false });
  const cookie = cookieOf(await logIn(room.registry.url, "bob"));
  for (const path of ["/server/uploads", "/server/garbage"]) {
    const page = await openHtml(`${room.registry.url}${path}`, { headers: { cookie } });
    expect([page.status, page.texts(".sections a")]).toEqual([
      ...[403, expect.not.arrayContaining(["Server"])],
    ]);
  }
});
