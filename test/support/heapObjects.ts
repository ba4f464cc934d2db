// What this thread holds in memory.
import { heapStats } from "bun:jsc";

/** Objects of this thread, once its garbage is collected. */
export function heapObjects(): number {
  for (let pass = 0; pass < 3; pass += 1) Bun.gc(true);
  return heapStats().objectCount;
}
