// The clock of PostgreSQL, which all servers of a database share.
import { describe, expect, test } from "bun:test";
import { DatabaseClock } from "../../src/metadata/postgres/clock.ts";
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
