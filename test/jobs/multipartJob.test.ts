// When uploads in parts are looked through: a job of its own, beside the sweep of upload sessions.
import { describe, expect, test } from "bun:test";
import { Maintenance, type MaintenanceOptions } from "../../src/jobs/maintenance.ts";
import type { MaintenanceReport } from "../../src/jobs/protocol.ts";
import { quiet, workerOf } from "./quiet.ts";

const limits = { graceMs: 60_000, limit: 200 };
/** Answers each job, and says so with what it was asked for. */
const answering = `self.onmessage = ({data}) => {
  if (data.kind === "end") process.exit(0);
  if (data.kind === "sweep") postMessage({kind: "swept", dropped: 0, undeleted: null, durationMs: 0, firstSeen: new Map()});
  if (data.kind !== "sweepMultipart") return;
  const {graceMs, limit} = data.limits;
  postMessage({kind: "multipartSwept", expired: limit, leftovers: graceMs, undeleted: null, durationMs: 0});
};`;

/** Maintenance that runs until a kind of report has come `times`. @returns all that it reported. */
async function until(
  awaited: MaintenanceReport["kind"],
  times: number,
  options: Pick<MaintenanceOptions, "multipart" | "spawn"> & Partial<MaintenanceOptions>,
): Promise<readonly MaintenanceReport[]> {
  const reports: MaintenanceReport[] = [];
  const done = Promise.withResolvers<void>();
  const maintenance = new Maintenance({
    ...quiet,
    ...options,
    onReport: (report) => {
      reports.push(report);
      if (reports.filter(({ kind }) => kind === awaited).length === times) done.resolve();
    },
  });
  maintenance.start();
  await done.promise;
  await maintenance.close();
  return reports;
}

describe("Maintenance: sweeps of multipart uploads", () => {
  test("run at the start, with the limits of the configuration", async () => {
    const multipart = { everyMs: 3_600_000, limits };
    const reports = await until("multipartSwept", 1, {
      multipart,
      spawn: () => workerOf(answering),
    });

    const swept = {
      expired: limits.limit,
      leftovers: limits.graceMs,
      undeleted: null,
      durationMs: 0,
    };
    expect(reports).toContainEqual({ kind: "multipartSwept", ...swept });
  });

  test("run at their own interval, which a sweep that reached its limit does not shorten", async () => {
    const seldom = { everyMs: 3_600_000, limits };
    const often = { everyMs: 1_000, limits };
    const spawn = () => workerOf(answering);
    const kinds = (reports: readonly MaintenanceReport[]) => reports.map(({ kind }) => kind);

    const first = await until("swept", 2, { multipart: seldom, spawn, cleanupEveryMs: 1_000 });
    const second = await until("multipartSwept", 2, { multipart: often, spawn });

    expect(kinds(first).filter((kind) => kind === "multipartSwept")).toHaveLength(1);
    expect(kinds(second).filter((kind) => kind === "swept")).toHaveLength(1);
  }, 15_000);

  test("are sent to a new worker when the first one ends without an answer", async () => {
    const lost: string[] = [];
    let spawned = 0;
    const spawn = () => {
      spawned += 1;
      return workerOf(spawned === 1 ? "self.onmessage = () => process.exit(0);" : answering);
    };
    const multipart = { everyMs: 3_600_000, limits };
    await until("multipartSwept", 1, { multipart, spawn, onLost: (reason) => lost.push(reason) });

    expect([spawned, lost.length]).toEqual([2, 1]);
  });

  test("that fail are reported and run again after the interval", async () => {
    const failing = `let count = 0; ${answering.replace(
      "if (data.kind !== ",
      `if (data.kind === "sweepMultipart" && count++ === 0)
         return postMessage({kind: "failed", what: data.kind, isStopped: false, message: "EIO"});
       if (data.kind !== `,
    )}`;
    const spawn = () => workerOf(failing);
    const reports = await until("multipartSwept", 1, {
      multipart: { everyMs: 1_000, limits },
      spawn,
    });

    expect(reports).toContainEqual({
      kind: "failed",
      what: "sweepMultipart",
      isStopped: false,
      message: "EIO",
    });
  });

  test("never run when they are switched off", async () => {
    const spawn = () => workerOf(answering);
    const reports = await until("swept", 2, { multipart: null, spawn, cleanupEveryMs: 1_000 });

    expect(new Set(reports.map(({ kind }) => kind))).toEqual(new Set(["swept"]));
  });
});
