// The log line of a check that a server did, and its metrics.
import type { CheckRun } from "../metadata/checks.ts";
import { formatBytes } from "./events.ts";
import type { Log } from "./log.ts";
import { Gauge, type Registry } from "./prometheus.ts";
import { shared } from "./shared.ts";

/** Sources of the gauge, called when it is read. */
export interface CheckSources {
  /** Findings of the latest check that nothing has shown to be over. */
  countStanding(): Promise<number>;
}

/** Adds the gauge of checks. A database in trouble must not take the other metrics with it: NaN says that it is not known. */
export function addCheckMetrics(registry: Registry, sources: CheckSources): void {
  new Gauge({
    name: "breadbox_check_problems",
    help: shared(
      "Problems that the latest check (fsck, by command or request, or the scrub) has found and that no later one has shown to be over.",
    ),
    registers: [registry],
    async collect() {
      this.set(await sources.countStanding().catch(() => Number.NaN));
    },
  });
}

/** Writes its line. @param durationMs how long it took. */
export function reportCheck(
  { log }: { readonly log: Pick<Log, "info" | "error"> },
  { id, full, state, contents, bytes, kinds, reason }: CheckRun,
  durationMs: number,
): void {
  const ms = Math.round(durationMs);
  const found = kinds.filter(({ severity }) => severity !== "notice");
  const problems = found.reduce((sum, { count }) => sum + count, 0);
  const fields = {
    event: "check",
    checkId: id,
    full,
    state,
    contents,
    bytes,
    problems,
    reason,
    ms,
  };
  const read = full ? `, ${formatBytes(bytes)} read` : "";
  const text = `check: ${contents} stored blobs${read}, ${problems} problems, in ${ms} ms`;
  if (state === "clean") log.info(fields, text);
  else log.error(fields, `${text}; breadbox checks show explains them`);
}
