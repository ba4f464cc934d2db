// Keeps one maintenance worker alive. If it dies it is started again, and the server never notices.
import type { Duties, MaintenanceReport, MaintenanceRequest } from "./protocol.ts";

/** What the supervisor works with. */
export interface MaintenanceOptions {
  readonly spawn: () => Worker;
  readonly duties: Duties;
  readonly onReport: (report: MaintenanceReport) => void;
  readonly onLost: (reason: string) => void;
}

/** First wait before a lost worker is replaced; doubled for each loss without a report between, up to the longest; ms. */
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/** The maintenance worker and its replacement. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  #worker: Worker | null = null;
  #restart: Timer | null = null;
  #waitMs = firstWaitMs;
  #ended = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /** Starts the worker; returns at once. */
  start(): void {
    const worker = this.#options.spawn();
    worker.onmessage = ({ data }: MessageEvent<MaintenanceReport>) => {
      this.#waitMs = firstWaitMs;
      this.#options.onReport(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(worker, event.message);
    };
    worker.addEventListener("close", () => this.#lose(worker, "it ended"));
    this.#worker = worker;
    this.#send({ kind: "open", duties: this.#options.duties });
  }

  /** After a failed sync: the worker may not move or write anything any more. */
  halt(): void {
    this.#ended = true;
    this.#send({ kind: "halt" });
  }

  /** Ends the worker. */
  close(): void {
    this.#ended = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#worker?.terminate();
    this.#worker = null;
  }

  #send(request: MaintenanceRequest): void {
    this.#worker?.postMessage(request);
  }

  #lose(worker: Worker, reason: string): void {
    if (worker !== this.#worker || this.#ended) return;
    this.#worker = null;
    this.#options.onLost(reason);
    this.#restart = setTimeout(() => this.start(), this.#waitMs);
    this.#restart.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
  }
}
