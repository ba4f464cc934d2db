// Times of the schedule that passed while no server was there: made up for once, however clocks were set, and never for nothing.
import { describe, expect, test } from "bun:test";
import type { ClockVerdict } from "../../src/clock/clockTrust.ts";
import { watchClock } from "../../src/clock/clockWatch.ts";
import { GcRuns } from "../../src/gc/runs.ts";
import { Maintenance } from "../../src/jobs/maintenance.ts";
import { MissedRun } from "../../src/jobs/missedRun.ts";
import { latestTimeOf, Schedule } from "../../src/jobs/schedule.ts";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { now as made, openEmpty } from "../metadata/database.ts";
import { Scope } from "../support/scope.ts";
import { quiet, workerOf } from "./quiet.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const nightly = { expression: "0 3 * * *", timeZone: "UTC" };
const patience = 66 * minute;
/** The first 3:00 after the store was made, Unix ms. */
const night = new Schedule(nightly, made).dueAt ?? Number.NaN;

/** A machine with a store, and servers that come and go on it. */
async function openMachine(scope: Scope, { dryRun = false } = {}) {
  const { metadata } = await openEmpty(scope);
  const { gcRuns, clock: anchor } = metadata;
  let [wall, uptime, boot] = [made, day, 1];
  const readUptime = async () => ({ boot: `boot ${boot}`, uptime });
  const clock = () => wall;
  const lookAtClock = () => watchClock({ metadata: anchor, clock, readUptime }, patience);
  const begun: number[] = [];
  const serve = () => {
    const runs: GcRuns = new GcRuns({
      runs: gcRuns,
      clock,
      newId: () => Bun.randomUUIDv7(),
      isAlive: () => false,
      settings: {
        ...{ minAgeMs: hour, leaseMs: hour, uploadsMs: 0, restoreGraceMs: 0, brakeShare: 0.25 },
        ...{ dryRun, untaggedOlderThanMs: null, untaggedUsuallyMs: 604_800_000 },
      },
      order: ({ id }) => {
        begun.push(wall);
        ending = endRun(id);
      },
    });
    let ending = Promise.resolve();
    const endRun = async (id: string): Promise<void> => {
      const ended = { state: "done", counts: noCounts, reason: null, finishedAt: wall } as const;
      await gcRuns.endRun(id, ended);
      await runs.ended();
    };
    const collect = () => runs.runScheduled();
    const lastBeginning = (now: number) => runs.lastBeginning(now);
    const latestTime = latestTimeOf(nightly);
    const deps = { latestTime, lastBeginning, lookAtClock, clock, collect };
    const schedule = new Schedule(nightly, wall);
    const missed = new MissedRun(deps, uptime);
    return {
      runs,
      /** `minutes` go by, and what comes due is done. */
      async run(minutes: number): Promise<void> {
        for (let count = 0; count < minutes; count += 1) {
          if (schedule.isDue(wall)) await collect();
          if (missed.isDue(uptime)) await missed.look(uptime);
          await ending;
          [wall, uptime] = [wall + minute, uptime + minute];
        }
      },
      /** One look, without what the schedule says. */
      look: async () => (missed.isDue(uptime) ? missed.look(uptime) : undefined),
    };
  };
  return {
    serve,
    begun,
    gcRuns,
    lookAtClock,
    set(to: number): void {
      wall = to;
    },
    /** The machine is off for `ms`. */
    off(ms: number): void {
      [wall, uptime, boot] = [wall + ms, minute, boot + 1];
    },
    pass(ms: number): void {
      [wall, uptime] = [wall + ms, uptime + ms];
    },
  };
}

describe("a scheduled run missed while the machine was off", () => {
  test("is made up for ten minutes after the start, once", async () => {
    await using scope = new Scope();
    const machine = await openMachine(scope);
    machine.set(night - 4 * hour);
    await machine.lookAtClock();
    machine.off(10 * hour);

    await machine.serve().run(10);
    expect(machine.begun).toEqual([]);
    await machine.serve().run(60);
    expect(machine.begun).toEqual([night + 6 * hour + 20 * minute]);
    await machine.serve().run(60);
    expect(machine.begun).toHaveLength(1);
  });

  test("is not made up for when a collection ran since, scheduled or by hand", async () => {
    await using scope = new Scope();
    const machine = await openMachine(scope);
    const run = { id: Bun.randomUUIDv7(), trigger: "command", dryRun: false } as const;
    await machine.gcRuns.beginRun({ ...run, startedAt: night + 1 });
    machine.set(night + hour);

    await machine.serve().run(60);

    expect(machine.begun).toEqual([]);
  });

  test("is made up for despite a later dry run, unless scheduled runs are dry", async () => {
    for (const dryRun of [false, true]) {
      await using scope = new Scope();
      const machine = await openMachine(scope, { dryRun });
      const run = { id: Bun.randomUUIDv7(), trigger: "api", dryRun: true } as const;
      await machine.gcRuns.beginRun({ ...run, startedAt: night + 1 });
      machine.set(night + hour);

      await machine.serve().run(60);

      expect(machine.begun).toHaveLength(dryRun ? 0 : 1);
    }
  });

  test("does not exist before the store was created", async () => {
    await using scope = new Scope();
    const machine = await openMachine(scope);
    expect(made).toBeLessThan(night - 2 * hour);

    await machine.serve().run(60);

    expect(machine.begun).toEqual([]);
  });
});

