// Each operation's time at each size of the store, as a table.
import type { Column } from "./column.ts";

/** `values` are ms, one for each size, in their order. */
export interface Curve {
  readonly label: string;
  readonly values: readonly number[];
}

/** The columns by operation. */
export const curvesOf = (columns: readonly Column[]): readonly Curve[] =>
  (columns[0]?.times ?? []).map(({ label }) => ({
    label,
    values: columns.map(
      ({ times }) => times.find((each) => each.label === label)?.ms ?? Number.NaN,
    ),
  }));

/** A table as Markdown; its last row is the load of other work at each size. */
export function curveTable(columns: readonly Column[]): string {
  const sizes = columns.map(({ size }) => size.toLocaleString("en"));
  const head = ["ms", ...sizes, "largest by smallest"];
  const ratio = (values: readonly number[]): string =>
    `${((values.at(-1) ?? Number.NaN) / (values[0] ?? Number.NaN)).toFixed(2)} ×`;
  const cpu = { label: "server CPU of a request", values: columns.map(({ cpuMs }) => cpuMs) };
  const rows = [...curvesOf(columns), cpu].map(({ label, values }) => [
    ...[label, ...values.map((value) => value.toFixed(2)), ratio(values)],
  ]);
  const others = columns.map(
    (column) => `${Math.round(100 * column.others)} %, load ${column.load.toFixed(0)}`,
  );
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows, ["other work", ...others, ""]]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
