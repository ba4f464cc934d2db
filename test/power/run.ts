// `npm run test:power`: power losses on a simulated disk. Needs root, /dev/fuse and a compiler, so it is a command of its own and not one of the tests that every machine runs.

import { number, oneOf, readOptions, seed } from "../../.dev/options.ts";
import { missing } from "../support/clientTest.ts";
import { powerLossMissing, powerLossNeeds, syncKinds } from "../support/powerLoss/powerLoss.ts";
import { tryFailingDisks } from "./failingDisk.ts";
import { BrokenPromise } from "./promise.ts";
import { losePower } from "./rounds.ts";

const { values } = readOptions({
  name: "npm run test:power",
  about:
    "Cuts the power of a simulated disk while clients write. Needs root, /dev/fuse and libfuse3-dev. Ends with 1 when anything broke, with 2 when it cannot run.",
  options: {
    rounds: number("N", 20, "power losses"),
    seed,
    ignore: oneOf(
      "KIND",
      syncKinds,
      `syncs that do nothing, so that the run has to fail: ${syncKinds.join(", ")}`,
    ),
  },
});

async function main(): Promise<number> {
  const why = missing(powerLossNeeds) ?? (await powerLossMissing());
  if (why !== null) {
    console.error(`cannot run: ${why}`);
    return 2;
  }
  const { ignore } = values;
  console.log(`seed ${values.seed}${ignore ? `, syncs of ${ignore} do nothing` : ""}`);
  let done = 0;
  try {
    // A fault that was asked for is looked for in the rounds.
    if (!ignore) await tryFailingDisks((what) => console.log(what));
    const figures = await losePower({
      seed: values.seed,
      rounds: values.rounds,
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
