// The pages about the server's work, without scripts: open uploads, and collections as a plan that is read and then applied.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import { createBucket } from "../../src/objects/buckets.ts";
import { initiateMultipart } from "../../src/objects/multipart.ts";
import { startUpload } from "../../src/uploads/uploads.ts";
import { basic, type Closed, openClosed, password } from "../http/support/accessRoom.ts";
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

  test("say who began them, those in parts how many have arrived, and what is stored once", async () => {
    const { objects } = room.registry.store.rooms;
    const bucket = parseBucketName("backups");
    await createBucket(objects, bucket);
    expect(await room.status("POST", "/v2/lab/app/blobs/uploads/", basic("root"))).toBe(202);
    const object = parseObjectName("a/<b>");
    const { id } = await initiateMultipart(objects, { bucket, object, contentType: "text/plain" });

    const page = await open("/server/uploads");
    expect(page.texts("tbody tr th")).toEqual(["lab/app", "backups/a/<b>"]);
    expect(page.texts("tbody td").join()).toContain("user:root");
    expect(page.texts("tbody td").join()).toContain("anonymous");
    expect(page.texts("[data-parts]")).toEqual(["0"]);
    expect(page.texts(".figures dt")).toEqual([
      "Not stored twice",
      "Mounted since the start, not sent",
    ]);
    const fields = { id, bucket };
    expect((await send("/server/uploads", fields, "ann")).status).toBe(403);
    expect((await send("/server/uploads", fields)).status).toBe(303);
    expect((await send("/server/uploads", fields)).status).toBe(404);
    expect((await open("/server/uploads")).find("[data-parts]")).toEqual([]);
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

describe("checks", () => {
  const checks = () => room.registry.store.rooms.metadata.checks;
  const missing = { kind: "content_missing", severity: "problem", outcome: null } as const;
  const finding = {
    ...{ ...missing, text: "sha256:5e38… (3.2 MB): the file is missing. Pulls fail: lab/app:1." },
    ...{ advice: "The command marks it.", command: "breadbox fsck --repair" },
    ...{ digest: null, repository: "lab/app" },
  };
  const end = (id: string, isClean: boolean) =>
    checks().endCheck(id, {
      ...{ contents: 9, bytes: 5_000_000, reason: null },
      finishedAt: room.registry.store.clock.now() + 2_000,
      ...(isClean
        ? { state: "clean", kinds: [], findings: [] }
        : { state: "problems", kinds: [{ ...missing, count: 3 }], findings: [finding] }),
    });

  test("begin on request, one at a time, and are seen while they run", async () => {
    const empty = await open("/server/checks");
    expect(empty.texts(".empty")).toEqual(["Nothing was checked yet."]);
    expect(empty.texts("main button")).toEqual(["Check now", "Check every byte"]);
    expect((await open("/server/checks", "ann")).find("main form")).toEqual([]);
    expect((await send("/server/checks", { do: "quick" }, "ann")).status).toBe(403);
    expect((await send("/server/checks", { do: "repair" })).status).toBe(400);

    expect((await send("/server/checks", { do: "full" })).status).toBe(303);
    const { id = "" } = room.registry.checkOrders.at(-1) ?? {};
    expect(room.registry.checkOrders).toEqual([{ id, full: true }]);
    await checks().advanceCheck(id, { phase: "contents", done: 30, total: 90 });
    const running = await open("/server/checks");
    expect(running.texts("[role=status]").join()).toContain("The store is checked");
    expect(running.texts("[role=status]").join()).toContain("stored blobs");
    expect(running.find("progress")[0]?.attributes).toMatchObject({ max: "90", value: "30" });
    expect(running.find("main form")).toEqual([]);
    const busy = await pageOf(await send("/server/checks", { do: "quick" }));
    expect([busy.status, busy.texts("[role=alert]").join()]).toEqual([
      ...[409, expect.stringContaining("A check is running")],
    ]);
    await end(id, true);
  });

  test("are explained, with the command that repairs, until a later one finds nothing", async () => {
    room.registry.store.clock.advance(60_000);
    await send("/server/checks", { do: "quick" });
    const { id = "" } = room.registry.checkOrders.at(-1) ?? {};
    await end(id, false);

    const page = await open("/server/checks");
    expect(page.texts("[role=status]")).toEqual(["3 problems."]);
    expect(page.texts(".findings").join()).toContain("the file is missing. Pulls fail: lab/app:1.");
    expect(page.texts(".findings .command")).toEqual(["breadbox fsck --repair"]);
    expect(page.texts("main").join()).toContain("2 more were found.");
    expect(page.texts("tbody .badge")).toEqual(["problems", "clean"]);
    expect((await open("/")).texts(".notice.bad").join()).toContain("found problems");
    const one = await open(page.find("tbody th a")[0]?.attributes["href"] ?? "");
    expect(one.texts(".findings .command")).toEqual(["breadbox fsck --repair"]);
    expect((await open("/server/checks/none")).status).toBe(404);

    room.registry.store.clock.advance(60_000);
    await send("/server/checks", { do: "quick" });
    await end(room.registry.checkOrders.at(-1)?.id ?? "", true);
    expect((await open("/server/checks")).texts("[role=status]")).toEqual(["No problems."]);
    expect((await open("/")).find(".notice.bad")).toEqual([]);
  });

  test("that only a closer look could show to be over are still named", async () => {
    room.registry.store.clock.advance(60_000);
    await send("/server/checks", { do: "full" });
    await end(room.registry.checkOrders.at(-1)?.id ?? "", false);
    room.registry.store.clock.advance(60_000);
    await send("/server/checks", { do: "quick" });
    await end(room.registry.checkOrders.at(-1)?.id ?? "", true);

    const page = await open("/server/checks");
    expect(page.texts("[role=status]")).toEqual(["No problems."]);
    expect(page.texts(".notice.bad").join()).toContain("found 3 problems, and no later check");
  });

  test("have pages of earlier ones", async () => {
    for (let count = 0; count < 25; count += 1) {
      const { id } = await room.registry.checks.request({ full: false });
      await end(id, true);
    }
    const first = await open("/server/checks");
    expect(first.find("tbody tr")).toHaveLength(25);
    const next = first.find("a[rel=next]")[0]?.attributes["href"] ?? "";
    expect((await open(next)).find("tbody tr")).toHaveLength(5);
    expect((await open("/server/checks?after=x")).status).toBe(400);
  });
});

test("a visitor without the right sees neither the pages nor links to them", async () => {
  await room.accounts.addUser("bob", { password, isAdmin: false });
  const cookie = cookieOf(await logIn(room.registry.url, "bob"));
  for (const path of ["/server/uploads", "/server/garbage", "/server/checks"]) {
    const page = await openHtml(`${room.registry.url}${path}`, { headers: { cookie } });
    expect([page.status, page.texts(".sections a")]).toEqual([
      ...[403, expect.not.arrayContaining(["Server"])],
    ]);
  }
});
