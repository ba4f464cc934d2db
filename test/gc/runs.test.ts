// The server's side of the garbage collection: which runs begin, which are refused, and what becomes of those that were killed.
import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import type { GcRequest } from "../../src/gc/gcRun.ts";
import { GcRuns, ownerOfRun, type ServerGcSettings } from "../../src/gc/runs.ts";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { now, openEmpty } from "../metadata/database.ts";
import { Scope } from "../support/scope.ts";

const hour = 3_600_000;
const settings: ServerGcSettings = {
  minAgeMs: hour,
  leaseMs: hour,
  uploadsMs: 2 * hour,
  restoreGraceMs: 0,
  brakeShare: 0.25,
  dryRun: false,
  untaggedOlderThanMs: 7 * 24 * hour,
  untaggedUsuallyMs: 7 * 24 * hour,
};

async function openRoom(scope: Scope, changes: Partial<ServerGcSettings> = {}) {
  const { metadata } = await openEmpty(scope);
  const orders: GcRequest[] = [];
  const dead = new Set<string>();
  let afterBeginning = async (): Promise<void> => {};
  const begin = async (id: string, trigger: "api" | "command"): Promise<string> =>
    (await metadata.gcRuns.beginRun({ id, trigger, dryRun: false, startedAt: now })).id;
  const make = () =>
    new GcRuns({
      runs: {
        ...metadata.gcRuns,
        beginRun: async (beginning) => {
          const run = await metadata.gcRuns.beginRun(beginning);
          await afterBeginning();
          return run;
        },
      },
      clock: () => now,
      newId: () => Bun.randomUUIDv7(),
      isAlive: (process) => !dead.has(process),
      settings: { ...settings, ...changes },
      order: (order) => orders.push(order),
    });
  return {
    gcRuns: make(),
    /** The server is started again. */
    restart: make,
    orders,
    dead,
    /** Its row is there, and its server has not heard of that. */
    whileBeginning: (work: () => Promise<void>) => {
      afterBeginning = work;
    },
    beginCommand: () => begin(Bun.randomUUIDv7(), "command"),
    /** When the clock was a year ahead. */
    beginAhead: () => begin(Bun.randomUUIDv7("hex", Date.now() + 365 * 24 * hour), "api"),
    /** What a process does that works on a run. */
    hold: (owner: string) =>
      metadata.locks.acquireLock({ name: "gc", owner, now, lastsMs: 1000, dead: null }),
    endRun: (id: string) =>
      metadata.gcRuns.endRun(id, {
        state: "done",
        counts: noCounts,
        reason: null,
        finishedAt: now,
      }),
  };
}

const situationOf = (error: unknown): unknown =>
  error instanceof RegistryError ? error.situation : error;
const asked = { dryRun: false };

describe("a run requested by API", () => {
  test("is recorded and passed to the worker, with the brake off", async () => {
    await using scope = new Scope();
    const { gcRuns, orders } = await openRoom(scope);

    const run = await gcRuns.request({ dryRun: true, minAgeMs: 0 });

    expect(run).toMatchObject({ state: "running", trigger: "api", dryRun: true, startedAt: now });
    expect(await gcRuns.find(run.id)).toEqual(run);
    expect(orders).toEqual([
      { ...settings, id: run.id, trigger: "api", dryRun: true, minAgeMs: 0, brakeShare: 0 },
    ]);
  });

  test("uses gc.minAge when no age is given", async () => {
    await using scope = new Scope();
    const { gcRuns, orders } = await openRoom(scope);

    await gcRuns.request(asked);

    expect(orders.map(({ minAgeMs }) => minAgeMs)).toEqual([hour]);
  });

  test("is refused while another run is active, and accepted after it", async () => {
    await using scope = new Scope();
    const { gcRuns, orders } = await openRoom(scope);
    const first = gcRuns.request(asked);
    const second = await gcRuns.request(asked).catch(situationOf);
    await first;

    expect(second).toBe("GC_RUNNING");
    expect(gcRuns.isRunning).toBe(true);
    await gcRuns.ended();
    expect(gcRuns.isRunning).toBe(false);
    await gcRuns.request(asked);
    expect(orders).toHaveLength(2);
  });

  test("is refused while a gc command runs in another process, until that process has ended", async () => {
    await using scope = new Scope();
    const { gcRuns, hold, dead } = await openRoom(scope);
    await hold(ownerOfRun("a command", Bun.randomUUIDv7()));

    expect(await gcRuns.request(asked).catch(situationOf)).toBe("GC_RUNNING");
    dead.add("a command");
    expect(await gcRuns.request(asked)).toMatchObject({ state: "running" });
  });
});

