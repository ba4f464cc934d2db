// What was measured, and the tables of it that are printed and written into docs/BENCHMARKS.md.
import { median } from "../support/median.ts";
import { figures } from "./figures.ts";
import type { Figure, Goal } from "./goals.ts";
import type { SectionName } from "./metrics.ts";
import { type SystemName, systemNames } from "./systems.ts";

/** What was measured of one figure. */
interface Measured {
  /** One value a round. */
  readonly values: Map<SystemName, number[]>;
  /** Share of the CPUs, 0 to 1, that other work took meanwhile: one a turn. */
  readonly others: number[];
}

/** All of it by figure. */
export type Samples = Map<string, Measured>;

/** One turn's value. */
interface Sample {
  readonly system: SystemName;
  readonly value: number;
  readonly others: number;
}

/** A system's turn that could not be taken. */
export interface Lacking {
  readonly metric: string;
  readonly system: SystemName;
  readonly reason: string;
}

/** One line; null for nothing. */
export function lackingText(lacking: readonly Lacking[]): string | null {
  const each = lacking.map(({ metric, system, reason }) => `${metric} of ${system} (${reason})`);
  return each.length === 0 ? null : `Not measured: ${[...new Set(each)].join("; ")}`;
}

/** Files a value of one round. */
export function addSample(
  samples: Samples,
  figure: string,
  { system, value, others }: Sample,
): void {
  const measured: Measured = samples.get(figure) ?? { values: new Map(), others: [] };
  samples.set(figure, measured);
  measured.values.set(system, [...(measured.values.get(system) ?? []), value]);
  measured.others.push(others);
}

const medianOf = (samples: Samples, figure: string, system: SystemName): number =>
  median(samples.get(figure)?.values.get(system) ?? []);

/** `2 %`, or `2 % (up to 9 %)`. */
function otherWork(shares: readonly number[]): string {
  const print = (share: number): string => `${Math.round(100 * share)} %`;
  const [middle, highest] = [print(median(shares)), print(Math.max(...shares))];
  return middle === highest ? middle : `${middle} (up to ${highest})`;
}

function cell(values: readonly number[] | undefined, decimals: number): string {
  if (values === undefined || values.length === 0) return "–";
  const print = (value: number) => value.toFixed(decimals);
  if (values.length === 1) return print(median(values));
  return `${print(median(values))} (${print(Math.min(...values))}–${print(Math.max(...values))})`;
}

function reached(samples: Samples, key: string, goal: Goal): string {
  const own = medianOf(samples, key, goal.by ?? "breadbox");
  const base =
    goal.of === undefined
      ? 1
      : typeof goal.of === "string"
        ? medianOf(samples, key, goal.of)
        : medianOf(samples, goal.of.figure, "breadbox");
  const ratio = own / base;
  if (Number.isNaN(ratio)) return "–";
  const met = goal.relation === "≥" ? ratio >= goal.value : ratio <= goal.value;
  const share = goal.of === undefined ? "" : `${ratio.toFixed(2)} ×, `;
  return `${share}${met ? "met" : "missed"}`;
}

function goalText(
  rows: Readonly<Record<string, Figure>>,
  { goal, unit }: Pick<Figure, "goal" | "unit">,
): string {
  if (goal === undefined) return "";
  if (goal.of === undefined) return `${goal.relation} ${goal.value} ${unit}`;
  const of = typeof goal.of === "string" ? goal.of : rows[goal.of.figure]?.label;
  return `${goal.relation} ${goal.value} × ${of}`;
}

/** A table as Markdown: median (lowest–highest) of all rounds; null when nothing in it was measured. */
export function renderTable(samples: Samples, section: SectionName): string | null {
  const figuresHere = figures[section];
  const measured = Object.entries(figuresHere).filter(([key]) => samples.has(key));
  if (measured.length === 0) return null;
  const systems = systemNames.filter((system) =>
    measured.some(([key]) => samples.get(key)?.values.has(system)),
  );
  const head = ["", "unit", ...systems, "goal for Breadbox", "reached", "other work"];
  const rows = [head, head.map((_, column) => (column < 2 ? "---" : "---:"))];
  for (const [key, figure] of measured) {
    const { label, unit, decimals, goal } = figure;
    const cells = systems.map((system) => cell(samples.get(key)?.values.get(system), decimals));
    const verdict = goal === undefined ? "" : reached(samples, key, goal);
    const others = otherWork(samples.get(key)?.others ?? []);
    rows.push([label, unit, ...cells, goalText(figuresHere, figure), verdict, others]);
  }
  return alignColumns(rows);
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (text: string, width = 0): string =>
    text.startsWith("---") ? text.padStart(width, "-") : text.padEnd(width);
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => pad(text, widths?.[column])).join(" | ")} |`;
  return rows.map(line).join("\n");
}
