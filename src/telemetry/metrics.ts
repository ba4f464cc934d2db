// Metrics for Prometheus. Labels are operations and statuses only: names of repositories would grow without end.
import type { BackupStanding } from "../metadata/backups.ts";
import { commit, target, version } from "../version.ts";
import { BackupMetrics } from "./backups.ts";
import { addCheckMetrics, type CheckSources } from "./checks.ts";
import { GcMetrics, type GcSources } from "./gc.ts";
import type { Log } from "./log.ts";
import { MultipartMetrics, type MultipartSources } from "./multipart.ts";
import { Counter, Gauge, Histogram, Registry } from "./prometheus.ts";
import { addRuntimeGauges } from "./runtime.ts";
import { ScrubMetrics } from "./scrub.ts";
import { shared } from "./shared.ts";
import { SpaceMetrics, type SpaceSources } from "./space.ts";
import { WebhookMetrics, type WebhookSources } from "./webhooks.ts";

/** Sources of the gauges, called when they are read. */
export interface MetricSources extends MultipartSources, SpaceSources, WebhookSources {
  /** Open upload sessions and their staged bytes. */
  countUploads(): Promise<{ readonly sessions: number; readonly bytes: number }>;
  /** True once a failed sync made the store read-only. */
  isReadOnly(): boolean;
  /** True while nobody has to log in. */
  isOpen(): Promise<boolean>;
  readonly gcRuns: GcSources;
  readonly checks: CheckSources;
  readonly readBackups: () => Promise<BackupStanding>;
}

/** Seconds; from a manifest's fraction of a millisecond to a layer's minutes. */
const durationBuckets = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

type Ended = (seconds: number) => void;

