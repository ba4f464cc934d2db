// What every group of the port needs here.
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { CellBudget } from "./budget.ts";
import type { Grid } from "./grid.ts";
import type { Objects } from "./objects.ts";
import type { Uploads } from "./uploads.ts";

/** The bucket, and how bytes are laid out in it. */
export interface S3Tools {
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly grid: Grid;
  /** The memory of all uploads. */
  readonly budget: CellBudget;
  readonly latch: WriteLatch;
  /** UUIDv7 source for keys that are never used twice. */
  readonly newId: () => string;
}

/** Runs `use` for each item, at most `lanes` at a time. @returns their results, in order. @throws the first failure, after all have ended. */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  use: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [index, item] of left) {
      if (failures.length > 0) return;
      try {
        results[index] = await use(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
