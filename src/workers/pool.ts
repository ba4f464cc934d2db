// Workers that do one thing at a time for whoever asks, first come first served.
import { Supervisor } from "./supervisor.ts";

/** The options of a pool. */
export interface PoolOptions {
  readonly spawn: () => Worker;
  /** Workers at a time; each is started when it is first needed. */
  readonly most: number;
  /** Workers that have had nothing to do for so long are ended: each costs a few MiB. Unit: ms. */
  readonly idleMs: number;
}

interface Job<Request, Report> {
  readonly request: Request;
  readonly ended: PromiseWithResolvers<Report>;
}

interface Member<Request, Report> {
  readonly worker: Supervisor<Request, Report>;
  job: Job<Request, Report> | null;
}

/** Hands requests to workers that answer each with one report. */
export class Pool<Request, Report> {
  readonly #options: PoolOptions;
  readonly #members: Member<Request, Report>[] = [];
  readonly #waiting: Job<Request, Report>[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** @throws Error when the worker died of it, or could not be started. */
  ask(request: Request): Promise<Report> {
    const job = { request, ended: Promise.withResolvers<Report>() };
    this.#waiting.push(job);
    this.#assign();
    return job.ended.promise;
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.close()));
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const free = this.#members.find(({ job }) => job === null) ?? this.#add();
      if (free === null) return;
      const job = this.#waiting.shift();
      if (job !== undefined) this.#begin(free, job);
    }
  }

  #begin(member: Member<Request, Report>, job: Job<Request, Report>): void {
    member.job = job;
    try {
      member.worker.send(job.request);
    } catch (error) {
      // No worker could be started: the machine may be out of threads or memory.
      member.job = null;
      job.ended.reject(error);
    }
  }

  #add(): Member<Request, Report> | null {
    const { spawn, most, idleMs } = this.#options;
    if (this.#members.length === most) return null;
    const member: Member<Request, Report> = {
      job: null,
      worker: new Supervisor({
        ...{ spawn, idleMs },
        need: () => (member.job === null ? "nothing" : "answer"),
        // A slow disk, or a core that others keep busy, is no hung worker.
        silenceMs: Number.POSITIVE_INFINITY,
        onReport: (report: Report) => this.#release(member)?.resolve(report),
        onLost: (reason) => this.#release(member)?.reject(new Error(reason)),
      }),
    };
    this.#members.push(member);
    return member;
  }

  #release(member: Member<Request, Report>): PromiseWithResolvers<Report> | null {
    const { job } = member;
    member.job = null;
    this.#assign();
    return job?.ended ?? null;
  }
}
