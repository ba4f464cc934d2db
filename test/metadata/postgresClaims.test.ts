// Claims on PostgreSQL, where several servers write: the database's clock ends those whose owners are gone, and nothing else does.
import { expect, test } from "bun:test";
import postgres from "postgres";
import { start, withUpload } from "../contract/metadataObjectRows.ts";
import { app, finish, limitsAt, now, session, staging } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openAt } from "./postgresDatabase.ts";

/** Short, and longer than any pause of this machine that a test must survive. */
const claimMs = 1_500;
const hour = 3_600_000;

describeOnPostgres("a claim on PostgreSQL", (server) => {
  let databases = 0;

  /** Two servers on a new database, whose own clocks are an hour apart, and what starts another one. */
  async function servers(inner: Scope) {
    databases += 1;
    const url = await server().createDatabase(`claims_${databases}`);
    const open = async (clock: () => number) =>
      (await openAt(inner, url, { claimMs, clock })).metadata;
    const sql = postgres(url, { max: 1 });
    inner.defer(() => sql.end({ timeout: 1 }));
    const admin = (text: string) => sql.unsafe(text);
    return { admin, a: await open(() => now), b: await open(() => now + hour), open };
  }

  async function claimed(inner: Scope) {
    const opened = await servers(inner);
    const upload = session({ startedAt: now - 1_000 });
    await opened.a.uploads.startUpload(upload, null);
    await opened.a.uploads.claimUpload(upload.id, app, "a");
    const claim = async () => (await opened.b.uploads.claimUpload(upload.id, app, "b")).kind;
    return { ...opened, upload, claim };
  }
  const to = { offset: 5, staging: staging("late"), prefix: null, now };

  test("is not void because another server starts", async () => {
    await using inner = new Scope();
    const { upload, claim, a, open } = await claimed(inner);

    await open(() => now + hour);

    expect(await claim()).toBe("busy");
    expect(await a.uploads.advanceUpload(upload.id, "a", to)).toBeTrue();
  });

  test("of a database that moved here from one server is void when a server starts", async () => {
    await using inner = new Scope();
    const { claim, admin, open } = await claimed(inner);
    await admin("update upload_sessions set claim_until = null");
    expect(await claim()).toBe("busy");

    await open(() => now);

    expect(await claim()).toBe("claimed");
  });

  test("is kept by signs of life, and free once there were none for the lease", async () => {
    await using inner = new Scope();
    const { upload, claim, a } = await claimed(inner);
    for (let sign = 0; sign < 4; sign += 1) {
      await Bun.sleep(claimMs / 3);
      expect(await a.uploads.renewClaim(upload.id, "a", now)).toBeTrue();
    }
    expect(await claim()).toBe("busy");

    await Bun.sleep(claimMs + 100);

    expect(await claim()).toBe("claimed");
  });

  test("that was taken over changes nothing any more", async () => {
    await using inner = new Scope();
    const { upload, claim, a, b } = await claimed(inner);
    await Bun.sleep(claimMs + 100);
    expect(await claim()).toBe("claimed");
    const owned = { id: upload.id, owner: "a" };

    expect(await a.uploads.renewClaim(upload.id, "a", now)).toBeFalse();
    expect(await a.uploads.advanceUpload(upload.id, "a", to)).toBeFalse();
    const ended = await a.uploads.finishUpload(finish("layer", { session: owned }));
    await a.uploads.releaseUpload(upload.id, "a");

    expect(ended.kind).toBe("sessionGone");
    expect(await a.registry.findBlob(app, finish("layer").digest)).toBeNull();
    expect((await b.uploads.claimUpload(upload.id, app, "c")).kind).toBe("busy");
    expect(await b.uploads.findUpload(upload.id, app)).toEqual(upload);
  });

  test("that is overdue and was not taken over is its owner's still", async () => {
    await using inner = new Scope();
    const { upload, a, claim } = await claimed(inner);
    await Bun.sleep(claimMs + 100);

    expect(await a.uploads.renewClaim(upload.id, "a", now)).toBeTrue();
    expect(await claim()).toBe("busy");
  });

  test("of a writer that is gone keeps neither its session nor a push", async () => {
    await using inner = new Scope();
    const { upload, a, b } = await claimed(inner);
    const expire = () => b.uploadSweep.expireUploads({ idleSince: now + 1, limit: 9 });
    const push = finish("layer", { now: now - 10, keptUntil: now - 5 });
    await a.uploads.finishUpload({ ...push, session: null });
    const limits = { ...limitsAt(now + 1), pushesSince: 0 };
    const states = async () =>
      (await b.collection.markWindow(null, 9, limits)).unreferenced.map(({ state }) => state);
    const writing = async () =>
      (await b.uploadSweep.listUploads({ after: null, limit: 9 })).map((each) => each.writing);

    expect(await expire()).toEqual([]);
    expect(await writing()).toEqual([true]);
    expect(await states()).toEqual(["leased"]);
    await Bun.sleep(claimMs + 100);

    expect(await writing()).toEqual([false]);
    expect(await states()).toEqual(["orphaned"]);
    expect(await expire()).toEqual([upload]);
  });

  test("to complete an upload in parts is free once its owner is gone, which completes nothing then", async () => {
    await using inner = new Scope();
    const { a, b } = await servers(inner);
    const { upload } = await withUpload(async () => a);
    await a.multipart.claimMultipart(upload, "a", () => null);
    const owner = async () => (await b.multipart.peekMultipart(upload))?.claimOwner;
    expect(await owner()).toBe("a");
    await Bun.sleep(claimMs + 100);
    expect(await owner()).toBeNull();

    await b.multipart.claimMultipart(upload, "b", (found) => expect(found.claimOwner).toBeNull());

    expect(await a.multipart.renewMultipart(upload.id, "a")).toBeFalse();
    await a.multipart.releaseMultipart(upload.id, "a");
    expect(await owner()).toBe("b");
  });

  test("of a receiver that is gone leaves an object that came whole to the cleanup", async () => {
    await using inner = new Scope();
    const { a, b } = await servers(inner);
    const { upload } = await withUpload(async () => a);
    const whole = start({ bucket: upload.bucket, expiresAt: now - 1 });
    await a.multipartLife.startMultipart(whole, "a");
    const expired = async () =>
      (await b.multipartLife.expireMultipart({ expiredBefore: now, limit: 9 })).map(({ id }) => id);
    expect(await expired()).toEqual([]);

    await Bun.sleep(claimMs + 100);

    expect(await expired()).toEqual([whole.id]);
  });

  test("a run of the collection is broken off when its server is gone, and not before it holds the lock", async () => {
    await using inner = new Scope();
    const { a, b } = await servers(inner);
    const run = { id: Bun.randomUUIDv7(), trigger: "api", dryRun: true, startedAt: now } as const;
    await a.gcRuns.beginRun(run);
    const state = async () => (await b.gcRuns.findRun(run.id))?.state;
    for (let sign = 0; sign < 3; sign += 1) {
      await Bun.sleep(2 * claimMs);
      expect(await b.gcRuns.breakOffRuns([run.id])).toBe(0);
      await a.gcRuns.renewRun(run.id);
    }
    expect(await state()).toBe("running");

    await Bun.sleep(3 * claimMs + 100);

    expect(await b.gcRuns.breakOffRuns([run.id])).toBe(1);
    expect(await state()).toBe("failed");
  });

  test("a run that its own server knows to be over is broken off at once", async () => {
    await using inner = new Scope();
    const { a } = await servers(inner);
    const run = { id: Bun.randomUUIDv7(), trigger: "api", dryRun: true, startedAt: now } as const;
    await a.gcRuns.beginRun(run);

    expect(await a.gcRuns.breakOffRuns([run.id], [run.id])).toBe(1);
  });
});
