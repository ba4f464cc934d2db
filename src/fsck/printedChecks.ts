// Checks as the API prints them and commands read them: times in ISO 8601, sizes in bytes.
import { isoTime } from "../amounts.ts";
import type { CheckRun, CheckSummary, NotedSeverity } from "../metadata/checks.ts";

/** A check in a list. */
export function printSummary(check: CheckSummary) {
  const { id, kind, trigger, full, repair, state, startedAt, finishedAt, kinds, ...rest } = check;
  const sum = (severity: NotedSeverity): number =>
    kinds.reduce((all, one) => all + (one.severity === severity ? one.count : 0), 0);
  return {
    ...{ id, kind, trigger, full, repair, state },
    started_at: isoTime(startedAt),
    finished_at: finishedAt === null ? null : isoTime(finishedAt),
    progress: rest.progress,
    ...{ contents: rest.contents, bytes_read: rest.bytes },
    problems: sum("problem"),
    unchecked: sum("unchecked"),
    notices: sum("notice"),
    reason: rest.reason,
    kinds,
  };
}

/** A check with its first findings. */
export const printCheck = (run: CheckRun) => ({ ...printSummary(run), findings: run.findings });

/** The answers, as both sides know them. */
export type PrintedSummary = ReturnType<typeof printSummary>;
export type PrintedCheck = ReturnType<typeof printCheck>;
export interface PrintedChecks {
  readonly checks: readonly PrintedSummary[];
  /** `after` of the next page. */
  readonly next: string | null;
}
