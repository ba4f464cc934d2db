// Supervision of a worker: it is started when there is work, replaced when it dies or hangs, and ended when it is not needed any more.
// The owner repeats the requests of a lost worker.
import type { Pulse } from "./pulse.ts";

/** Takes the same requests as a worker, on the server's own thread. */
export interface LocalWorker<Request> {
  take(request: Request): void;
  close(): Promise<void>;
}

/** Why a worker is needed: a request waits, it has background work, or not at all. */
export type Need = "answer" | "background" | "nothing";

/** The options of a supervisor. Times in ms. */
export interface SupervisorOptions<Request, Report> {
  /** Starts a worker. */
  readonly spawn: () => Worker;
  /** The first message to every worker; absent: there is none. */
  readonly hello?: unknown;
  /** The last message to a worker that is not needed any more, which then ends itself; absent: it is terminated. */
  readonly farewell?: Request;
  /** Asked once a second while a worker lives. */
  readonly need: () => Need;
  /** A worker that owes an answer and has reported nothing for this long counts as hung. */
  readonly silenceMs: number;
  /** A worker that is not needed is ended after this long. */
  readonly idleMs: number;
  /** Set for workers that wait for the disk: such a worker is not hung, another one would wait as well. */
  readonly disk?: { readonly pulse: Pick<Pulse, "count">; readonly onSlow: () => void };
  /** Replaces workers after repeated deaths; absent: workers only. */
  readonly fallback?: Fallback<Request, Report>;
  readonly onReport: (report: Report) => void;
  /** The worker was lost with all of its state. */
  readonly onLost: (reason: string) => void;
}

/** Work on the server's own thread: slower for everyone, but it cannot die alone. */
export interface Fallback<Request, Report> {
  readonly start: (report: (report: Report) => void) => LocalWorker<Request>;
  /** After this long a worker is tried again. Unit: ms. */
  readonly lastsMs: number;
  readonly onStart: () => void;
  /** Workers are tried again, and know nothing, as after a loss. */
  readonly onEnd: () => void;
}

/** Deaths in a row, without a single report between them, after which the fallback is used. */
const patience = 3;
const inspectEveryMs = 1_000;

/** Sends requests to a worker that lives, and starts one where there is none. */
export class Supervisor<Request, Report> {
  readonly #options: SupervisorOptions<Request, Report>;
  #worker: Worker | null = null;
  #inspection: Timer | null = null;
  #local: LocalWorker<Request> | null = null;
  #deaths = 0;
  /** This one and those below are monotonic ms. */
  #localSince = 0;
  #silentSince: number | null = null;
  #idleSince: number | null = null;
  /** Of the disk's pulse, at the last inspection. */
  #seen = 0;
  #isSlow = false;
  #closed = false;

  constructor(options: SupervisorOptions<Request, Report>) {
    this.#options = options;
  }

  /** Starts a worker first where there is none. */
  send(request: Request): void {
    if (this.#closed) return;
    this.#endFallback();
    if (this.#local === null && this.#worker === null) this.#start();
    this.#idleSince = null;
    if (this.#local !== null) this.#local.take(request);
    else this.#worker?.postMessage(request);
  }

  /** Sends to a worker that lives, and starts none. */
  notify(request: Request): void {
    this.#worker?.postMessage(request);
  }

  /** Looks whether the worker hangs, and whether it is still needed; called once a second. @param now monotonic ms. */
  inspect(now: number): void {
    if (this.#worker === null) return;
    const need = this.#options.need();
    if (need === "answer") this.#replaceHung(this.#worker, now);
    else this.#silentSince = null;
    if (need !== "nothing") this.#idleSince = null;
    else this.#idleSince ??= now;
    if (this.#idleSince !== null && now - this.#idleSince >= this.#options.idleMs) this.#dismiss();
  }

  /** Ends the worker for good. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#release()?.terminate();
    await this.#local?.close();
  }

  #replaceHung(worker: Worker, now: number): void {
    const { disk, silenceMs } = this.#options;
    const count = disk?.pulse.count ?? this.#seen;
    if (this.#silentSince === null || count !== this.#seen) this.#silentSince = now;
    this.#seen = count;
    if (now - this.#silentSince <= silenceMs) return;
    const isAtDisk = count % 2 === 1;
    if (!isAtDisk) this.#lose(worker, "it stopped answering");
    else if (!this.#isSlow) disk?.onSlow();
    this.#isSlow = isAtDisk;
  }

  /** After a while workers may live again. */
  #endFallback(): void {
    const { fallback } = this.#options;
    if (this.#local === null || fallback === undefined) return;
    if (performance.now() - this.#localSince < fallback.lastsMs) return;
    void this.#local.close();
    this.#local = null;
    this.#deaths = 0;
    fallback.onEnd();
  }

  #start(): void {
    const { fallback } = this.#options;
    if (fallback !== undefined && this.#deaths >= patience) this.#startFallback(fallback);
    else this.#startWorker();
  }

  #startFallback(fallback: Fallback<Request, Report>): void {
    const local = fallback.start((report) => {
      if (local === this.#local) this.#options.onReport(report);
    });
    this.#local = local;
    this.#localSince = performance.now();
    fallback.onStart();
  }

  #startWorker(): void {
    const { spawn, hello, onReport } = this.#options;
    const worker = spawn();
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if (worker !== this.#worker) return;
      this.#deaths = 0;
      this.#silentSince = null;
      this.#isSlow = false;
      onReport(data);
    };
    // An exit code says nothing here (a lost rejection exits with 0): every close is a death.
    worker.addEventListener("close", () => this.#lose(worker, "it ended"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(worker, event.message);
    };
    if (hello !== undefined) worker.postMessage(hello);
    this.#worker = worker;
    this.#inspection = setInterval(() => this.inspect(performance.now()), inspectEveryMs);
    this.#inspection.unref();
  }

  /** The next request starts another one. */
  #dismiss(): void {
    const { farewell } = this.#options;
    const worker = this.#release();
    if (farewell === undefined) worker?.terminate();
    else worker?.postMessage(farewell);
  }

  #lose(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#release();
    this.#deaths += 1;
    worker.terminate();
    this.#options.onLost(reason);
  }

  /** @returns the worker, which is not supervised any more. */
  #release(): Worker | null {
    const worker = this.#worker;
    if (this.#inspection !== null) clearInterval(this.#inspection);
    this.#worker = null;
    this.#silentSince = null;
    this.#idleSince = null;
    return worker;
  }
}
