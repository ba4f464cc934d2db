// What requests leave in memory: counted in objects of the server's own thread after its garbage was collected, which no allocator and no
// other program of the machine moves.
import { expect } from "bun:test";
import { each } from "../../src/import/each.ts";
import { clientTest } from "../support/clientTest.ts";
import { type GrowingServer, type Heap, startGrowing } from "./server.ts";
import { prepareSmall, smallKinds } from "./small.ts";

/** Requests at a time, those that warm up, and those that count. */
const [lanes, first, counted] = [8, 600, 2_000];
/** Objects for each request. What stays is one at least; compiled functions come now and then, a few hundred in all. */
const least = 0.5;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

clientTest(
  "thousands of requests of any kind leave nothing in memory",
  { commands: [], timeoutMs: 240_000 },
  async (scope) => {
    const server = await startGrowing(scope);
    const { send } = server;
    await prepareSmall(send);

    const grown: Record<string, string> = {};
    for (const [kind, act] of Object.entries(smallKinds)) {
      await each(upTo(first), lanes, (at) => act(send, at));
      const before = await server.look();
      await each(upTo(counted), lanes, (at) => act(send, first + at));
      const after = await settled(server, before);
      const left = (after.objectCount - before.objectCount) / counted;
      if (left > least) grown[kind] = `${left} objects each: ${differing(before, after)}`;
    }

    expect(grown).toEqual({});
  },
);

/** What a request has just let go of may be held for a moment, by a timer or a worker's answer. */
async function settled(server: GrowingServer, before: Heap): Promise<Heap> {
  for (let looks = 0; ; looks += 1) {
    const after = await server.look();
    if (looks === 5 || after.objectCount - before.objectCount < counted / 20) return after;
    await Bun.sleep(300);
  }
}

/** The types that have grown most. */
function differing(before: Heap, after: Heap): string {
  const grown = Object.entries(after.objectTypeCounts).map(
    ([type, count]) => [type, count - (before.objectTypeCounts[type] ?? 0)] as const,
  );
  const most = grown.sort(([, a], [, b]) => b - a).slice(0, 5);
  return most.map(([type, count]) => `${type} +${count}`).join(", ");
}
