// The figures' names and units, the goals, and the table that is printed and written into docs/BENCHMARKS.md.
import { type SystemName, systemNames } from "./systems.ts";

interface Figure {
  readonly label: string;
  readonly unit: string;
  readonly decimals: number;
  /** What Breadbox is held against: another system's figure, another figure of its own, or a plain number. */
  readonly goal?: Goal;
}

interface Goal {
  readonly relation: "≥" | "≤";
  readonly value: number;
  readonly of?: SystemName | { readonly figure: string };
}

const atLeast = (value: number, of: SystemName): Goal => ({ relation: "≥", value, of });
const atMost = (value: number, of?: Goal["of"]): Goal =>
  of === undefined ? { relation: "≤", value } : { relation: "≤", value, of };

const rate = { unit: "MiB/s", decimals: 0 };
const time = { unit: "ms", decimals: 2 };
const memory = { unit: "MiB", decimals: 0 };
const requests = { unit: "req/s", decimals: 0 };
const peer = "distribution";

/** Figures in the order of the table's rows; the keys are those that the metrics yield. */
const figures: Readonly<Record<string, Figure>> = {
  upload: { label: "1 GiB upload until durable", ...rate, goal: atLeast(2.2, peer) },
  uploadCpu: { label: "its server CPU", unit: "s", decimals: 2, goal: atMost(0.5, peer) },
  uploadMemory: { label: "its peak memory above idle", ...memory, goal: atMost(64) },
  uploadChunked: { label: "the same without a Content-Length, as dockerd does", ...rate },
  closingSmall: { label: "closing PUT after 1 MiB", ...time },
  closingBig: {
    label: "closing PUT after 1 GiB",
    ...time,
    goal: atMost(2, { figure: "closingSmall" }),
  },
  small: { label: "1 MiB upload, POST + PATCH + PUT", ...time },
  put: { label: "256 MiB in the closing PUT", ...rate },
  post: { label: "256 MiB in one POST", ...rate },
  parallel: { label: "64 × 4 MiB at once", ...rate },
  parallelCpu: { label: "its server CPU", unit: "s", decimals: 2 },
  parallelMemory: { label: "its peak memory above idle", ...memory },
  pull: { label: "1 GiB pull", ...rate, goal: atLeast(0.85, "nginx") },
  pullCpu: { label: "its server CPU", unit: "s", decimals: 2 },
  pullMemory: { label: "its peak memory above idle", ...memory },
  manifestGet: {
    label: "manifest GET by tag, 16 connections",
    ...requests,
    goal: atLeast(10, peer),
  },
  manifestGetP99: { label: "its p99", ...time },
  manifestPut: { label: "manifest PUT, new tag, 8 connections", ...requests },
  manifestPutP99: { label: "its p99", ...time },
  ready: { label: "ready after exec", unit: "ms", decimals: 1, goal: atMost(120) },
  idle: { label: "idle memory", ...memory, goal: atMost(64) },
};

/** Every value measured: figure → system → one value a round. */
export type Samples = Map<string, Map<SystemName, number[]>>;

/** Files a value of one round. */
export function addSample(
  samples: Samples,
  figure: string,
  { system, value }: { readonly system: SystemName; readonly value: number },
): void {
  const bySystem = samples.get(figure) ?? new Map<SystemName, number[]>();
  samples.set(figure, bySystem);
  bySystem.set(system, [...(bySystem.get(system) ?? []), value]);
}

/** Middle value; the mean of the two middle ones for an even count; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

const medianOf = (samples: Samples, figure: string, system: SystemName): number =>
  median(samples.get(figure)?.get(system) ?? []);

function cell(values: readonly number[] | undefined, decimals: number): string {
  if (values === undefined || values.length === 0) return "–";
  const print = (value: number) => value.toFixed(decimals);
  if (values.length === 1) return print(median(values));
  return `${print(median(values))} (${print(Math.min(...values))}–${print(Math.max(...values))})`;
}

function reached(samples: Samples, key: string, goal: Goal): string {
  const own = medianOf(samples, key, "breadbox");
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

function goalText(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return "";
  if (goal.of === undefined) return `${goal.relation} ${goal.value} ${unit}`;
  const of = typeof goal.of === "string" ? goal.of : figures[goal.of.figure]?.label;
  return `${goal.relation} ${goal.value} × ${of}`;
}

/** The table as Markdown: median (lowest–highest) of all rounds. */
export function renderTable(samples: Samples): string {
  const head = ["", "unit", ...systemNames, "goal for Breadbox", "reached"];
  const rows = [head, head.map((_, column) => (column < 2 ? "---" : "---:"))];
  for (const [key, { label, unit, decimals, goal }] of Object.entries(figures)) {
    const bySystem = samples.get(key);
    if (bySystem === undefined) continue;
    const cells = systemNames.map((system) => cell(bySystem.get(system), decimals));
    const verdict = goal === undefined ? "" : reached(samples, key, goal);
    rows.push([label, unit, ...cells, goalText(goal, unit), verdict]);
  }
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (text: string, width = 0): string =>
    text.startsWith("---") ? text.padStart(width, "-") : text.padEnd(width);
  const line = (row: string[]): string =>
    `| ${row.map((text, column) => pad(text, widths[column])).join(" | ")} |`;
  return rows.map(line).join("\n");
}
