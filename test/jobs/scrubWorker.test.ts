// The scrub in the worker of the server: what it tells, and that other work gets its turn while a large blob is read.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { MaintenanceReport, MaintenanceRequest } from "../../src/jobs/protocol.ts";
import { type InspectionRoom, openInspectionRoom } from "../fsck/inspectionRoom.ts";
import { noise } from "../support/store.ts";

let room: InspectionRoom;
let worker: Worker;
beforeEach(async () => {
  room = await openInspectionRoom();
  worker = new Worker(new URL("../../src/jobs/worker.ts", import.meta.url).href);
});
afterEach(async () => {
  worker.terminate();
  await room.remove();
});

/** Sends jobs; resolves with all reports once `last` has come. */
function work(jobs: readonly MaintenanceRequest[], last: MaintenanceReport["kind"]) {
  const reports: MaintenanceReport[] = [];
  const done = Promise.withResolvers<readonly MaintenanceReport[]>();
  worker.onmessage = ({ data }: MessageEvent<MaintenanceReport>) => {
    reports.push(data);
    if (data.kind === last) done.resolve(reports);
  };
  for (const job of jobs) worker.postMessage(job);
  return done.promise;
}

const store = () => ({ data: room.directory, database: null, bucket: null });
const since = () => room.store.clock.now() + 1;

test("the worker reports a damaged blob at once, and the end of the slice afterwards", async () => {
  const [good, bad] = [await room.push(noise(100)), await room.push(noise(200))];
  await room.flip(bad);
  const order = { since: since(), bytesPerSecond: 1e9, forMs: 10_000 };

  const reports = await work([{ kind: "scrub", store: store(), order }], "scrubbed");

  expect(reports).toMatchObject([
    { kind: "damaged", found: { digest: bad, fault: "contentHashDiffers" } },
    { kind: "scrubbed", since: order.since, bytes: 500, verified: 1, finished: true },
  ]);
  expect(await room.pull(bad)).toBe("BLOB_UNKNOWN");
  expect(await room.pull(good)).toHaveLength(100);
});

test("work queued behind a scrub slice does not wait for the end of a large blob", async () => {
  await room.push(noise(3_000_000));
  const order = { since: since(), bytesPerSecond: 1_000, forMs: 50 };
  const sweep = {
    kind: "sweep",
    store: store(),
    now: 1,
    timeoutMs: 1,
    staleMs: 1,
    firstSeen: new Map(),
    audit: { keepMs: 1, mostEntries: 1 },
  } as const;

  const reports = await work([{ kind: "scrub", store: store(), order }, sweep], "swept");

  expect(reports).toMatchObject([{ kind: "scrubbed", finished: false }, { kind: "swept" }]);
});

test("the worker does not scrub a store that turned read-only", async () => {
  await room.push(noise(10));
  const order = { since: since(), bytesPerSecond: 1e9, forMs: 1_000 };

  const reports = await work(
    [{ kind: "halt" }, { kind: "scrub", store: store(), order }],
    "failed",
  );

  expect(reports.at(-1)).toMatchObject({ kind: "failed", what: "scrub" });
});

/** Descriptors of this process, and so of its workers, that are open on the log of the room's database. */
const openLogs = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === join(room.directory, "breadbox.db-wal");
    } catch {
      return false;
    }
  }).length;

test.skipIf(process.platform !== "linux")(
  "jobs that come at once open the store once, so that none fails when a forgotten handle is collected",
  async () => {
    const before = openLogs();
    const order = { since: since(), bytesPerSecond: 1e9, forMs: 10_000 };

    // A check runs beside the others. This one is of no run, and may fail.
    const check = { kind: "check", order: { id: "none", full: false } } as const;
    const checked = { ...check, store: store() };
    await work([checked, { kind: "scrub", store: store(), order }], "scrubbed");

    // SQLite's own, and the one that is synced.
    expect(openLogs() - before).toBe(2);
  },
);