describe("a scheduled run that the server has started", () => {
  test("is not repeated after a restart, at whatever minute", async () => {
    for (const before of [1, 5, 9, 10, 11, 60]) {
      await using scope = new Scope();
      const machine = await openMachine(scope);
      machine.set(night - before * minute);

      await machine.serve().run(120);

      expect([before, machine.begun]).toEqual([before, [night]]);
    }
  });

  test("is not repeated when the clock is set back before it and the server restarts", async () => {
    await using scope = new Scope();
    const machine = await openMachine(scope);
    machine.set(night - minute);
    await machine.serve().run(5);
    machine.set(night - 30 * minute);

    const server = machine.serve();
    machine.pass(11 * minute);
    await server.look();

    expect(machine.begun).toEqual([night]);
  });
});

describe("making up for a missed run", () => {
  test("waits, after the clock jumped ten years ahead, until all leases have run out", async () => {
    await using scope = new Scope();
    const machine = await openMachine(scope);
    await machine.lookAtClock();
    const server = machine.serve();
    machine.pass(10 * minute);
    machine.set(made + 3650 * day);

    await server.look();
    machine.pass(patience - 1);
    await server.look();
    expect(machine.begun).toEqual([]);
    machine.pass(1);
    await server.look();

    expect(machine.begun).toEqual([made + 3650 * day + patience]);
  });

  test("works again after a collection was recorded while the clock was ten years ahead", async () => {
    await using scope = new Scope();
    const machine = await openMachine(scope);
    const run = { id: Bun.randomUUIDv7(), trigger: "schedule", dryRun: false } as const;
    await machine.gcRuns.beginRun({ ...run, startedAt: made + 3650 * day });
    machine.set(night + hour);

    await machine.serve().run(60);

    expect(machine.begun).toHaveLength(1);
  });
});

const trusted: ClockVerdict = {
  kind: "trusted",
  anchor: { boot: "", uptime: 0, wall: 0, distrustUntil: 0 },
  setBackMs: 0,
};

test("a failed check for a missed run is repeated ten minutes later", async () => {
  let failing = true;
  let collected = 0;
  const missed = new MissedRun(
    {
      latestTime: () => night,
      lastBeginning: async () => (failing ? Promise.reject(new Error("EIO")) : null),
      lookAtClock: async () => trusted,
      clock: () => night,
      collect: async () => {
        collected += 1;
      },
    },
    0,
  );
  const at = 10 * minute;

  expect(await missed.look(at).catch(String)).toBe("Error: EIO");
  failing = false;

  expect([missed.isDue(2 * at - 1), missed.isDue(2 * at)]).toEqual([false, true]);
  await missed.look(2 * at);
  expect([collected, missed.isDue(100 * at)]).toEqual([1, false]);
});

test("who takes over from another server looks at once, also when it has looked before", async () => {
  let collected = 0;
  const missed = new MissedRun(
    {
      latestTime: () => 10,
      lastBeginning: async () => (collected === 0 ? 5 : 10),
      lookAtClock: async () => trusted,
      clock: () => 20,
      collect: async () => {
        collected += 1;
      },
    },
    0,
  );
  missed.takeOver(1);
  expect(missed.isDue(1)).toBeTrue();
  await missed.look(1);
  expect(missed.isDue(Number.MAX_VALUE)).toBeFalse();

  missed.takeOver(2);
  expect(missed.isDue(2)).toBeTrue();
  await missed.look(2);

  expect(collected).toBe(1);
});

test("the maintenance checks for a missed run when it is due", async () => {
  const looked = Promise.withResolvers<void>();
  const maintenance = new Maintenance({
    ...quiet,
    spawn: () =>
      workerOf(
        "self.onmessage = ({data}) => postMessage({kind: 'failed', what: data.kind, message: ''});",
      ),
    missed: { isDue: () => true, look: async () => looked.resolve(), takeOver: () => {} },
    onReport: () => {},
  });

  maintenance.start();
  await looked.promise;

  await maintenance.close();
});