test("a run that begins after the clock was set back is the latest one in the list", async () => {
  await using scope = new Scope();
  const { gcRuns, endRun, beginAhead } = await openRoom(scope);
  const ahead = await beginAhead();
  await endRun(ahead);

  const run = await gcRuns.request(asked);

  const { runs } = await gcRuns.list({ after: null, limit: 9 });
  expect(runs.map(({ id }) => id)).toEqual([run.id, ahead]);
});

test("the run of a command that looks at the clock, and has no lock yet, is not called failed by a server", async () => {
  await using scope = new Scope();
  const { gcRuns, beginCommand } = await openRoom(scope);
  const id = await beginCommand();

  await gcRuns.tidy();

  expect(await gcRuns.find(id)).toMatchObject({ state: "running" });
});

test("a run that the server is beginning is not called failed by its own cleanup", async () => {
  await using scope = new Scope();
  const { gcRuns, whileBeginning } = await openRoom(scope);
  whileBeginning(() => gcRuns.tidy());

  const { id } = await gcRuns.request(asked);

  expect(await gcRuns.find(id)).toMatchObject({ state: "running" });
});

describe("a scheduled run", () => {
  test("uses the brake, and is a dry run when gc.dryRun is set", async () => {
    await using scope = new Scope();
    const { gcRuns, orders } = await openRoom(scope, { dryRun: true });

    const run = await gcRuns.runScheduled();

    expect(run).toMatchObject({ trigger: "schedule", dryRun: true });
    expect(orders[0]).toMatchObject({
      trigger: "schedule",
      dryRun: true,
      minAgeMs: hour,
      brakeShare: 0.25,
    });
  });

  test("is skipped while another run is active", async () => {
    await using scope = new Scope();
    const { gcRuns, orders } = await openRoom(scope);
    await gcRuns.request(asked);

    expect(await gcRuns.runScheduled()).toBeNull();
    expect(orders).toHaveLength(1);
  });
});

describe("a run that was killed", () => {
  test("with its server is marked as failed at the next start", async () => {
    await using scope = new Scope();
    const { gcRuns, restart, hold, dead } = await openRoom(scope);
    const { id } = await gcRuns.request(asked);
    await hold(ownerOfRun("first server", id));
    dead.add("first server");

    const second = restart();
    await second.tidy();

    expect(await second.find(id)).toMatchObject({ state: "failed", reason: "was broken off" });
  });

  test("with its worker is marked as failed at once, before its lock runs out, and the next one begins", async () => {
    await using scope = new Scope();
    const { gcRuns, hold } = await openRoom(scope);
    const { id } = await gcRuns.request(asked);
    await hold(ownerOfRun("this server", id));

    await gcRuns.ended();

    expect(await gcRuns.find(id)).toMatchObject({ state: "failed" });
    expect(await gcRuns.request(asked)).toMatchObject({ state: "running" });
  });

  test("is distinguished from a command's run that is still active, and from the server's own", async () => {
    await using scope = new Scope();
    const { gcRuns, restart, hold } = await openRoom(scope);
    const command = await restart().request(asked);
    await hold(ownerOfRun("a command", command.id));

    await gcRuns.tidy();

    expect(await gcRuns.find(command.id)).toMatchObject({ state: "running" });
  });
});

describe("the history of runs", () => {
  test("is listed by page, the latest first, with whether more follow", async () => {
    await using scope = new Scope();
    const { gcRuns, endRun } = await openRoom(scope);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { id } = await gcRuns.request(asked);
      await endRun(id);
      await gcRuns.ended();
      ids.unshift(id);
    }
    const page = async (after: string | null, limit: number) => {
      const { runs, more } = await gcRuns.list({ after, limit });
      return { ids: runs.map(({ id }) => id), more };
    };

    expect(await page(null, 2)).toEqual({ ids: ids.slice(0, 2), more: true });
    expect(await page(ids[1] ?? null, 2)).toEqual({ ids: ids.slice(2), more: false });
    expect(await page(null, 3)).toEqual({ ids, more: false });
  });

  test("has no entry for an unknown id", async () => {
    await using scope = new Scope();
    const { gcRuns } = await openRoom(scope);

    expect(await gcRuns.find("none").catch(situationOf)).toBe("GC_RUN_UNKNOWN");
    expect(await gcRuns.lastSuccess()).toBeNull();
  });
});
