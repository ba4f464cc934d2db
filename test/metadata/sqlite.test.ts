// What holds on SQLite beyond the port's contract: leases, claims after a restart, plans of lists, checkpoints, refusals.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { listTagsOf } from "../../src/metadata/rows/inspectionManifests.ts";
import { repositoryPage, tagPage } from "../../src/metadata/rows/registryReads.ts";
import { findFree } from "../../src/metadata/rows/untagged.ts";
import { checkpoint } from "../../src/metadata/sqlite/checkpoint.ts";
import {
  app,
  blob,
  digest,
  finish,
  manifest,
  now,
  session,
  staging,
  tag,
} from "../contract/metadataRows.ts";
import { nextTurn } from "../support/nextTurn.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inspect, openIn } from "./database.ts";
import { emptySchema, planOf } from "./statementPlans.ts";

describe("leases in SQLite", () => {
  test("are never shortened by an upload", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "leases");
    const { uploads } = (await openIn(scope, directory)).metadata;
    const lease = inspect(scope, directory).query("SELECT kept_until FROM contents");
    const kept: unknown[] = [];

    for (const keptUntil of [100, 300, 200]) {
      await uploads.finishUpload(finish("layer", { keptUntil }));
      kept.push(...lease.values().flat());
    }

    expect(kept).toEqual([100, 300, 300]);
  });

  test("are not written when they are long enough", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "leases");
    const { uploads, contents } = (await openIn(scope, directory)).metadata;
    await uploads.finishUpload(finish("layer", { keptUntil: 200 }));
    const client = inspect(scope, directory);
    const lease = () => client.query("SELECT kept_until FROM contents").values().flat();
    const version = () => client.query("PRAGMA data_version").values().flat();
    const before = version();

    const asked = { repository: app, digest: digest("layer"), keptUntil: 999 };
    await contents.keepBlob({ ...asked, atLeast: 200 });
    const unchanged = [lease(), version()];
    await contents.keepBlob({ ...asked, atLeast: 201 });

    expect(unchanged).toEqual([[200], before]);
    expect(lease()).toEqual([999]);
  });
});

describe("the row of a blob", () => {
  test("is read once while nobody writes, for pulls and for pushers, and anew after any commit", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "blobs");
    const { uploads, contents, registry } = (await openIn(scope, directory)).metadata;
    const asked = { repository: app, digest: digest("layer"), atLeast: now, keptUntil: now };
    const look = async () => [
      await registry.findBlob(app, asked.digest),
      await contents.keepBlob(asked),
    ];
    await uploads.finishUpload(finish("layer", { keptUntil: now }));
    const rows = [await look(), await look()];
    await uploads.finishUpload(finish("another"));
    const later = await look();
    inspect(scope, directory).run("DELETE FROM repository_contents");
    await nextTurn();
    const gone = await look();

    // The same objects, not some like them.
    expect(rows[1]?.map((row, at) => row !== null && row === rows[0]?.[at])).toEqual([true, true]);
    expect(later.map((row, at) => row === rows[0]?.[at])).toEqual([false, false]);
    expect([later, gone]).toEqual([rows[0] ?? [], [null, null]]);
  });
});

describe("claims on upload sessions", () => {
  test("of an earlier server are void, those of a running one are not taken by a command", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "claims");
    const server = await openIn(scope, directory);
    const upload = session();
    await server.metadata.uploads.startUpload(upload, null);
    const claim = "a";
    await server.metadata.uploads.claimUpload(upload.id, app, claim);
    const next = "b";

    const tool = await openIn(scope, directory, { role: "tool" });
    const beside = await tool.metadata.uploads.claimUpload(upload.id, app, next);
    await tool.metadata.close();
    await server.metadata.close();
    const restarted = await openIn(scope, directory);
    const after = await restarted.metadata.uploads.claimUpload(upload.id, app, next);

    expect(beside.kind).toBe("busy");
    expect(after.kind).toBe("claimed");
  });
});

describe("manifest references", () => {
  test("are recorded once each, with what the manifest says of them", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "references");
    const { registry, uploads } = (await openIn(scope, directory)).metadata;
    await uploads.finishUpload(finish("layer"));
    const put = manifest("{}", {
      references: [blob("layer"), blob("layer"), blob("foreign", { required: false, size: 7 })],
      tags: [tag("a")],
    });

    await registry.putManifest(put);
    await registry.putManifest({ ...put, tags: [tag("b")] });

    const rows = inspect(scope, directory)
      .query("SELECT manifest, digest, kind, size, required FROM manifest_references ORDER BY size")
      .values();
    expect(rows).toEqual([
      [put.digest, digest("foreign"), "blob", 7, 0],
      [put.digest, digest("layer"), "blob", 100, 1],
    ]);
  });

  test("are refreshed by a second push, with its time and pusher", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "references");
    const { registry } = (await openIn(scope, directory)).metadata;
    await registry.putManifest(manifest("{}"));

    await registry.putManifest(
      manifest("{}", {
        now: now + 5,
        by: { who: "user:somebody", address: null, requestId: null },
      }),
    );

    const rows = inspect(scope, directory).query("SELECT pushed_at, pushed_by FROM manifests");
    expect(rows.values()).toEqual([[now + 5, "user:somebody"]]);
  });
});

