// The garbage collection: what nothing keeps goes, while pushes run, and never anything else. Any doubt ends it with nothing deleted.
import type { GcDeps, GcListener, GcOutcome, GcRequest } from "./gcRun.ts";

/**
 * One run: clock → plan → brake → what an earlier run left → rows, then their bytes.
 * It never throws: what it did not understand is a failed run that says why.
 */
export async function collectGarbage(
  deps: GcDeps,
  request: GcRequest,
  listener: GcListener = {},
): Promise<GcOutcome> {
  throw new Error(`not yet: ${request.trigger} ${Object.keys(deps)} ${Object.keys(listener)}`);
}
