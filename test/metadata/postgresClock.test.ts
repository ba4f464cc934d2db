// The clock of PostgreSQL, which all servers of a database share.
import { describe, expect, test } from "bun:test";
import { DatabaseClock } from "../../src/metadata/postgres/clock.ts";
import { finish, now } from "../contract/metadataRows.ts";
import { clientTest } from "../support/clientTest.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { openAt } from "./postgresDatabase.ts";

const needs = { commands: [], reason: postgresIsMissing };
const hour = 3_600_000;

clientTest(
  "the time of rows is the database's, whatever the server's clock says",
  needs,
  async (scope) => {
    const server = await startPostgres(scope);
    const url = await server.createDatabase("time");

    const [ahead, behind] = [
      await openAt(scope, url, { clock: () => Date.now() + hour }),
      await openAt(scope, url, { clock: () => Date.now() - hour }),
    ];

    const [found] = await server.admin`select extract(epoch from clock_timestamp()) * 1000 as now`;
    for (const { clock } of [ahead, behind]) {
      expect(Math.abs(clock() - Number(found?.["now"]))).toBeLessThan(1_000);
    }
  },
);

/** A clock that is asked of a database that answers after the times that are told, in ms, and then at once; null: not at all. */
function openClock(delays: (number | null)[], ahead: { ms: number }) {
  const origin = Date.now() - performance.now();
  return DatabaseClock.open(async () => {
    const delay = delays.length === 0 ? 0 : delays.shift();
    if (typeof delay !== "number") throw new Error("no connection");
    // It looks at its clock at the very end: half of the delay is the error.
    await Bun.sleep(delay);
    return origin + performance.now() + ahead.ms;
  });
}
/** Less than half of the delays here, which is how far a late answer would move the clock; as much as a busy machine needs. Unit: ms. */
const mostError = 90;
const errorOf = (clock: DatabaseClock, ahead = 0): number =>
  Math.abs(clock.now() - Date.now() - ahead);

describe("the database's clock in between", () => {
  test("is asked for several times at the beginning, and the quickest answer counts", async () => {
    const clock = await openClock([300, 200, 0], { ms: 0 });
    const error = errorOf(clock);
    clock.close();
    expect(error).toBeLessThan(mostError);
  });

  test("advances while no answer comes, and is not moved by one that comes late", async () => {
    const delays: (number | null)[] = [0];
    const clock = await openClock(delays, { ms: 0 });
    delays.push(null, 300);
    expect(await clock.read().catch(String)).toContain("no connection");
    await clock.read();
    const error = errorOf(clock);
    clock.close();
    expect(error).toBeLessThan(mostError);
  });

  test("follows one that was set", async () => {
    const ahead = { ms: 0 };
    const clock = await openClock([0], ahead);
    ahead.ms = hour;
    await clock.read();
    const error = errorOf(clock, hour);
    clock.close();
    expect(error).toBeLessThan(mostError);
  });
});

clientTest(
  "each machine has its looks at the clock, and one that doubts it is heard first",
  needs,
  async (scope) => {
    const server = await startPostgres(scope);
    const url = await server.createDatabase("looks");
    const { metadata } = await openAt(scope, url);
    const look = (boot: string, wall: number, doubt = 0) => ({
      ...{ boot, uptime: 100 * hour, wall, distrustUntil: doubt === 0 ? 0 : 100 * hour + doubt },
    });
    const { findClockAnchors: find, replaceClockAnchor: replace } = metadata.clock;
    const [a, b, c] = [look("a", now), look("b", now + 1, hour), look("c", now + 2)];
    for (const each of [a, b, c]) expect(await replace(null, each)).toBeTrue();

    expect(await find("a")).toEqual({ own: a, other: b });
    expect(await find("b")).toEqual({ own: b, other: c });
    expect(await find("d")).toEqual({ own: null, other: b });
    expect(await replace(null, look("c", now + 3))).toBeFalse();

    // Those of a machine that is gone, and of a clock that was ahead, are forgotten.
    expect(await replace(a, look("a", now + 40 * 24 * hour))).toBeTrue();
    expect((await find("b")).own).toBeNull();
    expect(await replace(null, look("b", now))).toBeTrue();
    expect((await find("a")).own).toBeNull();
  },
);

clientTest("leases are postponed once for a step that two machines see", needs, async (scope) => {
  const server = await startPostgres(scope);
  const { metadata } = await openAt(scope, await server.createDatabase("steps"));
  await metadata.uploads.finishUpload(finish("long", { keptUntil: now + 9 * hour }));
  const given = { after: now + hour, until: now + hour };
  const postponed = { endingAfter: now + hour, given, byMs: hour };
  const after = { uptime: 5, wall: now, distrustUntil: 5 + 3 * hour };

  for (const boot of ["a", "b"]) {
    expect(await metadata.clock.replaceClockAnchor(null, { boot, ...after }, postponed)).toBeTrue();
  }

  const ages = await metadata.usage.findAges(finish("long").digest);
  expect(ages?.keptUntil).toBe(now + 10 * hour);
});
