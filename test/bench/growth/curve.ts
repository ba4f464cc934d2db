// One operation's time at each size of the store.

/** `values` are ms, one for each size, in their order. */
export interface Curve {
  readonly label: string;
  readonly values: readonly number[];
}

/** A table as Markdown. @param sizes how many of everything there are. */
export function curveTable(curves: readonly Curve[], sizes: readonly number[]): string {
  const head = ["ms", ...sizes.map((size) => size.toLocaleString("en")), "largest by smallest"];
  const rows = curves.map(({ label, values }) => {
    const ratio = (values.at(-1) ?? Number.NaN) / (values[0] ?? Number.NaN);
    return [label, ...values.map((value) => value.toFixed(2)), `${ratio.toFixed(2)} ×`];
  });
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
