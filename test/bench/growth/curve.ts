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
  const rows = curvesOf(columns).map(({ label, values }) => {
    const ratio = (values.at(-1) ?? Number.NaN) / (values[0] ?? Number.NaN);
    return [label, ...values.map((value) => value.toFixed(2)), `${ratio.toFixed(2)} ×`];
  });
  const others = columns.map((column) => `${Math.round(100 * column.others)} %`);
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows, ["other work", ...others, ""]]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
