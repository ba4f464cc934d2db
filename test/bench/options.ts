// The options of `npm run bench`: what is measured, and how.
import { flag, parseOptions, text, UsageError } from "../../.dev/options.ts";
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

/** What `--help` prints, and what is understood. */
export const program = {
  name: "npm run bench",
  about:
    "Measures Breadbox beside distribution, nginx and versitygw, and as its store grows. Without --only it measures everything, which takes hours.",
  options: {
    only: text(
      "LIST",
      null,
      `tables or metrics; tables: ${[...sectionNames, growth].join(", ")}; metrics: ${[...metrics.keys()].join(", ")}`,
    ),
    systems: text("LIST", null, `of ${systemNames.join(", ")}`),
    rounds: text("N", null, "of each metric; its own number by default"),
    sizes: text("LIST", null, `of the store, for ${growth}: 1000,100000,1000000`),
    quick: flag("one round of small transfers: not to be kept, it proves that all of it runs"),
    resume: flag("goes on with the last run of the same commit and options, which broke off"),
    notes: text("FILE", null, "what was measured so far: dist/bench.jsonl"),
    write: flag(
      "replaces the tables in docs/BENCHMARKS.md, and says there what could not be measured",
    ),
  },
};

/** Reads the command line. @returns null when help was asked for. @throws UsageError */
export function readPlan(args: readonly string[]): Plan | null {
  const said = parseOptions(program, args);
  if (said === null) return null;
  const { values } = said;
  if (values.quick && values.write) {
    throw new UsageError("--quick is for a look: its figures are not written");
  }
  const only = values.only?.split(",").flatMap(expand) ?? [...metrics.keys(), growth];
  const unknown = only.filter((name) => name !== growth && !metrics.has(name));
  if (unknown.length > 0) throw new UsageError(`there is no metric ${unknown.join(", ")}`);
  const wanted = values.systems?.split(",") ?? systemNames;
  const strange = wanted.filter((name) => !systemNames.some((known) => known === name));
  if (strange.length > 0) throw new UsageError(`there is no system ${strange.join(", ")}`);
  const sizes = values.sizes ?? (values.quick ? "100,1000" : "1000,100000,1000000");
  return {
    chosen: [...metrics].filter(([name]) => only.includes(name)),
    sizes: only.includes(growth) ? sizes.split(",").map(wholeNumber) : [],
    systems: systemNames.filter((name) => wanted.includes(name)),
    rounds: values.rounds === null ? null : wholeNumber(values.rounds),
    ...{ quick: values.quick, write: values.write, resume: values.resume },
    notes: values.notes,
  };
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`${JSON.stringify(text)} is not a number above 0`);
}

/** The metrics of a table, or the one that `name` is. */
function expand(name: string): string[] {
  const section = Object.entries(sections).find(([each]) => each === name)?.[1];
  return section === undefined ? [name] : Object.keys(section);
}
