// The garbage collection as a job of the maintenance worker: ordered when it is due, left when the server stops, done by the worker.
import { describe, expect, test } from "bun:test";
import { nameProcess } from "../../src/ambient.ts";
import type { GcRequest } from "../../src/gc/gcRun.ts";
import { ownerOfRun } from "../../src/gc/runs.ts";
import { Maintenance, type MaintenanceOptions } from "../../src/jobs/maintenance.ts";
import type { MaintenanceReport } from "../../src/jobs/protocol.ts";
import { openGcRoom } from "../gc/gcRoom.ts";
import { Scope } from "../support/scope.ts";
import { quiet, workerOf } from "./quiet.ts";

const request: GcRequest = {
  id: "01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55",
  ...{ trigger: "schedule", dryRun: false, minAgeMs: 0, brakeShare: 0 },
  ...{ untaggedOlderThanMs: null, leaseMs: 1, uploadsMs: 1, restoreGraceMs: 0 },
};

/** A worker that answers sweeps, and collections as `onCollect` says; `stop` is what it does when it is asked to stop. */
function workerThat({ onCollect = "", onStop = "" }): Worker {
  const source = `
    const collected = () => postMessage({ kind: "collected", run: null, notes: [], durationMs: 1, isStopped: false });
    self.onmessage = ({ data: { kind } }) => {
      if (kind === "sweep")
        postMessage({ kind: "swept", dropped: 0, undeleted: null, durationMs: 0, firstSeen: new Map() });
      if (kind === "collect") { ${onCollect} }
      if (kind === "stop") { ${onStop} }
    };`;
  return workerOf(source);
}

function open(scope: Scope, changes: Partial<MaintenanceOptions>) {
  const reports: MaintenanceReport[] = [];
  const waiting: { readonly kind: string; readonly seen: () => void }[] = [];
  const maintenance = new Maintenance({
    ...quiet,
    spawn: () => workerThat({ onCollect: "collected();" }),
    onReport: (report) => {
      reports.push(report);
      for (const { kind, seen } of waiting) if (kind === report.kind) seen();
    },
    ...changes,
  });
  scope.defer(() => maintenance.close());
  return {
    maintenance,
    reports,
    /** Resolves with the next report of a kind. */
    next: (kind: MaintenanceReport["kind"]) =>
      new Promise<void>((seen) => waiting.push({ kind, seen })),
  };
}

describe("a collection as a job", () => {
  test("is ordered when it is due, and its end is reported", async () => {
    await using scope = new Scope();
    let due = true;
    const asked: number[] = [];
    const { maintenance, next, reports } = open(scope, {
      clock: () => 42,
      schedule: {
        isDue: (now) => {
          asked.push(now);
          const isDue = due;
          due = false;
          return isDue;
        },
      },
      onDue: async () => maintenance.collect(request),
    });
    const collected = next("collected");

    maintenance.start();
    await collected;

    expect(asked[0]).toBe(42);
    expect(reports.filter(({ kind }) => kind === "collected")).toHaveLength(1);
  });

  test("that cannot begin is reported as failed", async () => {
    await using scope = new Scope();
    const { maintenance, next, reports } = open(scope, {
      schedule: { isDue: () => true },
      onDue: () => Promise.reject(new Error("EIO")),
    });
    const failed = next("failed");

    maintenance.start();
    await failed;

    expect(reports).toContainEqual({
      kind: "failed",
      what: "collect",
      isStopped: false,
      message: "Error: EIO",
    });
  });

  test("is asked to end, and waited for, when the server stops", async () => {
    await using scope = new Scope();
    const { maintenance, reports } = open(scope, {
      spawn: () => workerThat({ onStop: "collected();" }),
    });
    maintenance.collect(request);

    await maintenance.close();

    expect(reports.map(({ kind }) => kind)).toEqual(["collected"]);
  });

  test("whose worker dies is failed and not restarted", async () => {
    await using scope = new Scope();
    let spawned = 0;
    const { maintenance, next, reports } = open(scope, {
      spawn: () => {
        spawned += 1;
        return workerThat({ onCollect: "process.exit(1);" });
      },
    });
    const failed = next("failed");
    maintenance.collect(request);
    await failed;
    const swept = next("swept");

    maintenance.start();
    await swept;

    expect(spawned).toBe(2);
    expect(reports).toContainEqual({
      kind: "failed",
      what: "collect",
      isStopped: false,
      message: "it ended",
    });
    expect(reports.filter(({ kind }) => kind === "collected")).toEqual([]);
  }, 10_000);

  test("is executed by the worker and recorded", async () => {
    await using scope = new Scope();
    const room = await openGcRoom();
    scope.defer(() => room.store.remove());
    const orphan = await room.push("orphan");
    const { directory } = room.store;
    const { gcRuns } = room.store.rooms.metadata;
    const { maintenance, next, reports } = open(scope, {
      spawn: () => new Worker(new URL("../../src/jobs/worker.ts", import.meta.url).href),
      store: { data: directory, database: null, bucket: null },
    });
    await gcRuns.beginRun({ ...request, startedAt: room.store.clock.now() });
    const collected = next("collected");

    maintenance.collect(request);
    await collected;

    const run = await gcRuns.findRun(request.id);
    expect(run).toMatchObject({ state: "done", reason: null, counts: { deletedBlobs: 1 } });
    expect(reports).toMatchObject([{ kind: "collected", run: { id: request.id, state: "done" } }]);
    expect(await room.has(orphan)).toBe(false);
    expect((await gcRuns.findActive(Date.now())).holder).toBeNull();
  });

  test("succeeds although an earlier worker of this server died and left its lock", async () => {
    await using scope = new Scope();
    const room = await openGcRoom();
    scope.defer(() => room.store.remove());
    const { directory, rooms } = room.store;
    const owner = ownerOfRun(await nameProcess(), "01a1f7e6-0000-7000-8000-000000000000");
    const lock = { name: "gc", owner, now: Date.now(), lastsMs: 30_000, dead: null } as const;
    await rooms.metadata.locks.acquireLock(lock);
    const { maintenance, next, reports } = open(scope, {
      spawn: () => new Worker(new URL("../../src/jobs/worker.ts", import.meta.url).href),
      store: { data: directory, database: null, bucket: null },
    });
    await rooms.metadata.gcRuns.beginRun({ ...request, startedAt: 0 });
    const collected = next("collected");

    maintenance.collect(request);
    await collected;

    expect(reports).toMatchObject([{ kind: "collected", run: { id: request.id, state: "done" } }]);
  });
});
