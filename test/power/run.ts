// `bun run test:power [-- --rounds N] [--seed S] [--ignore wal|data|parts|whole|folders]`: power losses on a simulated disk. Needs root,
// /dev/fuse and a compiler, so it is a command of its own and not one of the tests that every machine runs.
import { parseArgs } from "node:util";
import { missing } from "../support/clientTest.ts";
import { powerLossMissing, powerLossNeeds, syncKinds } from "../support/powerLoss/powerLoss.ts";
import { tryFailingDisks } from "./failingDisk.ts";
import { BrokenPromise } from "./promise.ts";
import { losePower } from "./rounds.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    /** Proves that the check bites: the run has to fail. */
    ignore: { type: "string" },
  },
});

async function main(): Promise<number> {
  const why = missing(powerLossNeeds) ?? (await powerLossMissing());
  if (why !== null) {
    console.error(`cannot run: ${why}`);
    return 2;
  }
  const ignore = syncKinds.find((each) => each === values.ignore);
  console.log(`seed ${values.seed}${ignore ? `, syncs of ${ignore} do nothing` : ""}`);
  let done = 0;
  try {
    // A fault that was asked for is looked for in the rounds.
    if (!ignore) await tryFailingDisks((what) => console.log(what));
    const figures = await losePower({
      seed: values.seed,
      rounds: Number(values.rounds),
      ...(ignore && { ignore }),
      onRound: (round) => {
        done += 1;
        console.log(JSON.stringify(round));
      },
    });
    console.log(`${done} power losses, nothing broken: ${JSON.stringify(figures)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof BrokenPromise)) throw error;
    console.log(`broken after ${done} good rounds: ${error.message}`);
    return 1;
  }
}

process.exitCode = await main();
