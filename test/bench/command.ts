// Commands of Breadbox beside the server that is measured, and how long they take.
import { breadboxBinary } from "../support/binary.ts";
import { type Finished, type RunOptions, run } from "../support/processes.ts";
import type { RunningSystem } from "./systems.ts";

/** How a command ended. */
export interface Timed extends Finished {
  /** From its start to its end. */
  readonly seconds: number;
}

/** Runs a command on the data of a system. @throws Error with its output when it fails. */
export async function timeCommand(
  { data, env }: Pick<RunningSystem, "data" | "env">,
  args: readonly string[],
  options: Pick<RunOptions, "input" | "timeoutMs"> = {},
): Promise<Timed> {
  const command = [await breadboxBinary(), ...args, "--data", data];
  const started = performance.now();
  const ended = await run(command, { ...options, env });
  return { ...ended, seconds: (performance.now() - started) / 1000 };
}
