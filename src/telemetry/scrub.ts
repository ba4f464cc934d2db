// The scrub's reports: an error for each damaged blob, a line for each round, and its metrics.
import type { ScrubReport } from "../jobs/scrub.ts";
import type { ScrubRound } from "../jobs/scrubs.ts";
import { formatBytes } from "./events.ts";
import type { Log } from "./log.ts";
import { Counter, Gauge, type Registry } from "./prometheus.ts";

/** Counters of the scrub, since this server was started. */
export class ScrubMetrics {
  readonly #bytes: Counter;
  readonly #damaged: Counter;
  readonly #unreadable: Counter;
  readonly #lastSuccess: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (what: string, help: string) =>
      new Counter({ name: `breadbox_scrub_${what}_total`, help, registers });
    this.#bytes = counter(
      "bytes",
      "Stored bytes that were read again and compared with their digest.",
    );
    this.#damaged = counter("damaged", "Blobs that were found damaged or missing, and set aside.");
    this.#unreadable = counter("unreadable", "Blobs that could not be read.");
    this.#lastSuccess = new Gauge({
      name: "breadbox_scrub_last_success_timestamp_seconds",
      help: "When a scrub last finished, with no blob left to read; Unix time, 0 for not since the start.",
      registers,
    });
  }

  read(bytes: number): void {
    this.#bytes.inc(bytes);
  }

  damaged(): void {
    this.#damaged.inc();
  }

  unreadable(): void {
    this.#unreadable.inc();
  }

  /** @param now Unix ms. */
  finished(now: number): void {
    this.#lastSuccess.set(now / 1000);
  }
}

/** Receivers of a scrub's report. */
export interface ScrubListeners {
  readonly log: Pick<Log, "info" | "error">;
  readonly metrics: { readonly scrub: Pick<ScrubMetrics, keyof ScrubMetrics> };
}

/**
 * Counts what the worker reports of a scrub, and writes what an operator has to know.
 * @param round the totals of the round, at its end. @param now Unix ms.
 */
export function reportScrub(
  { log, metrics: { scrub } }: ScrubListeners,
  report: ScrubReport,
  round: ScrubRound | null,
  now: number,
): void {
  switch (report.kind) {
    case "damaged": {
      const { digest, fault, holders } = report.found;
      const tags = holders.tags.map(({ repository, name }) => `${repository}:${name}`);
      const objects = holders.objects.some.map(({ bucket, object }) => `${bucket}/${object}`);
      const { repositories } = holders;
      scrub.damaged();
      log.error(
        { event: "damaged", digest, fault, repositories, tags, objects },
        `stored blob ${digest} is damaged and was set aside: push it again${named("pulls that fail", tags)}${named("objects to be put again", objects)}`,
      );
      break;
    }
    case "unreadable": {
      const { digest, reason } = report.found;
      scrub.unreadable();
      log.error({ event: "unreadable", digest, reason }, `stored blob ${digest} cannot be read`);
      break;
    }
    case "scrubbed":
      scrub.read(report.bytes);
      if (round !== null) {
        scrub.finished(now);
        logRound(log, round);
      }
      break;
    default:
      report satisfies never;
  }
}

const named = (what: string, names: readonly string[]): string =>
  names.length === 0 ? "" : `; ${what}: ${names.join(", ")}`;

/** A round without anything to read is no news. */
function logRound(
  log: ScrubListeners["log"],
  { verified, bytes, damaged, unreadable }: ScrubRound,
): void {
  if (verified + damaged + unreadable === 0) return;
  const fields = { event: "scrub", verified, bytes, damaged, unreadable };
  const bad = `${damaged} damaged, ${unreadable} unreadable`;
  log.info(fields, `scrub: read ${verified} stored blobs, ${formatBytes(bytes)}, ${bad}`);
}
