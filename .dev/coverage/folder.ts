// Where a measured run keeps its files; apart, because each process of the run reads it.
import { join } from "node:path";

/** The top folder of the source tree. */
export const root = join(import.meta.dir, "..", "..");
/** Everything a run writes. Not in git. */
export const folder = join(root, "dist", "coverage");
/** The program with counters, compiled; not in every run. */
export const countingBinary = join(folder, "breadbox");
/** The instrumented text of `src/x.ts` is `texts/src/x.ts`. */
export const texts = join(folder, "texts");
