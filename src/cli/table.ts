// Rows of texts in columns.

/** Columns as wide as their widest cell. */
export const table = (rows: readonly (readonly string[])[]): string => growingTable()(rows);

/** A table that is printed page by page. @returns what lays out the next rows: columns are never narrower than before. */
export function growingTable(): (rows: readonly (readonly string[])[]) => string {
  let widths: readonly number[] = [];
  return (rows) => {
    widths = (rows[0] ?? []).map((_, column) =>
      rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), widths[column] ?? 0),
    );
    return rows.map((row) => line(row, widths)).join("\n");
  };
}

const line = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join("  ")
    .trimEnd();
