// One hashing worker and its replacement when it dies or hangs; after repeated deaths the server hashes by itself.
import type { HashReport, HashRequest } from "./protocol.ts";

/** Takes the same requests as a worker, on the server's own thread. */
export interface LocalHasher {
  take(request: Exclude<HashRequest, { kind: "open" }>): void;
  close(): Promise<void>;
}

/** What a lane needs from the outside. */
export interface LaneOptions {
  /** Starts a worker. */
  readonly spawn: () => Worker;
  /** The data directory the worker opens. */
  readonly directory: string;
  /** Hashes on the server's own thread: slower for everyone, but never stuck. */
  readonly fallback: (report: (report: HashReport) => void) => LocalHasher;
  readonly onReport: (report: HashReport) => void;
  /** The worker is gone with all it knew: whoever still waits must ask again. */
  readonly onReset: (reason: string) => void;
}

/** A worker that has not said a word for this long while it has work is taken for hung. Unit: ms. */
const silenceMs = 5_000;
/** Deaths in a row, without a single report between them, after which no further worker is started. */
const patience = 3;

/** Sends requests to a living worker, whatever happens to workers. */
export class Lane {
  readonly #options: LaneOptions;
  #worker: Worker | null = null;
  #local: LocalHasher | null = null;
  #deaths = 0;
  #silentSince: number | null = null;
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Starts a worker first where there is none. */
  send(request: Exclude<HashRequest, { kind: "open" }>): void {
    if (this.#closed) return;
    if (this.#local === null && this.#worker === null) this.#start();
    if (this.#local !== null) this.#local.take(request);
    else this.#worker?.postMessage(request);
  }

  /**
   * Looks for a hung worker; called about once a second.
   * @param hasWork true while an answer is owed. @param now monotonic ms.
   */
  inspect(hasWork: boolean, now: number): void {
    if (!hasWork || this.#worker === null) {
      this.#silentSince = null;
      return;
    }
    this.#silentSince ??= now;
    if (now - this.#silentSince > silenceMs) this.#bury(this.#worker, "it stopped answering");
  }

  /** Ends the worker. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#worker?.terminate();
    this.#worker = null;
    await this.#local?.close();
  }

  #start(): void {
    if (this.#deaths >= patience) {
      this.#local = this.#options.fallback((report) => this.#options.onReport(report));
      return;
    }
    const worker = this.#options.spawn();
    worker.onmessage = ({ data }: MessageEvent<HashReport>) => {
      if (worker !== this.#worker) return;
      this.#deaths = 0;
      this.#silentSince = null;
      this.#options.onReport(data);
    };
    // An exit code says nothing here (a lost rejection exits with 0): every close is a death.
    worker.addEventListener("close", () => this.#bury(worker, "it ended"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(worker, event.message);
    };
    worker.postMessage({ kind: "open", directory: this.#options.directory } satisfies HashRequest);
    this.#worker = worker;
  }

  #bury(worker: Worker, reason: string): void {
    if (worker !== this.#worker || this.#closed) return;
    this.#worker = null;
    this.#silentSince = null;
    this.#deaths += 1;
    worker.terminate();
    this.#options.onReset(reason);
  }
}
