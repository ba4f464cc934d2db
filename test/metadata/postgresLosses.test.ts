// What becomes of transactions on PostgreSQL when connections break, answers are lost and the server goes away: each is done once, and
// none is said to be done that is not.
import { expect, test } from "bun:test";
import postgres from "postgres";
import type { ClaimOutcome } from "../../src/metadata/metadata.ts";
import {
  app,
  blob,
  countSessions,
  digest,
  finish,
  manifest,
  minute,
  now,
  session,
  tag,
} from "../contract/metadataRows.ts";
import { openLossyProxy } from "../support/lossyProxy.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openAt } from "./postgresDatabase.ts";

describeOnPostgres("on PostgreSQL", (server) => {
  /** A port whose answers a test can lose. */
  async function openLossy(inner: Scope, name: string) {
    const proxy = await openLossyProxy(inner, server().port);
    await server().createDatabase(name);
    const url = `postgres://breadbox@127.0.0.1:${proxy.port}/${name}?sslmode=disable`;
    return { proxy, ...(await openAt(inner, url)) };
  }

  test("a commit whose answer is lost is not repeated: its outcome is the one of the first attempt", async () => {
    await using inner = new Scope();
    const { proxy, metadata } = await openLossy(inner, "answers");
    const started = session();
    await metadata.uploads.startUpload(started, "one request");
    const end = finish("layer", { session: { id: started.id, owner: "one request" } });

    proxy.lose("commit\0");
    // A second attempt would find no session any more.
    const outcome = await metadata.uploads.finishUpload(end);

    expect(outcome).toEqual({ kind: "finished", locator: end.locator });
    expect(proxy.lost()).toBe(1);
    expect((await metadata.registry.findBlob(app, end.digest))?.locator).toBe(end.locator);
  });

  test("a session whose start was committed in silence is there once, and a part of a bucket's counts is counted once", async () => {
    await using inner = new Scope();
    const { proxy, metadata } = await openLossy(inner, "counts");
    const started = session();

    proxy.lose("commit\0");
    await metadata.uploads.startUpload(started, null);
    proxy.lose("commit\0");
    const claimed: ClaimOutcome = await metadata.uploads.claimUpload(started.id, app, "owner");
    proxy.lose("commit\0");
    await metadata.access.findState();
    const before = (await metadata.access.findState()).revision;
    await metadata.accounts.addRule({
      ...{ who: "anonymous", effect: "allow", pattern: "**", actions: "pull", createdAt: now },
    });

    expect(claimed.kind).toBe("claimed");
    expect(proxy.lost()).toBe(3);
    expect((await metadata.access.findState()).revision).toBe(before + 1);
    expect((await metadata.accounts.listAccounts()).rules).toHaveLength(1);
  });

  test("manifests that share a transaction are stored once each when its answer is lost, and a refused one among them is refused", async () => {
    await using inner = new Scope();
    const { proxy, metadata } = await openLossy(inner, "together");
    const by = { who: "user:ann", address: null, requestId: null };
    const names = Array.from({ length: 12 }, (_, number) => `image ${number}`);
    const refused = 7;
    const puts = names.map((name, number) =>
      manifest(name, {
        tags: [tag(`v${number}`)],
        by,
        references: number === refused ? [blob("nothing")] : [],
      }),
    );
    await metadata.registry.putManifest(manifest("first", { by }));
    const admin = postgres(server().url("together"), { max: 1 });
    inner.defer(() => admin.end({ timeout: 1 }));
    const commits = async () => Number((await admin`select count(*) from commits`)[0]?.["count"]);
    const before = await commits();

    proxy.lose("commit\0", 2);
    const outcomes = await Promise.all(puts.map((put) => metadata.registry.putManifest(put)));

    expect(proxy.lost()).toBe(2);
    expect(outcomes.map(({ kind }) => kind)).toEqual(
      names.map((_, number) => (number === refused ? "missing" : "stored")),
    );
    const request = { after: null, limit: 100, since: null, who: null, resource: null };
    const { entries } = await metadata.audit.listEntries(request);
    expect(entries.map(({ detail }) => detail).toSorted()).toEqual(
      [digest("first"), ...names.flatMap((_, at) => (at === refused ? [] : [`v${at}`]))].toSorted(),
    );
    // That of who came first, and that of all who waited for it.
    expect((await commits()) - before).toBe(2);
  });

  test("a transaction that broke off before its commit is done by another attempt", async () => {
    await using inner = new Scope();
    const { proxy, metadata } = await openLossy(inner, "attempts");

    proxy.lose("insert into", 3);
    const outcome = await metadata.uploads.finishUpload(finish("layer"));

    expect(outcome.kind).toBe("finished");
    expect(proxy.lost()).toBeGreaterThan(0);
  });

  test("changes are done once while all connections are ended again and again", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("ended");
    const { metadata } = await openAt(inner, url, { patienceMs: 30_000 });
    let ended = 0;

    const names = Array.from({ length: 120 }, (_, number) => `layer ${number}`);
    const outcomes: string[] = [];
    // By what was done, not by time: on a busy machine a connection may take longer than any pause.
    const note = async ({ kind }: { readonly kind: string }): Promise<void> => {
      outcomes.push(kind);
      if (outcomes.length % 5 === 0) ended += await server().dropConnections();
    };
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (const name of names.filter((_, number) => number % 8 === worker)) {
          const started = session();
          await metadata.uploads.startUpload(started, name);
          const end = finish(name, { session: { id: started.id, owner: name } });
          await note(await metadata.uploads.finishUpload(end));
          const put = manifest(name, {
            references: [{ digest: end.digest, size: 100, kind: "blob", required: true }],
            tags: [tag("latest")],
          });
          await note(await metadata.registry.putManifest(put));
        }
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(["finished", "stored"]));
    expect(outcomes).toHaveLength(240);
    expect(ended).toBeGreaterThan(20);
    expect(await countSessions(metadata)).toEqual({ sessions: 0, bytes: 0 });
    expect(await metadata.inspection.countAll()).toMatchObject({ contents: 120, manifests: 120 });
  }, 60_000);

  test("requests wait for a server that is restarted, and are answered", async () => {
    await using inner = new Scope();
    const { metadata } = await openAt(inner, await server().createDatabase("restarted"), {
      patienceMs: 20_000,
    });
    await metadata.uploads.finishUpload(finish("before"));

    await server().kill();
    const reading = metadata.registry.findBlob(app, finish("before").digest);
    const writing = metadata.uploads.finishUpload(finish("meanwhile"));
    await Bun.sleep(500);
    await server().restart();

    expect((await reading)?.size).toBe(100);
    expect((await writing).kind).toBe("finished");
  }, 60_000);

  test("while the server stays away a request is refused as busy, with a time to try again", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("away");
    const { metadata } = await openAt(inner, url, { patienceMs: 300 });
    await metadata.check();

    await server().kill();
    const refusals = await Promise.allSettled([
      metadata.registry.findBlob(app, finish("layer").digest),
      metadata.uploads.finishUpload(finish("layer")),
      metadata.uploads.listBoundaries(session({ startedAt: now - minute }).id),
    ]);
    await server().restart();

    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        status: "rejected",
        reason: { situation: "BUSY", retryAfter: 5 },
      });
    }
    const { metadata: patient } = await openAt(inner, url);
    expect((await patient.uploads.finishUpload(finish("layer"))).kind).toBe("finished");
  }, 60_000);
});
