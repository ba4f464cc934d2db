// Random sequences of steps on the model and on a registry.
import fc from "fast-check";
import { endRun, type Registry } from "./command.ts";
import { SessionsModel } from "./model.ts";

/** How many sequences, and which. */
export interface Sequences {
  readonly seed: number;
  readonly runs: number;
}

/** @throws Error with the shortest sequence whose answers differ. */
export async function assertMatches<R extends Registry>(
  real: R,
  step: fc.Arbitrary<fc.AsyncCommand<SessionsModel, R>>,
  { seed, runs: numRuns }: Sequences,
): Promise<void> {
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  const commands = fc.commands([step], { maxCommands: 12, size: "max" });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      await real.reset();
      const model = new SessionsModel();
      model.start(await real.start());
      await fc.asyncModelRun(() => ({ model, real }), sequence);
      await endRun(model, real);
    }),
    { seed, numRuns },
  );
}
