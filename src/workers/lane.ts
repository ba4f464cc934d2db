// One worker and its replacement when it dies or hangs. What is asked of it is its caller's affair, and is asked again then.
import type { Pulse } from "./pulse.ts";

/** Takes the same requests as a worker, on the server's own thread. */
export interface LocalWorker<Request> {
  take(request: Request): void;
  close(): Promise<void>;
}

/** What a lane needs from the outside. */
export interface LaneOptions<Request, Report> {
  /** Starts a worker. */
  readonly spawn: () => Worker;
  /** The first message to every worker. */
  readonly hello: unknown;
  /** A worker that has not said a word for this long while it has work is taken for hung. Unit: ms. */
  readonly silenceMs: number;
  /** What is known of a worker that is silent because it waits for the disk: that is not hung, another one would wait as well. */
  readonly disk?: { readonly pulse: Pick<Pulse, "count">; readonly onSlow: () => void };
  /** What is done after repeated deaths. null: workers only. */
  readonly fallback: Fallback<Request, Report> | null;
  readonly onReport: (report: Report) => void;
  /** The worker is gone with all it knew: whoever still waits must ask again. */
  readonly onReset: (reason: string) => void;
}

/** Works on the server's own thread: slower for everyone, but never stuck. */
export interface Fallback<Request, Report> {
  readonly start: (report: (report: Report) => void) => LocalWorker<Request>;
  /** After so long a worker is tried again. Unit: ms. */
  readonly lastsMs: number;
  readonly onStart: () => void;
  /** Workers are tried again, and know nothing: as after a reset. */
  readonly onEnd: () => void;
}

/** Deaths in a row, without a single report between them, after which no further worker is started. */
const patience = 3;

/** Sends requests to a living worker, whatever happens to workers. */
export class Lane<Request, Report> {
  readonly #options: LaneOptions<Request, Report>;
  #worker: Worker | null = null;
  #local: LocalWorker<Request> | null = null;
  #deaths = 0;
  /** Monotonic ms. */
  #localSince = 0;
  #silentSince: number | null = null;
  /** Of the disk's pulse, when it was last looked at. */
  #seen = 0;
  #isSlow = false;
  #closed = false;

  constructor(options: LaneOptions<Request, Report>) {
    this.#options = options;
  }

  /** Starts a worker first where there is none. */
  send(request: Request): void {
    if (this.#closed) return;
    this.#forgive();
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
    const count = this.#options.disk?.pulse.count ?? this.#seen;
    if (this.#silentSince === null || count !== this.#seen) this.#silentSince = now;
    this.#seen = count;
    if (now - this.#silentSince <= this.#options.silenceMs) return;
    const isAtDisk = count % 2 === 1;
    if (!isAtDisk) this.#bury(this.#worker, "it stopped answering");
    else if (!this.#isSlow) this.#options.disk?.onSlow();
    this.#isSlow = isAtDisk;
  }

  /** Whatever kept workers from living may be over. */
  #forgive(): void {
    const { fallback } = this.#options;
    if (this.#local === null || fallback === null) return;
    if (performance.now() - this.#localSince < fallback.lastsMs) return;
    void this.#local.close();
    this.#local = null;
    this.#deaths = 0;
    fallback.onEnd();
  }

  /** Ends the worker; the next request starts another one. */
  rest(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#silentSince = null;
  }

  /** Ends the worker for good. */
  async close(): Promise<void> {
    this.#closed = true;
    this.rest();
    await this.#local?.close();
  }

  #start(): void {
    const { spawn, hello, fallback, onReport } = this.#options;
    if (fallback !== null && this.#deaths >= patience) {
      const local = fallback.start((report) => {
        if (local === this.#local) onReport(report);
      });
      this.#local = local;
      this.#localSince = performance.now();
      fallback.onStart();
      return;
    }
    const worker = spawn();
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if (worker !== this.#worker) return;
      this.#deaths = 0;
      this.#silentSince = null;
      this.#isSlow = false;
      onReport(data);
    };
    // An exit code says nothing here (a lost rejection exits with 0): every close is a death.
    worker.addEventListener("close", () => this.#bury(worker, "it ended"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(worker, event.message);
    };
    worker.postMessage(hello);
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
