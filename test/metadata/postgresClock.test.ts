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

describe("the first reading", () => {
  test("is repeated until an answer comes in time", async () => {
    const answers = [5, 1_000_000];
    const clock = await DatabaseClock.open(async () => {
      const answer = answers.shift() ?? 0;
      if (answer === 5) await Bun.sleep(600);
      return answer;
    });
    const { now } = clock;
    clock.close();

    expect(Math.abs(now() - 1_000_000)).toBeLessThan(500);
  });
});

describe("between two readings", () => {
  test("it advances, and a database that does not answer stops it as little as one that answers late", async () => {
    const answers: (() => Promise<number>)[] = [
      async () => 1_000_000,
      () => Promise.reject(new Error("no connection")),
      async () => {
        await Bun.sleep(600);
        return 5;
      },
    ];
    const clock = await DatabaseClock.open(async () => (await answers.shift()?.()) ?? 0);
    const before = clock.now();
    await clock.read().catch(() => undefined);
    await clock.read();
    const after = clock.now();
    clock.close();

    expect(Math.abs(before - 1_000_000)).toBeLessThan(100);
    expect(after - before).toBeGreaterThanOrEqual(599);
    expect(after - before).toBeLessThan(2_000);
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
