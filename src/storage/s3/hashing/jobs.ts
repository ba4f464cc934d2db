// Hashes whose state can be kept: six times slower than the runtime's own, whose state never leaves its process. Runs in a worker.
import { createSHA256, createSHA512, type IHasher } from "hash-wasm";
import type { Algorithm } from "../../../model/digest.ts";
import type { HashReport, HashRequest, Job } from "./protocol.ts";

const makers: Readonly<Record<Algorithm, () => Promise<IHasher>>> = {
  sha256: createSHA256,
  sha512: createSHA512,
};

/** Spare ones of an algorithm: each has memory of its own, and a busy worker never ends. */
const mostSpare = 16;

/** The hashes of one worker. */
export class HashJobs {
  readonly #report: (report: HashReport) => void;
  readonly #running = new Map<Job, { readonly algorithm: Algorithm; readonly hasher: IHasher }>();
  /** Making one takes a millisecond. */
  readonly #spare: Record<Algorithm, IHasher[]> = { sha256: [], sha512: [] };
  #last: Promise<void> = Promise.resolve();

  constructor(report: (report: HashReport) => void) {
    this.#report = report;
  }

  /** Requests are answered in their order. */
  take(request: HashRequest): void {
    this.#last = this.#last.then(async () => {
      try {
        await this.#take(request);
      } catch (error) {
        this.#running.delete(request.job);
        this.#report({ kind: "failed", job: request.job, reason: String(error) });
      }
    });
  }

  async #take(request: HashRequest): Promise<void> {
    const { job } = request;
    switch (request.kind) {
      case "begin":
        return this.#begin(request);
      case "bytes":
        this.#running.get(job)?.hasher.update(request.bytes);
        this.#report({ kind: "taken", job });
        return;
      case "end":
        return this.#end(job);
      case "drop":
        this.#release(job);
    }
  }

  async #begin({ job, algorithm, state }: HashRequest & { readonly kind: "begin" }): Promise<void> {
    const hasher = this.#spare[algorithm].pop() ?? (await makers[algorithm]());
    if (state === null) hasher.init();
    else hasher.load(state);
    this.#running.set(job, { algorithm, hasher });
  }

  #end(job: Job): void {
    const running = this.#running.get(job);
    if (running === undefined) return;
    const state = running.hasher.save();
    this.#report({ kind: "end", job, state, hex: running.hasher.digest("hex") });
    this.#release(job);
  }

  #release(job: Job): void {
    const running = this.#running.get(job);
    this.#running.delete(job);
    if (running === undefined) return;
    const spare = this.#spare[running.algorithm];
    if (spare.length < mostSpare) spare.push(running.hasher);
  }
}
