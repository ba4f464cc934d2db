// Upload sessions against a model, in this process: the answers agree, whatever is asked in whatever order.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { amountOf } from "../support/share.ts";
import { openStore } from "../support/store.ts";
import { type Action, requests, restart, stalled, wait } from "./model/actions.ts";
import { audit } from "./model/audit.ts";
import { ActionCommand, endRun } from "./model/command.ts";
import { SessionsModel } from "./model/model.ts";
import { roomsRegistry } from "./model/rooms.ts";
import { StallCommand, type StallingRegistry } from "./model/stallCommand.ts";

const seed = Number(process.env["BREADBOX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const runs = amountOf("BREADBOX_MODEL_RUNS", { share: 1_200, whole: 10_000 });
/** Runs mostly wait for the disk: several stores fill the time. */
const stores = 4;

const asked = (weight: number, arbitrary: fc.Arbitrary<Action>) => ({
  weight,
  arbitrary: arbitrary.map((it) => new ActionCommand(it)),
});
/** Restarts are real and cost more than requests. */
const step: fc.Arbitrary<fc.AsyncCommand<SessionsModel, StallingRegistry>> = fc.oneof(
  asked(40, requests),
  asked(3, wait),
  asked(1, restart),
  { weight: 3, arbitrary: stalled.map((it) => new StallCommand(it)) },
);
const commands = fc.commands([step], { maxCommands: 14, size: "max" });

/** Every run has fresh sessions on the same store. @returns what is wrong with the store in the end. */
async function runOnOneStore(numRuns: number, storeSeed: number) {
  const store = await openStore();
  try {
    const real = roomsRegistry(store);
    const property = fc.asyncProperty(commands, async (sequence) => {
      await real.reset();
      const model = new SessionsModel();
      model.start(await real.start());
      await fc.asyncModelRun(() => ({ model, real }), sequence);
      await endRun(model, real);
    });
    await fc.assert(property, { seed: storeSeed, numRuns });
    return await audit(store.directory);
  } finally {
    await store.remove();
  }
}

test(`${runs} random sequences of requests, stalls, restarts and waits match the model`, async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  const each = Math.ceil(runs / stores);

  const found = await Promise.all(
    Array.from({ length: stores }, (_, store) => runOnOneStore(each, seed + store)),
  );

  expect(found).toEqual(Array(stores).fill({ wrong: [], orphans: [] }));
}, 600_000);
