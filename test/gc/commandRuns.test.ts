// `breadbox gc`, and the runs of others: which of them it takes for killed.
import { expect, test } from "bun:test";
import { collectByCommand } from "../../src/gc/gc.ts";
import { Scope } from "../support/scope.ts";
import { hour, openGcRoom } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { gcRuns } = room.store.rooms.metadata;
  const newId = (): string => Bun.randomUUIDv7();
  const begin = async (): Promise<string> => {
    const startedAt = room.store.clock.now();
    const begun = { id: newId(), trigger: "api", dryRun: false, startedAt } as const;
    return (await gcRuns.beginRun(begun)).id;
  };
  const collect = (isServed: boolean) =>
    collectByCommand(
      { ...room.deps(), runs: gcRuns, newId, isServed: async () => isServed },
      {
        ...{ dryRun: false, minAgeMs: hour, leaseMs: hour, uploadsMs: 0, brakeShare: 0 },
        ...{ restoreGraceMs: 0, untaggedOlderThanMs: null },
      },
      {},
    );
  const stateOf = async (id: string) => (await gcRuns.findRun(id))?.state;
  return { begin, collect, stateOf };
}

test("a run that a server was asked for, and has not begun to work on, is not called failed by a command", async () => {
  await using scope = new Scope();
  const { begin, collect, stateOf } = await openRoom(scope);
  const asked = await begin();

  const { state } = await collect(true);

  expect(state).toBe("done");
  expect(await stateOf(asked)).toBe("running");
});

// In PostgreSQL runs have leases instead.
test.skipIf(Boolean(process.env["BREADBOX_TEST_DATABASE"]))(
  "the run of a server that was killed is marked as failed by the next command",
  async () => {
    await using scope = new Scope();
    const { begin, collect, stateOf } = await openRoom(scope);
    const killed = await begin();

    await collect(false);

    expect(await stateOf(killed)).toBe("failed");
  },
);
