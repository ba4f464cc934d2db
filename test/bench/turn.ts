// One system's turn: an exercise of a freshly started system, and what else the machine did meanwhile.
import { tmpdir } from "node:os";
import { run } from "../support/processes.ts";
import { machineCpu, treeCpuSeconds } from "../support/procfs.ts";
import { Scope } from "../support/scope.ts";
import type { LoadClient } from "./loadClient.ts";
import type { Metric, Values } from "./metric.ts";
import { type SystemName, startSystem, startTlsSystem } from "./systems.ts";

/** What is exercised. */
export interface Turn {
  readonly metric: Metric;
  readonly name: SystemName;
  readonly client: LoadClient;
  readonly quick: boolean;
  readonly round: number;
}

/** Its values, and the share of the CPUs, 0 to 1, that other work took meanwhile. */
export interface TurnResult {
  readonly values: Values;
  readonly others: number;
}

/**
 * Begins to watch the CPUs. Whatever this process has started, and what that has started in turn, is no other work.
 * @returns what tells the share of the CPUs, 0 to 1, that others have taken since.
 */
export function watchOthers(): () => number {
  const [machine, ours] = [machineCpu(), treeCpuSeconds(process.pid)];
  return () => {
    const now = machineCpu();
    const others = now.busy - machine.busy - (treeCpuSeconds(process.pid) - ours);
    return Math.max(0, others) / (now.total - machine.total);
  };
}

const none = Promise.resolve();

async function takeTurn({ metric, name, ...rest }: Turn): Promise<TurnResult> {
  await using scope = new Scope();
  const system = await (metric.tls
    ? startTlsSystem(scope, name)
    : startSystem(scope, name, (data) => metric.seed?.(data, rest.quick) ?? none));
  // What the turn before has left to be written back would be charged to this one.
  await run(["sync", "-f", tmpdir()]);
  const others = watchOthers();
  const values = await metric.run({ system, ...rest });
  return { values, others: others() };
}

/** Share of the CPUs that other work may take before a turn is repeated. */
const noisy = 0.1;
const attempts = 3;

/** The quietest of up to three attempts; the first that was quiet enough ends them. */
export async function takeQuietTurn(turn: Turn): Promise<TurnResult> {
  let best = await takeTurn(turn);
  for (let attempt = 1; attempt < attempts && best.others > noisy && !turn.quick; attempt++) {
    const again = await takeTurn(turn);
    if (again.others < best.others) best = again;
  }
  return best;
}
