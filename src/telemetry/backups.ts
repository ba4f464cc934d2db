// The log lines of backups that a server makes, and their metrics.
import type { BackupRun, BackupStanding } from "../metadata/backups.ts";
import { formatBytes } from "./events.ts";
import type { Log } from "./log.ts";
import { Counter, Gauge, type Registry } from "./prometheus.ts";
import { shared } from "./shared.ts";

/** Metrics of backups. */
export class BackupMetrics {
  readonly #runs: Counter<"outcome">;

  /** @param read called when they are read. */
  constructor(registry: Registry, read: () => Promise<BackupStanding>) {
    this.#runs = new Counter({
      name: "breadbox_backup_runs_total",
      help: "Scheduled backups of this server, by outcome: done, incomplete (contents were lost) or failed.",
      labelNames: ["outcome"],
      registers: [registry],
    });
    for (const outcome of ["done", "incomplete", "failed"]) this.#runs.inc({ outcome }, 0);
    const gauge = (name: string, help: string, of: (standing: BackupStanding) => number) =>
      new Gauge({
        name,
        help: shared(help),
        registers: [registry],
        async collect() {
          this.set(await read().then(of, () => Number.NaN));
        },
      });
    gauge(
      "breadbox_backup_last_success_timestamp_seconds",
      "When the last complete backup ended, by schedule or command; Unix time, 0 for never.",
      ({ lastCompleteAt }) => (lastCompleteAt ?? 0) / 1000,
    );
    gauge(
      "breadbox_backup_overdue",
      "1 while the last complete backup is older than backup.maxAge, or there is none although backup.target is set.",
      ({ isOverdue }) => (isOverdue ? 1 : 0),
    );
  }

  /** A scheduled one has ended. */
  ended({ state }: BackupRun): void {
    this.#runs.inc({ outcome: state });
  }
}

/** Counts a scheduled backup, and writes its line. */
export function reportBackup(
  {
    log,
    metrics,
  }: {
    readonly log: Pick<Log, "info" | "error">;
    readonly metrics: { readonly backups: Pick<BackupMetrics, "ended"> };
  },
  run: BackupRun,
): void {
  metrics.backups.ended(run);
  const { id, trigger, state, startedAt, finishedAt, ...fields } = run;
  const ms = finishedAt - startedAt;
  const line = { event: "backup", backupId: id, state, ms, ...fields };
  const { contents, bytes, addedBytes, reason } = run;
  if (state === "done") {
    log.info(
      line,
      `backup: ${contents} contents, ${formatBytes(bytes)}, ${formatBytes(addedBytes)} of them new, in ${ms} ms`,
    );
  } else log.error(line, `backup ${state}: ${reason}`);
}

/** @returns what writes a line when backups begin to be overdue, and when they no longer are. */
export function backupAlarm(
  log: Pick<Log, "info" | "warn">,
  read: () => Promise<BackupStanding>,
): () => Promise<void> {
  let wasOverdue = false;
  return async () => {
    const { isOverdue, isAhead, lastCompleteAt } = await read();
    if (isOverdue === wasOverdue) return;
    wasOverdue = isOverdue;
    const fields = { event: "backupOverdue", isOverdue, lastCompleteAt };
    if (isOverdue) {
      const why = isAhead
        ? "is dated in the future, because the clock was set back"
        : "is too old (backup.maxAge)";
      log.warn(fields, `the last complete backup ${why}: breadbox backup TARGET`);
    } else log.info(fields, "there is a recent backup again");
  };
}
