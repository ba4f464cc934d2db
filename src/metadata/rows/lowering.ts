// Times that lie in the future, because the clock was ahead: all rows may have them. No other writer waits until all are lowered.
import type { Rows } from "./rows.ts";
import type { Statement } from "./statement.ts";

/** What lowers some rows. */
export interface Lowering {
  /** Unix ms; later times become this. */
  readonly now: number;
  /** Most rows that one transaction changes. */
  readonly limit: number;
}

/** Rows in one transaction. */
export const rowsAtOnce = 1_000;

/** Lowers all, some in each transaction. @param some gives back those that it has lowered. */
export async function lowerAll(
  rows: Rows,
  some: Statement<Lowering, unknown>,
  now: number,
): Promise<void> {
  for (let lowered = rowsAtOnce; lowered === rowsAtOnce; ) {
    lowered = await rows.writeLazily(function* (tx) {
      return (yield* tx.all(some, { now, limit: rowsAtOnce })).length;
    });
  }
}
