// Metrics of uploads in parts, under the names that operators of object stores look for: they have no prefix.
import { Counter, Gauge, Histogram, type Registry } from "./prometheus.ts";
import { shared } from "./shared.ts";

/** Sources of the gauges, called when they are read. */
export interface MultipartSources {
  /** Open uploads, and the bytes of their parts. */
  countMultipart(): Promise<{ readonly uploads: number; readonly bytes: number }>;
}

/** Seconds until the answer: from a part of a few bytes to 128 MiB over a slow line, and what a completion had left to do. */
const requestBuckets = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];
/** Seconds. */
const sweepBuckets = [0.001, 0.01, 0.1, 0.5, 1, 5, 30];

/** Counters of what happened since the start; the gauges say what is there. */
export class MultipartMetrics {
  readonly #initiated: Counter;
  readonly #parts: Counter;
  readonly #completed: Counter;
  readonly #aborted: Counter;
  readonly #expired: Counter;
  readonly #partSeconds: Histogram;
  readonly #completionSeconds: Histogram;
  readonly #sweepSeconds: Histogram;

  constructor(registry: Registry, sources: MultipartSources) {
    const registers = [registry];
    const counter = (what: string, help: string) =>
      new Counter({ name: `multipart_${what}_total`, help, registers });
    const histogram = (what: string, help: string, buckets: number[]) =>
      new Histogram({ name: `multipart_${what}_duration_seconds`, help, buckets, registers });
    this.#initiated = counter("upload_initiated", "Multipart uploads that were initiated.");
    this.#parts = counter("part_uploaded", "Parts that were stored; one sent again counts again.");
    this.#completed = counter("upload_completed", "Multipart uploads that became objects.");
    this.#aborted = counter("upload_aborted", "Multipart uploads that were aborted.");
    this.#expired = counter("upload_expired", "Multipart uploads that the cleanup ended.");
    this.#partSeconds = histogram(
      "part_upload",
      "How long parts took, from request to answer.",
      requestBuckets,
    );
    this.#completionSeconds = histogram(
      "upload_completion",
      "How long completions took, from request to answer.",
      requestBuckets,
    );
    this.#sweepSeconds = histogram(
      "sweep",
      "How long sweeps for expired uploads took.",
      sweepBuckets,
    );
    addGauges(registry, sources);
  }

  initiated(): void {
    this.#initiated.inc();
  }

  /** A part was stored. */
  partStored(seconds: number): void {
    this.#parts.inc();
    this.#partSeconds.observe(seconds);
  }

  completed(seconds: number): void {
    this.#completed.inc();
    this.#completionSeconds.observe(seconds);
  }

  aborted(): void {
    this.#aborted.inc();
  }

  /** The cleanup has ended `uploads`. */
  expired(uploads: number): void {
    this.#expired.inc(uploads);
  }

  /** The cleanup has looked once. */
  swept(seconds: number): void {
    this.#sweepSeconds.observe(seconds);
  }
}

function addGauges(registry: Registry, { countMultipart }: MultipartSources): void {
  // A database in trouble must not take the other metrics with it: NaN says that the value is not known.
  const unknown = { uploads: Number.NaN, bytes: Number.NaN };
  const gauge = (name: string, help: string, value: (found: typeof unknown) => number) =>
    new Gauge({
      name: `multipart_${name}`,
      help: shared(help),
      registers: [registry],
      async collect() {
        this.set(value(await countMultipart().catch(() => unknown)));
      },
    });
  gauge("uploads_in_progress", "Open multipart uploads.", ({ uploads }) => uploads);
  gauge("temp_bytes", "Bytes of their parts.", ({ bytes }) => bytes);
}
