// Histories of a store against a model, in this process: what a collection takes and leaves, whatever happened before or meanwhile.
import { test } from "bun:test";
import fc from "fast-check";
import { amountOf } from "../support/share.ts";
import { histories } from "./model/actions.ts";
import { History } from "./model/history.ts";
import { openRealStore, type RealStore } from "./model/real.ts";

const seed = Number(process.env["BREADBOX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const runs = amountOf("BREADBOX_GC_MODEL_RUNS", { share: 80, whole: 500 });

test(`${runs} random histories of pushes, deletions, mounts, time and collections match the model`, async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  // Each history leaves the store empty. One that fails does not: the next begins with another.
  let real: RealStore | null = null;
  const property = fc.asyncProperty(histories, async (actions) => {
    real ??= await openRealStore();
    const current = real;
    real = null;
    try {
      const history = new History(current);
      await history.look();
      for (const action of actions) await history.act(action);
      await history.end();
      real = current;
    } finally {
      if (real === null) await current.remove();
    }
  });
  try {
    await fc.assert(property, { seed, numRuns: runs, includeErrorInReport: true });
  } finally {
    await closeStore(real);
  }
}, 600_000);

async function closeStore(store: RealStore | null): Promise<void> {
  await store?.remove();
}
