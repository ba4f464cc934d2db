// Threads that wait for the disk when content is sent that is not in memory. The runtime's own threads for files are as few as the
// machine has cores, and everything else that touches a file needs them: a disk that does not answer must not hold them.
import { Supervisor } from "../../../workers/supervisor.ts";
import type { ReadReport, ReadRequest } from "./protocol.ts";

/** Where to read. */
export interface Place {
  /** An open file's descriptor. It stays open until the read has ended. */
  readonly file: number;
  /** Bytes from its beginning. */
  readonly at: number;
}

/** Reads at a time. A disk that does not answer for one file keeps one of them. */
const most = 4;
/** Readers that have had nothing to do for so long are ended: each costs a few MiB. */
const idleMs = 60_000;

interface Job {
  readonly request: ReadRequest;
  readonly ended: PromiseWithResolvers<number>;
}

interface Reader {
  readonly worker: Supervisor<ReadRequest, ReadReport>;
  job: Job | null;
}

/** Hands reads to workers, one to each, first come first served. */
export class Readers {
  readonly #spawn: () => Worker;
  readonly #readers: Reader[] = [];
  readonly #waiting: Job[] = [];

  constructor(spawn: () => Worker) {
    this.#spawn = spawn;
  }

  /** Fills `into` from its beginning. @returns how many bytes were read. @throws Error when they cannot be read, or the worker died. */
  read({ file, at }: Place, into: Uint8Array<SharedArrayBuffer>): Promise<number> {
    const job = { request: { file, at, into }, ended: Promise.withResolvers<number>() };
    this.#waiting.push(job);
    this.#assign();
    return job.ended.promise;
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map(({ worker }) => worker.close()));
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const free = this.#readers.find(({ job }) => job === null) ?? this.#add();
      if (free === null) return;
      free.job = this.#waiting.shift() ?? null;
      if (free.job !== null) free.worker.send(free.job.request);
    }
  }

  #add(): Reader | null {
    if (this.#readers.length === most) return null;
    const reader: Reader = {
      job: null,
      worker: new Supervisor({
        spawn: this.#spawn,
        need: () => (reader.job === null ? "nothing" : "answer"),
        // A slow disk is no hung worker.
        silenceMs: Number.POSITIVE_INFINITY,
        idleMs,
        onReport: (report) => this.#end(reader, report),
        onLost: (message) => this.#end(reader, { kind: "failed", message }),
      }),
    };
    this.#readers.push(reader);
    return reader;
  }

  #end(reader: Reader, report: ReadReport): void {
    const { job } = reader;
    reader.job = null;
    if (report.kind === "read") job?.ended.resolve(report.count);
    else job?.ended.reject(new Error(`stored content cannot be read: ${report.message}`));
    this.#assign();
  }
}
