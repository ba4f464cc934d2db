// When a round of the scrub is due, in slices behind other work, across restarts, and after a failure.
import { describe, expect, test } from "bun:test";
import { Maintenance } from "../../src/jobs/maintenance.ts";
import type { MaintenanceReport } from "../../src/jobs/protocol.ts";
import { latestTimeOf } from "../../src/jobs/schedule.ts";
import type { ScrubReport } from "../../src/jobs/scrub.ts";
import { Scrubs } from "../../src/jobs/scrubs.ts";
import { digestOf } from "../../src/model/digest.ts";
import { quiet, workerOf } from "./quiet.ts";

const minute = 60_000;
const week = 7 * 24 * 60 * minute;
/** A Sunday. */
const sunday = Date.UTC(2026, 1, 1, 4, 30);
const weekly = { expression: "30 4 * * 0", timeZone: "UTC" };

function open(start = sunday + 1) {
  const time = { wall: start, up: 0 };
  const clock = () => time.wall;
  const latestTime = latestTimeOf(weekly);
  const scrubs = new Scrubs({ latestTime, bytesPerSecond: 1_000, clock }, time.up);
  return { scrubs, time, next: () => scrubs.next(time.up) };
}

const slice = (since: number, finished: boolean): ScrubReport => ({
  kind: "scrubbed",
  since,
  bytes: 5,
  verified: 1,
  finished,
});

describe("the latest time of a schedule", () => {
  test("is exact to the second, also after the clock was set back", () => {
    const latest = latestTimeOf(weekly);

    expect(latest(sunday - 1)).toBe(sunday - week);
    expect(latest(sunday)).toBe(sunday);
    expect(latest(sunday + week - 1)).toBe(sunday);
    expect(latest(sunday + week)).toBe(sunday + week);
    expect(latest(sunday)).toBe(sunday);
  });
});

describe("a scrub round", () => {
  test("is due from the latest scheduled time on, a minute after the start", () => {
    const { time, next } = open();

    expect(next()).toBeNull();
    time.up = minute;

    expect(next()).toEqual({ since: sunday, bytesPerSecond: 1_000, forMs: 500 });
  });

  test("ends with its last slice, and the next is due at the next scheduled time", () => {
    const { scrubs, time, next } = open();
    time.up = minute;
    scrubs.take({ kind: "damaged", found: { ...nothing, fault: "contentMissing", holders } });

    expect(scrubs.take(slice(sunday, false))).toBeNull();
    expect(next()?.since).toBe(sunday);
    expect(scrubs.take(slice(sunday, true))).toEqual({
      verified: 2,
      bytes: 10,
      damaged: 1,
      unreadable: 0,
    });
    expect(next()).toBeNull();
    time.wall = sunday + week;
    expect(next()?.since).toBe(sunday + week);
    expect(scrubs.take(slice(sunday + week, true))?.damaged).toBe(0);
  });

  test("pauses for ten minutes after a failed slice", () => {
    const { scrubs, time, next } = open();
    time.up = minute;
    scrubs.failed(time.up);

    time.up += 10 * minute - 1;
    expect(next()).toBeNull();
    time.up += 1;
    expect(next()).not.toBeNull();
  });
});

const nothing = { digest: digestOf(new Uint8Array()) };
const objects = { some: [], others: 0 };
const holders = { repositories: [], tags: [], more: false, objects };

describe("scrub slices", () => {
  test("follow one another at once, after other queued work, until the round is over", async () => {
    const order = { since: 1, bytesPerSecond: 1, forMs: 1 };
    const over = Promise.withResolvers<void>();
    const seen: MaintenanceReport["kind"][] = [];
    const collection = {
      ...({ id: "run", trigger: "api", dryRun: true, minAgeMs: 0, leaseMs: 0 } as const),
      ...{ uploadsMs: 0, restoreGraceMs: 0, brakeShare: 0, untaggedOlderThanMs: null },
    };
    let left = 3;
    const maintenance: Maintenance = new Maintenance({
      ...quiet,
      spawn: () =>
        workerOf(`self.onmessage = ({data: {kind}}) => {
          if (kind === "sweep") postMessage({kind: "swept", firstSeen: new Map()});
          if (kind === "scrub") postMessage({kind: "scrubbed"});
          if (kind === "collect") postMessage({kind: "collected"});
        };`),
      scrubs: { next: () => (left > 0 ? order : null), failed: () => {} },
      onReport: ({ kind }) => {
        if (kind === "scrubbed") {
          left -= 1;
          if (left === 2) maintenance.collect(collection);
          if (left === 0) over.resolve();
        }
        seen.push(kind);
      },
    });

    maintenance.start();
    await over.promise;
    await maintenance.close();

    expect(seen).toEqual(["swept", "scrubbed", "collected", "scrubbed", "scrubbed"]);
  });

  test("stop with the server: none is ordered afterwards", async () => {
    const order = { since: 1, bytesPerSecond: 1, forMs: 1 };
    const first = Promise.withResolvers<void>();
    let ordered = 0;
    const maintenance: Maintenance = new Maintenance({
      ...quiet,
      spawn: () =>
        workerOf(`self.onmessage = ({data: {kind}}) => {
          if (kind === "scrub") postMessage({kind: "scrubbed"});
        };`),
      scrubs: {
        next: () => {
          ordered += 1;
          return order;
        },
        failed: () => {},
      },
      onReport: () => {
        maintenance.stop();
        first.resolve();
      },
    });

    maintenance.start();
    await first.promise;
    await maintenance.close();

    expect(ordered).toBe(1);
  });

  test("that fail, or whose worker dies, are not retried at once", async () => {
    for (const source of [
      `self.onmessage = ({data: {kind}}) => {
        if (kind === "scrub") postMessage({kind: "failed", what: "scrub", isStopped: false, message: "x"});
      };`,
      `self.onmessage = ({data: {kind}}) => { if (kind === "scrub") process.exit(0); };`,
    ]) {
      const failed = Promise.withResolvers<void>();
      const maintenance = new Maintenance({
        ...quiet,
        spawn: () => workerOf(source),
        scrubs: {
          next: () => ({ since: 1, bytesPerSecond: 1, forMs: 1 }),
          failed: () => failed.resolve(),
        },
        onReport: () => {},
      });

      maintenance.start();

      expect(await failed.promise).toBeUndefined();
      await maintenance.close();
    }
  });
});
