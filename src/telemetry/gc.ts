// The log line of a garbage collection, with its result or the remedy, and its metrics.
import type { GcRun } from "../metadata/gcRuns.ts";
import type { UntaggedSpace } from "../metadata/untagged.ts";
import { formatBytes } from "./events.ts";
import type { Log } from "./log.ts";
import { Counter, Gauge, Histogram, type Registry } from "./prometheus.ts";
import { shared } from "./shared.ts";

/** Sources of the gauges, called when they are read. */
export interface GcSources {
  /** Unix ms; null when no run has deleted what it found yet. */
  lastSuccess(): Promise<number | null>;
  /** Since when runs by schedule are refused, Unix ms; null while they are not. */
  findRefusals(): Promise<{ readonly since: number } | null>;
  /** True while a run of this server is going on. */
  readonly isRunning: boolean;
}

/** Seconds. */
const durationBuckets = [0.01, 0.1, 0.5, 1, 5, 30, 60, 300, 1800];

/** A dry run that is done is an outcome of its own: it frees nothing. */
const outcomeOf = ({ state, dryRun }: GcRun): string =>
  dryRun && state === "done" ? "dry" : state;

/** Counters of the collections that this server ran. `breadbox gc` is a process of its own. */
export class GcMetrics {
  readonly #runs: Counter<"outcome">;
  readonly #blobs: Counter;
  readonly #bytes: Counter;
  readonly #manifests: Counter;
  readonly #durations: Histogram;

  constructor(registry: Registry, sources: GcSources) {
    const registers = [registry];
    const counter = (what: string, help: string) =>
      new Counter({ name: `breadbox_gc_deleted_${what}_total`, help, registers });
    this.#runs = new Counter({
      name: "breadbox_gc_runs_total",
      help: "Garbage collections of this server, by outcome: done, dry, refused or failed.",
      labelNames: ["outcome"],
      registers,
    });
    for (const outcome of ["done", "dry", "refused", "failed"]) this.#runs.inc({ outcome }, 0);
    this.#blobs = counter("blobs", "Blobs deleted by them.");
    this.#bytes = counter("bytes", "Bytes of those blobs.");
    this.#manifests = counter("manifests", "Untagged manifests deleted by them.");
    this.#durations = new Histogram({
      name: "breadbox_gc_duration_seconds",
      help: "How long they took.",
      buckets: durationBuckets,
      registers,
    });
    addGauges(registry, sources);
  }

  /** A run has ended. */
  ended(run: GcRun, seconds: number): void {
    this.#runs.inc({ outcome: outcomeOf(run) });
    this.#durations.observe(seconds);
    if (run.dryRun) return;
    this.#blobs.inc(run.counts.deletedBlobs);
    this.#bytes.inc(run.counts.deletedBytes);
    this.#manifests.inc(run.counts.deletedManifests);
  }
}

function addGauges(registry: Registry, sources: GcSources): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  gauge("breadbox_gc_running", "1 while this server collects garbage.", () =>
    sources.isRunning ? 1 : 0,
  );
  gauge(
    "breadbox_gc_last_success_timestamp_seconds",
    shared(
      "When garbage was last collected, by schedule, request or command; Unix time, 0 for never.",
    ),
    () => seconds(sources.lastSuccess()),
  );
  gauge(
    "breadbox_gc_refused_since_timestamp_seconds",
    shared(
      "Start of the time in which scheduled collections are refused and delete nothing; Unix time, 0 while they are not refused.",
    ),
    () => seconds(sources.findRefusals().then((refused) => refused?.since ?? null)),
  );
}

/** A database in trouble must not take the other metrics with it: NaN says that the value is not known. */
const seconds = (time: Promise<number | null>): Promise<number> =>
  time.then(
    (ms) => (ms ?? 0) / 1000,
    () => Number.NaN,
  );

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Receivers of a run's report. */
export interface GcListeners {
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly metrics: { readonly gc: Pick<GcMetrics, "ended"> };
}

/** Facts about a run that its row does not have. */
export interface GcEnd {
  readonly durationMs: number;
  /** The server was about to stop: no failure that needs attention. */
  readonly isStopped: boolean;
  /** Content still kept by untagged manifests; null when it is unknown. */
  readonly untagged: UntaggedSpace | null;
}

/** Counts a run that has ended, and writes its line: `garbage collection: deleted 12 orphaned blobs of 120, reclaimed 3.6 MB, in 45 ms`. */
export function reportGc(
  { log, metrics }: GcListeners,
  run: GcRun,
  { durationMs, isStopped, untagged }: GcEnd,
): void {
  metrics.gc.ended(run, durationMs / 1000);
  const { id, trigger, dryRun, state, reason, counts } = run;
  const ms = Math.round(durationMs);
  const fields = {
    event: "gc",
    runId: id,
    trigger,
    dryRun,
    state,
    reason,
    ...counts,
    untagged,
    ms,
  };
  if (state === "failed" && isStopped) {
    log.info(fields, `garbage collection stopped early, the next one continues: ${reason}`);
  } else if (state === "failed") {
    log.error(fields, `garbage collection failed: ${reason}`);
  } else if (state === "refused") {
    log.warn(fields, `garbage collection refused, nothing was deleted: ${reason}`);
  } else {
    const what = dryRun ? foreseen(run) : done(run);
    log.info(fields, `garbage collection: ${what}, in ${ms} ms${heldText(untagged)}`);
  }
}

/** For a user who deleted a tag, or pushed over it, and wonders where the space is. */
function heldText(untagged: UntaggedSpace | null): string {
  if (untagged === null || untagged.bytes === 0) return "";
  const { manifests, bytes, repositories, otherRepositories } = untagged;
  const names = repositories.map(({ repository }): string => repository);
  if (otherRepositories > 0) names.push(`${otherRepositories} more`);
  const keep = manifests === 1 ? "keeps" : "keep";
  return `; ${plural(manifests, "untagged manifest")} (${names.join(", ")}) ${keep} ${formatBytes(bytes)}: breadbox gc --untagged TIME or gc.untagged.enabled deletes them`;
}

function done({ counts }: GcRun): string {
  const { deletedBlobs, deletedBytes, deletedManifests } = counts;
  const manifests =
    deletedManifests === 0 ? "" : `${plural(deletedManifests, "untagged manifest")} and `;
  return `deleted ${manifests}${plural(deletedBlobs, "orphaned blob")} of ${counts.totalBlobs}, reclaimed ${formatBytes(deletedBytes)}`;
}

function foreseen({ counts, reason }: GcRun): string {
  const { orphanedBlobs, orphanedBytes, deletedManifests } = counts;
  const manifests =
    deletedManifests === 0 ? "" : `${plural(deletedManifests, "untagged manifest")} and `;
  const warning = reason === null ? "" : `, but ${reason}`;
  return `dry run, would delete ${manifests}${plural(orphanedBlobs, "orphaned blob")} of ${counts.totalBlobs} and reclaim ${formatBytes(orphanedBytes)}${warning}`;
}
