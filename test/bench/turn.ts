// One system's turn: an exercise of a freshly started system, and what else the machine did meanwhile.
import { tmpdir } from "node:os";
import { run } from "../support/processes.ts";
import { machineCpu } from "../support/procfs.ts";
import { Scope } from "../support/scope.ts";
import type { LoadClient } from "./loadClient.ts";
import type { Metric, Values } from "./metric.ts";
import { type SystemName, startSystem, startTlsSystem } from "./systems.ts";
import { toolCpuSeconds } from "./toolCpu.ts";

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

/** CPU seconds that this bench itself has used: its own process, wrk, skopeo. */
const ownCpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + toolCpuSeconds();
};

/**
 * Begins to watch the CPUs.
 * @param measured tells the CPU seconds that the measured system and the load have used so far.
 * @returns what tells the share of the CPUs, 0 to 1, that others have taken since.
 */
export function watchOthers(measured: () => number): () => number {
  const [machine, ours] = [machineCpu(), ownCpu() + measured()];
  return () => {
    const now = machineCpu();
    const others = now.busy - machine.busy - (ownCpu() + measured() - ours);
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
  const others = watchOthers(() => rest.client.cpuSeconds() + system.cpuSeconds());
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