describe("a read-only SQLite database", () => {
  test("refuses every write and still serves reads", async () => {
    await using scope = new Scope();
    const latch = new WriteLatch(() => {});
    const { metadata } = await openIn(scope, tempFolder(scope, "latch"), { latch });
    const { registry, uploads, contents } = metadata;
    await uploads.finishUpload(finish("layer"));
    const upload = session();
    const claim = "a";
    latch.trip("a test", null);

    const refused = await Promise.allSettled([
      registry.putManifest(manifest("{}")),
      contents.keepBlob({ repository: app, digest: digest("layer"), atLeast: now, keptUntil: now }),
      uploads.startUpload(upload, null),
      uploads.claimUpload(upload.id, app, claim),
      uploads.renewClaim(upload.id, claim, now),
      uploads.advanceUpload(upload.id, "a", { offset: 1, staging: staging(""), prefix: null, now }),
      uploads.releaseUpload(upload.id, "a"),
      uploads.finishUpload(finish("layer")),
      uploads.removeUpload(upload.id, app),
    ]);

    for (const outcome of refused) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "READ_ONLY" } });
    }
    expect(await registry.findBlob(app, digest("layer"))).not.toBeNull();
  });
});

describe("list queries", () => {
  test("read a page of tags from an index, without sorting or scanning", () => {
    using client = emptySchema();
    const steps = planOf(client, tagPage);

    expect(steps[0]).toStartWith("SEARCH tags USING COVERING INDEX");
    expect(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step))).toEqual([]);
  });

  test.each([
    ["what is above a manifest", listTagsOf],
    ["whether an index names a manifest", findFree],
  ])("%s is found by digest, not among all references", (_, statement) => {
    using client = emptySchema();

    expect(planOf(client, statement)).toContain(
      "SEARCH r USING INDEX manifest_references_by_digest (digest=? AND repository=?)",
    );
  });

  test("read a page of repositories by stepping through an index", () => {
    using client = emptySchema();
    const steps = planOf(client, repositoryPage);

    const touching = steps.filter((step) => /manifests|repositories/.test(step));
    expect(touching).toHaveLength(2);
    for (const step of touching) {
      expect(step).toMatch(/^SEARCH manifests USING COVERING INDEX \S+ \(repository>\?\)$/);
    }
    expect(steps.filter((step) => step.includes("TEMP B-TREE"))).toEqual([]);
  });
});

describe("checkpoint", () => {
  test("moves the write-ahead log into the database file", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "checkpoint");
    const { metadata, path } = await openIn(scope, directory);
    await metadata.registry.putManifest(manifest("{}", { tags: [tag("v1")] }));

    const report = checkpoint(path);

    expect(report.logPages).toBeGreaterThan(0);
    expect(report).toEqual({
      logPages: report.logPages,
      checkpointedPages: report.logPages,
      busy: false,
    });
    const copy = join(tempFolder(scope, "copy"), "breadbox.db");
    copyFileSync(path, copy);
    using copied = new Database(copy);
    expect(copied.query("SELECT name FROM tags").values()).toEqual([["v1"]]);
  });

  test("restarts a log above 64 MiB, which shrinks it, and reports when a reader prevents that", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "checkpoint");
    const { metadata, path } = await openIn(scope, directory);
    const big = "x".repeat(4 * 1024 * 1024);
    const reader = inspect(scope, directory);
    reader.run("BEGIN");
    reader.query("SELECT * FROM tags").all();
    for (let number = 0; number < 17; number += 1) {
      await metadata.registry.putManifest(manifest(`${big}${number}`));
    }

    const held = checkpoint(path);
    reader.run("COMMIT");
    const grown = statSync(`${path}-wal`).size;
    const free = checkpoint(path);
    await metadata.registry.putManifest(manifest("{}"));

    expect(held.busy).toBe(true);
    expect(free).toEqual({
      logPages: free.logPages,
      checkpointedPages: free.logPages,
      busy: false,
    });
    expect(grown).toBeGreaterThan(64 * 1024 * 1024);
    expect(statSync(`${path}-wal`).size).toBe(64 * 1024 * 1024);
  });
});
