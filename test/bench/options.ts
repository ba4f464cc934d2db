// The options of `npm run bench`: what is measured, and how.
import { parseArgs } from "node:util";
import type { Metric } from "./metric.ts";
import { metrics, sectionNames, sections } from "./metrics.ts";
import { type SystemName, systemNames } from "./systems.ts";

/** The table of what each operation costs as the store grows: it has no peers and no rounds, but sizes. */
export const growth = "growth";

/** What is measured. */
export interface Plan {
  readonly chosen: readonly (readonly [string, Metric])[];
  /** Sizes of the store that operations are timed on; none: they are not. */
  readonly sizes: readonly number[];
  readonly systems: readonly SystemName[];
  /** null: as many as each metric asks for. */
  readonly rounds: number | null;
  readonly quick: boolean;
  readonly write: boolean;
  /** Goes on where the last run broke off. */
  readonly resume: boolean;
  /** Where it is noted what was measured; null: in dist/. */
  readonly notes: string | null;
}

export const usage = `npm run bench -- [--quick] [--resume] [--write] [--rounds N]
    [--only ${[...metrics.keys(), growth].join(",")}]
    [--systems ${systemNames.join(",")}]
    [--sizes 1000,100000,1000000] [--notes FILE]
  --only    metrics, or all of a table: ${[...sectionNames, growth].join(", ")}
  --quick   one round of small transfers on small stores: it proves that all of it
            runs, and its figures are not to be kept
  --resume  goes on with the last run of the same commit and options, which broke off
  --notes   where it is noted what was measured so far: dist/bench.jsonl
  --sizes   of everything in the store, for ${growth}
  --write   replaces the tables in docs/BENCHMARKS.md, and says there what could not
            be measured; without --only it makes all of them anew, which takes hours`;

/** A mistake in the options. */
export class UsageError extends Error {}

/** Reads the command line. @returns null when help was asked for. @throws UsageError */
export function readPlan(args: readonly string[]): Plan | null {
  const values = parse(args);
  if (values.help) return null;
  if (values.quick && values.write) {
    throw new UsageError("--quick is for a look: its figures are not written. Leave one out.");
  }
  const only = values.only?.split(",").flatMap(expand) ?? [...metrics.keys(), growth];
  const unknown = only.filter((name) => name !== growth && !metrics.has(name));
  if (unknown.length > 0) throw new UsageError(`There is no metric ${unknown.join(", ")}.`);
  const wanted = values.systems?.split(",") ?? systemNames;
  const strange = wanted.filter((name) => !systemNames.some((known) => known === name));
  if (strange.length > 0) throw new UsageError(`There is no system ${strange.join(", ")}.`);
  const sizes = values.sizes ?? (values.quick ? "100,1000" : "1000,100000,1000000");
  return {
    chosen: [...metrics].filter(([name]) => only.includes(name)),
    sizes: only.includes(growth) ? sizes.split(",").map(wholeNumber) : [],
    systems: systemNames.filter((name) => wanted.includes(name)),
    rounds: values.rounds === undefined ? null : wholeNumber(values.rounds),
    ...{ quick: values.quick, write: values.write, resume: values.resume },
    notes: values.notes ?? null,
  };
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean", default: false } as const;
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ quick: flag, write: flag, resume: flag, help: flag },
        ...{ only: text, systems: text, rounds: text, sizes: text, notes: text },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`${JSON.stringify(text)} is not a number above 0.`);
}

/** The metrics of a table, or the one that `name` is. */
function expand(name: string): string[] {
  const section = Object.entries(sections).find(([each]) => each === name)?.[1];
  return section === undefined ? [name] : Object.keys(section);
}
