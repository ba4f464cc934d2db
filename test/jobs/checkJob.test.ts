// A check in the worker of the server: beside its other jobs, remembered, and stopped with the server. And what is left of the scrub.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
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

const store = () => ({ data: room.directory, database: null, bucket: null });
const checks = () => room.store.rooms.metadata.checks;

/** Sends a job, and what is sent right behind it; resolves with the report that answers the job. */
function answerTo(
  job: MaintenanceRequest,
  kind: MaintenanceReport["kind"],
  behind?: MaintenanceRequest,
) {
  const answered = Promise.withResolvers<MaintenanceReport>();
  worker.onmessage = ({ data }: MessageEvent<MaintenanceReport>) => {
    if (data.kind === kind) answered.resolve(data);
  };
  worker.postMessage(job);
  if (behind !== undefined) worker.postMessage(behind);
  return answered.promise;
}

async function begin(): Promise<string> {
  const id = Bun.randomUUIDv7();
  const check = { id, kind: "fsck", trigger: "api", full: true, repair: false } as const;
  const startedAt = room.store.clock.now();
  await checks().beginCheck({ ...check, startedAt }, { owner: "here", alone: true });
  return id;
}

describe("a check as a job", () => {
  test("is done by the worker, which reports what it has written down", async () => {
    const bad = await room.push(noise(200));
    await room.push(noise(100));
    await room.flip(bad);
    const id = await begin();

    const report = await answerTo(
      { kind: "check", store: store(), order: { id, full: true } },
      "checked",
    );

    const run = await checks().findCheck(id);
    expect(report).toMatchObject({ kind: "checked", run });
    expect(run).toMatchObject({ state: "problems", contents: 2, findings: [{ digest: bad }] });
  });

  test("ends as stopped when the server stops", async () => {
    await room.push(noise(20_000_000));
    const id = await begin();

    const report = await answerTo(
      { kind: "check", store: store(), order: { id, full: true } },
      "failed",
      { kind: "stop" },
    );

    expect(report).toMatchObject({ what: "check", isStopped: true });
    expect(await checks().findCheck(id)).toMatchObject({ state: "stopped" });
  });
});

test("a pass of the scrub is a check that goes on in another worker after a restart", async () => {
  await room.push(noise(300));
  room.store.clock.advance(1_000);
  const bad = await room.push(noise(400_000));
  await room.flip(bad);
  const since = room.store.clock.now() + 1;
  const scrub = (bytesPerSecond: number, forMs: number) =>
    answerTo(
      { kind: "scrub", store: store(), order: { since, bytesPerSecond, forMs } },
      "scrubbed",
    );

  // The second blob takes four seconds at this rate, so the slice ends in it.
  await scrub(100_000, 600);
  worker.terminate();
  const running = await checks().listChecks({ after: null, limit: 9 });
  expect(running).toMatchObject([
    {
      ...{ kind: "scrub", trigger: "schedule", state: "running", contents: 1, bytes: 400_300 },
      progress: { phase: "contents", done: 400_300, total: 400_300 },
    },
  ]);
  worker = new Worker(new URL("../../src/jobs/worker.ts", import.meta.url).href);
  await scrub(1e9, 10_000);

  const [ended, ...others] = await checks().listChecks({ after: null, limit: 9 });
  expect(others).toEqual([]);
  // The second one is read again, and twice before it is set aside.
  expect(ended).toMatchObject({ id: running[0]?.id, state: "problems", contents: 2 });
  expect(ended?.bytes).toBe(300 + 3 * 400_000);
  const { findings } = (await checks().findCheck(ended?.id ?? "")) ?? {};
  expect(findings).toMatchObject([{ outcome: "waits", digest: bad }]);
});