/** The program's counters. One per process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly backups: BackupMetrics;
  readonly gc: GcMetrics;
  readonly multipart: MultipartMetrics;
  readonly scrub: ScrubMetrics;
  readonly space: SpaceMetrics;
  readonly webhooks: WebhookMetrics;
  readonly #requests: Counter<"operation" | "status">;
  readonly #durations: Histogram<"operation">;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #pushes: Counter;
  readonly #pulls: Counter;
  readonly #deletions: Counter<"kind">;
  readonly #mounts: Counter;
  readonly #mountedBytes: Counter;
  #mountedSum = 0;
  readonly #uploadsEnded: Counter<"outcome">;
  /** Labelled children, found once: looking them up is what costs. */
  readonly #ended = new Map<string, Map<number, Ended>>();
  #running: () => number = () => 0;

  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    addRuntimeGauges(this.#registry);
    this.#requests = new Counter({
      name: "breadbox_http_requests_total",
      help: "Requests answered, by operation and status.",
      labelNames: ["operation", "status"],
      registers,
    });
    this.#durations = new Histogram({
      name: "breadbox_http_request_duration_seconds",
      help: "Time until the answer began, by operation.",
      labelNames: ["operation"],
      buckets: durationBuckets,
      registers,
    });
    this.#received = this.#counter(
      "breadbox_received_bytes_total",
      "Bytes of request bodies read.",
    );
    this.#sent = this.#counter(
      "breadbox_blob_sent_bytes_total",
      "Bytes of blobs and objects in answers; an answer that is cut off counts in full.",
    );
    this.#pushes = this.#counter("breadbox_pushes_total", "Manifests pushed.");
    this.#pulls = this.#counter("breadbox_pulls_total", "Manifests pulled.");
    this.#mounts = this.#counter("breadbox_mounts_total", "Blobs mounted instead of uploaded.");
    this.#mountedBytes = this.#counter("breadbox_mounted_bytes_total", "Bytes of those blobs.");
    this.#deletions = this.#counterBy("kind", ["tag", "manifest", "blob", "object"], {
      name: "breadbox_deletions_total",
      help: "Deletions by clients, by kind: tag, manifest, blob or object.",
    });
    this.#uploadsEnded = this.#counterBy("outcome", ["completed", "cancelled", "expired"], {
      name: "breadbox_uploads_ended_total",
      help: "Upload sessions that have ended, by outcome: completed, cancelled or expired.",
    });
    this.#build();
    this.#gauges(sources);
    this.gc = new GcMetrics(this.#registry, sources.gcRuns);
    this.backups = new BackupMetrics(this.#registry, sources.readBackups);
    addCheckMetrics(this.#registry, sources.checks);
    this.multipart = new MultipartMetrics(this.#registry, sources);
    this.space = new SpaceMetrics(this.#registry, sources);
    this.webhooks = new WebhookMetrics(this.#registry, sources);
    this.scrub = new ScrubMetrics(this.#registry);
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }

  /** Every value is there from the start, with 0. */
  #counterBy<Label extends string>(
    label: Label,
    values: readonly string[],
    about: { readonly name: string; readonly help: string },
  ): Counter<Label> {
    const counter = new Counter({ ...about, labelNames: [label], registers: [this.#registry] });
    for (const value of values) counter.labels(value).inc(0);
    return counter;
  }

  #gauges({ countUploads, isReadOnly, isOpen }: MetricSources): void {
    // A database in trouble must not take the other metrics with it: NaN says that the value is not known.
    const unknown = { sessions: Number.NaN, bytes: Number.NaN };
    const uploads = () => countUploads().catch(() => unknown);
    this.#gauge(
      "breadbox_http_requests_running",
      "Requests whose answer has not been sent completely.",
      () => this.#running(),
    );
    this.#gauge(
      "breadbox_read_only",
      "1 when a failed sync has made the store read-only until a restart.",
      () => (isReadOnly() ? 1 : 0),
    );
    this.#gauge("breadbox_open", shared("1 while nobody has to log in."), () =>
      isOpen().then(Number, () => Number.NaN),
    );
    this.#gauge("breadbox_upload_sessions", shared("Open upload sessions."), async () => {
      return (await uploads()).sessions;
    });
    this.#gauge(
      "breadbox_upload_staged_bytes",
      shared("Bytes staged in open sessions."),
      async () => {
        return (await uploads()).bytes;
      },
    );
  }

  #build(): void {
    new Gauge({
      name: "breadbox_build_info",
      help: "Always 1; its labels name the version, the commit and the platform.",
      labelNames: ["version", "commit", "target"],
      registers: [this.#registry],
    }).set({ version, commit, target }, 1);
  }

  #gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        this.set(await read());
      },
    });
  }

  /** @param read counts the requests that are running; set by the server once it listens. */
  watchRunning(read: () => number): void {
    this.#running = read;
  }

  /** A request was answered. @param operation `none` for one that no address took. */
  requestEnded(operation: string, status: number, seconds: number): void {
    const byStatus = this.#ended.get(operation);
    const known = byStatus?.get(status);
    if (known !== undefined) {
      known(seconds);
      return;
    }
    const requests = this.#requests.labels(operation, String(status));
    const durations = this.#durations.labels(operation);
    const ended = (elapsed: number) => {
      requests.inc();
      durations.observe(elapsed);
    };
    if (byStatus === undefined) this.#ended.set(operation, new Map([[status, ended]]));
    else byStatus.set(status, ended);
    ended(seconds);
  }

  /** Bytes of a request's body were read. */
  received(bytes: number): void {
    this.#received.inc(bytes);
  }

  /** Bytes of a blob go out. */
  sent(bytes: number): void {
    this.#sent.inc(bytes);
  }

  pushed(): void {
    this.#pushes.inc();
  }

  pulled(): void {
    this.#pulls.inc();
  }

  /** A blob was mounted. @param bytes its size. */
  mounted(bytes: number): void {
    this.#mounts.inc();
    this.#mountedBytes.inc(bytes);
    this.#mountedSum += bytes;
  }

  /** Of all blobs that were mounted since the start. */
  get mountedBytes(): number {
    return this.#mountedSum;
  }

  /** A client deleted something. */
  deleted(kind: "tag" | "manifest" | "blob" | "object"): void {
    this.#deletions.inc({ kind });
  }

  /** An upload session has ended; a blob pushed in one request counts as one. */
  uploadEnded(outcome: "completed" | "cancelled" | "expired"): void {
    this.#uploadsEnded.inc({ outcome });
  }

  /** All metrics in Prometheus' text format, and its media type. */
  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

/** The counters that rooms report to. */
export interface Telemetry {
  readonly log: Log;
  readonly metrics: Metrics;
}
