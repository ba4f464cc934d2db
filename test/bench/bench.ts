// `bun run bench`: Breadbox, distribution and nginx side by side. Every round gives each system its turn on fresh
// data, so that what disturbs the machine disturbs all of them alike. Options: see `usage`.
import { statfsSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run, tempFolder } from "../support/processes.ts";
import { machineCpu } from "../support/procfs.ts";
import { Scope } from "../support/scope.ts";
import { circumstances, replaceTable } from "./document.ts";
import { fillFile } from "./fillFile.ts";
import { type LoadClient, startLoadClient } from "./loadClient.ts";
import type { Metric } from "./metric.ts";
import { metrics, sectionNames, sections } from "./metrics.ts";
import { addSample, renderTable, type Samples } from "./report.ts";
import { measureSink } from "./sink.ts";
import { type SystemName, startSystem, startTlsSystem, systemNames } from "./systems.ts";
import { toolCpuSeconds } from "./toolCpu.ts";

const usage = `bun run bench [--quick] [--only ${[...metrics.keys()].join(",")}]
              [--systems ${systemNames.join(",")}] [--rounds N] [--write]
  --only    metrics, or all of a table: ${sectionNames.join(", ")}
  --quick   one or two rounds of smaller transfers: a smoke test, not a verdict
  --write   replace those tables in docs/BENCHMARKS.md that something was measured of`;

interface Plan {
  readonly chosen: readonly (readonly [string, Metric])[];
  readonly systems: readonly SystemName[];
  readonly rounds: number | null;
  readonly quick: boolean;
  readonly write: boolean;
}

function parsePlan(): Plan {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      systems: { type: "string" },
      rounds: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const only = values.only?.split(",").flatMap(expand) ?? [...metrics.keys()];
  const unknown = only.filter((name) => !metrics.has(name));
  if (unknown.length > 0) throw new Error(`no metric ${unknown.join(", ")}\n${usage}`);
  const wanted = values.systems?.split(",");
  return {
    chosen: [...metrics].filter(([name]) => only.includes(name)),
    systems: systemNames.filter((name) => wanted?.includes(name) ?? true),
    rounds: values.rounds === undefined ? null : Number(values.rounds),
    quick: values.quick,
    write: values.write,
  };
}

/** The metrics of a table, or the one that `name` is. */
function expand(name: string): string[] {
  const section = Object.entries(sections).find(([each]) => each === name)?.[1];
  return section === undefined ? [name] : Object.keys(section);
}

/** First touch of memory is many times slower than the next one in a fresh virtual machine: touch it before measuring. */
async function warmPageCache(quick: boolean): Promise<void> {
  await using scope = new Scope();
  const folder = tempFolder(scope, "warm");
  const { bavail, bsize } = statfsSync(folder);
  const bytes = Math.min(quick ? 2 ** 31 : totalmem() / 2, (bavail * bsize) / 4);
  await fillFile(join(folder, "file"), bytes);
}

/** CPU seconds that this bench itself has used: its own process, the load client, wrk, skopeo. */
const ownCpu = (client: LoadClient): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + client.cpuSeconds() + toolCpuSeconds();
};

const none = Promise.resolve();

interface Turn {
  readonly metric: Metric;
  readonly name: SystemName;
  readonly client: LoadClient;
  readonly quick: boolean;
  readonly round: number;
}

/** One system's turn. @returns its values and the share of the CPUs, 0 to 1, that others took meanwhile. */
async function takeTurn({ metric, name, ...rest }: Turn) {
  await using scope = new Scope();
  const system = await (metric.tls
    ? startTlsSystem(scope, name)
    : startSystem(scope, name, (data) => metric.seed?.(data, rest.quick) ?? none));
  // What the turn before has left to be written back would be charged to this one.
  await run(["sync", "-f", tmpdir()]);
  const [machine, own, server] = [machineCpu(), ownCpu(rest.client), system.cpuSeconds()];
  const values = await metric.run({ system, ...rest });
  const now = machineCpu();
  const ours = ownCpu(rest.client) - own + system.cpuSeconds() - server;
  const others = Math.max(0, now.busy - machine.busy - ours) / (now.total - machine.total);
  return { values, others };
}

/** Share of the CPUs that other work may take before a turn is repeated. */
const noisy = 0.1;
const attempts = 3;

/** The quietest of up to three attempts; the first that was quiet enough ends them. */
async function takeQuietTurn(turn: Turn) {
  let best = await takeTurn(turn);
  for (let attempt = 1; attempt < attempts && best.others > noisy && !turn.quick; attempt++) {
    const again = await takeTurn(turn);
    if (again.others < best.others) best = again;
  }
  return best;
}

/** All rounds of one metric: each system in turn, the order reversed in every second round. */
function* turnsOf(plan: Plan, metric: Metric) {
  const rounds = plan.rounds ?? (plan.quick ? 2 : metric.rounds);
  const systems = metric.systems.filter((name) => plan.systems.includes(name));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? systems : systems.toReversed()) {
      yield { round, rounds, name };
    }
  }
}

async function measure(plan: Plan, client: LoadClient): Promise<Samples> {
  const samples: Samples = new Map();
  for (const [metricName, metric] of plan.chosen) {
    for (const { round, rounds, name } of turnsOf(plan, metric)) {
      const progress = `${metricName} ${round + 1}/${rounds} ${name}`;
      try {
        const turn = { metric, name, client, quick: plan.quick, round };
        const { values, others } = await takeQuietTurn(turn);
        for (const [figure, value] of Object.entries(values)) {
          addSample(samples, figure, { system: name, value, others });
        }
        console.error(`${progress}: ${describe(values)}; other work ${percent(others)}`);
      } catch (failure) {
        // What a system cannot do (distribution: a body in the POST) stays empty in the table.
        console.error(`${progress}: ${failure}`);
      }
    }
  }
  return samples;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const describe = (values: Record<string, number>): string =>
  Object.entries(values)
    .map(([figure, value]) => `${figure} ${value.toFixed(2)}`)
    .join(", ");

async function main(): Promise<void> {
  const plan = parsePlan();
  await using scope = new Scope();
  const client = startLoadClient(scope);
  await warmPageCache(plan.quick);
  const ceiling = await measureSink(client);
  const samples = await measure(plan, client);
  const kind = plan.quick
    ? "quick mode: a smoke test, not a verdict"
    : "median (lowest–highest) of the rounds";
  const note =
    `${await circumstances()}; ${kind}. Load client alone, into a sink: ${ceiling.toFixed(0)} MiB/s.\n` +
    "Other work: its share of the CPUs meanwhile; the kernel's write-back counts as other work.";
  const tables = sectionNames.flatMap((section) => {
    const table = renderTable(samples, section);
    return table === null ? [] : [[section, `${table}\n\n${note}`] as const];
  });
  for (const [, text] of tables) console.log(`${text}\n`);
  if (plan.write) {
    for (const [section, text] of tables) await replaceTable(section, text);
  }
}

await main();
process.exit(0);
