// The cleanup of the maintenance worker deletes old entries of the audit trail, too.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { AuditLimits } from "../../src/jobs/auditPrune.ts";
import type { MaintenanceReport, MaintenanceRequest } from "../../src/jobs/protocol.ts";
import type { AuditEntry } from "../../src/metadata/audit.ts";
import { type InspectionRoom, openInspectionRoom } from "../fsck/inspectionRoom.ts";

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

/** Resolves when a sweep has ended. @param now the time by which ages are judged, Unix ms; null while it is in doubt. */
async function sweep(audit: AuditLimits, now: number | null): Promise<void> {
  const done = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<MaintenanceReport>) => {
    if (data.kind === "swept") done.resolve();
    if (data.kind === "failed") done.reject(new Error(data.message));
  };
  const store = { data: room.directory, database: null, bucket: null };
  const order = {
    kind: "sweep",
    store,
    now,
    timeoutMs: 1,
    staleMs: 1,
    firstSeen: new Map(),
    audit,
  } as const;
  worker.postMessage(order satisfies MaintenanceRequest);
  await done.promise;
}

async function entriesLeft(): Promise<readonly number[]> {
  const { audit } = room.store.rooms.metadata;
  const all = { after: null, limit: 100, since: null, who: null, resource: null };
  return (await audit.listEntries(all)).entries.map(({ at }) => at);
}

test("entries that are too old or too many are deleted, and none for its age while the clock is in doubt", async () => {
  const nothing = { resource: null, detail: null, digest: null, previous: null };
  const login = (at: number): AuditEntry => ({
    ...{ at, event: "login", who: null, address: null, requestId: null, ...nothing, times: 1 },
  });
  await room.store.rooms.metadata.audit.addEntries([1, 2, 3, 4, 5].map(login));

  await sweep({ keepMs: 3, mostEntries: 1_000 }, null);
  expect(await entriesLeft()).toEqual([5, 4, 3, 2, 1]);
  await sweep({ keepMs: 3, mostEntries: 1_000 }, 6);
  expect(await entriesLeft()).toEqual([5, 4, 3]);
  await sweep({ keepMs: 1_000, mostEntries: 2 }, 6);
  expect(await entriesLeft()).toEqual([5, 4]);
});
