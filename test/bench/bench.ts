// `npm run bench`: Breadbox, distribution and nginx side by side. Every round gives each system its turn on fresh
// data, so that what disturbs the machine disturbs all of them alike. Options: options.ts.
import { statfsSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { orUsage } from "../../.dev/options.ts";
import { projectRoot } from "../support/binary.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { circumstances, commitName, writePicture, writeTable } from "./document.ts";
import { fillFile } from "./fillFile.ts";
import { type Column, measureColumn } from "./growth/column.ts";
import { curvesOf, curveTable } from "./growth/curve.ts";
import { drawCurves } from "./growth/picture.ts";
import { type LoadClient, startLoadClient } from "./loadClient.ts";
import type { Metric } from "./metric.ts";
import { sectionNames, sections } from "./metrics.ts";
import { growth, type Plan, program, readPlan } from "./options.ts";
import { addSample, type Lacking, lackingText, renderTable, type Samples } from "./report.ts";
import { RunNotes } from "./runNotes.ts";
import { measureSink } from "./sink.ts";
import { takeQuietTurn } from "./turn.ts";

/** Times that each operation is asked at each size of the store. */
const [growthTurns, quickTurns] = [400, 10];

/** First touch of memory is many times slower than the next one in a fresh virtual machine: touch it before measuring. */
async function warmPageCache(quick: boolean): Promise<void> {
  await using scope = new Scope();
  const folder = tempFolder(scope, "warm");
  const { bavail, bsize } = statfsSync(folder);
  const bytes = Math.min(quick ? 2 ** 28 : totalmem() / 2, (bavail * bsize) / 4);
  await fillFile(join(folder, "file"), bytes);
}

/** All rounds of one metric: each system in turn, the order reversed in every second round. */
function* turnsOf(plan: Plan, metric: Metric) {
  const rounds = plan.rounds ?? (plan.quick ? 1 : metric.rounds);
  const systems = metric.systems.filter((name) => plan.systems.includes(name));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? systems : systems.toReversed()) {
      yield { round, rounds, name };
    }
  }
}

/** What was measured, and what could not be. */
interface Measured {
  readonly samples: Samples;
  readonly lacking: Lacking[];
}

async function measure(plan: Plan, client: LoadClient, notes: RunNotes): Promise<Measured> {
  const measured: Measured = { samples: new Map(), lacking: [] };
  for (const [metricName, metric] of plan.chosen) {
    for (const { round, rounds, name } of turnsOf(plan, metric)) {
      const turn = `${metricName} ${round + 1}/${rounds} ${name}`;
      const started = performance.now();
      try {
        const known = notes.find(turn, "values");
        const taken =
          known ?? (await takeQuietTurn({ metric, name, client, quick: plan.quick, round }));
        const { values, others } = taken;
        if (known === null) notes.add({ turn, values, others });
        for (const [figure, value] of Object.entries(values)) {
          addSample(measured.samples, figure, { system: name, value, others });
        }
        const seconds = ((performance.now() - started) / 1000).toFixed(0);
        console.error(`${turn}, ${seconds} s: ${describe(values)}; other work ${percent(others)}`);
      } catch (error) {
        const failure = reasonOf(error);
        notes.add({ turn, failure });
        measured.lacking.push({ metric: metricName, system: name, reason: failure });
        console.error(`${turn}: not measured: ${failure}`);
      }
    }
  }
  return measured;
}

/** One line, without the places of this run. */
function reasonOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const [text = ""] = /^.{0,160}/u.exec(line.replaceAll(`${tmpdir()}/`, "")) ?? [];
  return text;
}

async function measureGrowth(plan: Plan, notes: RunNotes): Promise<readonly Column[]> {
  const columns: Column[] = [];
  for (const size of plan.sizes) {
    const turn = `${growth} ${size}`;
    const known = notes.find(turn, "times");
    const note = (column: Column) => notes.add({ turn, ...column });
    const times = plan.quick ? quickTurns : growthTurns;
    columns.push(known ?? (await measureColumn(size, times, note)));
  }
  return columns;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const describe = (values: Record<string, number>): string =>
  Object.entries(values)
    .map(([figure, value]) => `${figure} ${value.toFixed(2)}`)
    .join(", ");

/** What figures are. */
const kindOf = ({ quick }: Plan, usual: string): string =>
  quick ? "--quick: not to be kept, it proves only that all of it runs" : usual;

/** A table, and what could not be measured of it. */
interface Made {
  readonly section: string;
  /** null when nothing was measured. */
  readonly table: string | null;
  readonly lacking: string | null;
}

async function compare(plan: Plan, notes: RunNotes): Promise<readonly Made[]> {
  if (plan.chosen.length === 0) return [];
  await using scope = new Scope();
  const client = startLoadClient(scope);
  await warmPageCache(plan.quick);
  const ceiling = await measureSink(client);
  const { samples, lacking } = await measure(plan, client, notes);
  const note =
    `${await circumstances()}; ${kindOf(plan, "median (lowest–highest) of the rounds")}. Load client alone, into a sink: ${ceiling.toFixed(0)} MiB/s.\n` +
    "Other work: its share of the CPUs meanwhile; the kernel's write-back counts as other work.";
  return sectionNames.flatMap((section) => {
    const table = renderTable(samples, section);
    const absent = lackingText(lacking.filter(({ metric }) => metric in sections[section]));
    if (table === null && absent === null) return [];
    return [{ section, table: table === null ? null : `${table}\n\n${note}`, lacking: absent }];
  });
}

async function grow(plan: Plan, notes: RunNotes): Promise<readonly Made[]> {
  if (plan.sizes.length === 0) return [];
  const columns = await measureGrowth(plan, notes);
  if (plan.write) await writePicture(drawCurves(curvesOf(columns), plan.sizes));
  const kind = kindOf(plan, "the time that a quarter of the requests beat");
  const note = `${await circumstances()}; ${kind}. Other work: its share of the CPUs meanwhile.`;
  return [{ section: growth, table: `${curveTable(columns)}\n\n${note}`, lacking: null }];
}

async function main(plan: Plan): Promise<void> {
  const key = { commit: await commitName(), quick: plan.quick, rounds: plan.rounds };
  const path = plan.notes ?? join(projectRoot, "dist", "bench.jsonl");
  const notes = plan.resume ? RunNotes.resume(path, key) : RunNotes.begin(path, key);
  const made = [...(await compare(plan, notes)), ...(await grow(plan, notes))];
  for (const { table, lacking } of made) {
    console.log(`${[table, lacking].filter((text) => text !== null).join("\n\n")}\n`);
  }
  if (!plan.write) return;
  for (const each of made) await writeTable(each.section, each);
}

// Servers and load end with it.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => process.exit(130));

await main(orUsage(program, readPlan));
process.exit(0);
