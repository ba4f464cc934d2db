// Hashes that another process can go on with: workers make them, the session's row keeps them. What goes wrong costs the digest only;
// it is made of the stored bytes then.
import { type Algorithm, type Digest, digestFromHex } from "../../../model/digest.ts";
import { Supervisor } from "../../../workers/supervisor.ts";
import type { HashReport, HashRequest, Job } from "./protocol.ts";

/** A hash of some bytes, which can be gone on with. */
export interface HashNote {
  readonly digest: Digest;
  /** Base64, of a form that only the same version of the library reads. */
  readonly state: string;
}

/** One append's bytes. */
export interface TravellingHash {
  /** @param bytes in shared memory. @returns when they are not needed any more. Never rejects. */
  add(bytes: Uint8Array): Promise<void>;
  /** @returns null when the hash was lost. */
  end(): Promise<HashNote | null>;
  /** Nobody will ask for its end. */
  drop(): void;
}

/** What the storage is given for it; only a server has it. */
export interface HashingOptions {
  readonly spawn: () => Worker;
  /** How many at most; each is started when it is first needed. */
  readonly workers: number;
  readonly onLost: (reason: string) => void;
}

const silenceMs = 10_000;
const idleMs = 60_000;

/** A hash whose end is awaited, or whose bytes are. */
interface Pending {
  readonly algorithm: Algorithm;
  readonly taken: (() => void)[];
  ended: ((note: HashNote | null) => void) | null;
}

/** The workers. */
export class TravellingHashes {
  readonly #lanes: readonly Lane[];
  #jobs = 0;

  constructor(options: HashingOptions) {
    this.#lanes = Array.from({ length: options.workers }, () => new Lane(options));
  }

  /** @param from of the bytes before; null: there are none. */
  begin(algorithm: Algorithm, from: HashNote | null): TravellingHash {
    this.#jobs += 1;
    const lane = this.#lanes[this.#jobs % this.#lanes.length];
    if (lane === undefined) throw new Error("no worker hashes here");
    return lane.begin(this.#jobs, algorithm, from && Buffer.from(from.state, "base64"));
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

/** One worker, its replacements, and the hashes that are in it. */
class Lane {
  readonly #worker: Supervisor<HashRequest, HashReport>;
  readonly #pending = new Map<Job, Pending>();

  constructor({ spawn, onLost }: HashingOptions) {
    this.#worker = new Supervisor({
      ...{ spawn, silenceMs, idleMs },
      need: () => this.#need(),
      onReport: (report) => this.#take(report),
      onLost: (reason) => {
        for (const job of [...this.#pending.keys()]) this.#lose(job);
        onLost(reason);
      },
    });
  }

  begin(job: Job, algorithm: Algorithm, state: Uint8Array | null): TravellingHash {
    this.#pending.set(job, { algorithm, taken: [], ended: null });
    this.#worker.send({ kind: "begin", job, algorithm, state });
    return {
      add: (bytes) => this.#add(job, bytes),
      end: () => this.#end(job),
      drop: () => {
        if (!this.#pending.has(job)) return;
        this.#lose(job);
        this.#worker.notify({ kind: "drop", job });
      },
    };
  }

  async close(): Promise<void> {
    for (const job of [...this.#pending.keys()]) this.#lose(job);
    await this.#worker.close();
  }

  async #add(job: Job, bytes: Uint8Array): Promise<void> {
    const pending = this.#pending.get(job);
    if (pending === undefined || bytes.byteLength === 0) return;
    await new Promise<void>((resolve) => {
      pending.taken.push(resolve);
      this.#worker.send({ kind: "bytes", job, bytes });
    });
  }

  async #end(job: Job): Promise<HashNote | null> {
    const pending = this.#pending.get(job);
    if (pending === undefined) return null;
    return new Promise((resolve) => {
      pending.ended = resolve;
      this.#worker.send({ kind: "end", job });
    });
  }

  #need() {
    const pending = [...this.#pending.values()];
    if (pending.some(({ taken, ended }) => taken.length > 0 || ended !== null)) return "answer";
    return pending.length > 0 ? "background" : "nothing";
  }

  #take(report: HashReport): void {
    const pending = this.#pending.get(report.job);
    if (pending === undefined) return;
    if (report.kind === "taken") pending.taken.shift()?.();
    else if (report.kind === "failed") this.#lose(report.job);
    else this.#finish(report.job, pending, report);
  }

  #finish(
    job: Job,
    { algorithm, ended }: Pending,
    { hex, state }: { hex: string; state: Uint8Array },
  ) {
    this.#pending.delete(job);
    ended?.({
      digest: digestFromHex(algorithm, hex),
      state: Buffer.from(state).toString("base64"),
    });
  }

  /** Whoever waits is told. */
  #lose(job: Job): void {
    const pending = this.#pending.get(job);
    this.#pending.delete(job);
    for (const taken of pending?.taken ?? []) taken();
    pending?.ended?.(null);
  }
}
