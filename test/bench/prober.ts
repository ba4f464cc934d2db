// Asks one question again and again at an easy pace: how a server feels while it is busy with something else.
import { type Ask, Connection } from "../support/connection.ts";
import { askFor } from "../support/rawUploads.ts";

/** Value below which `share` of the sorted values lie. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Asks on two connections, 1 ms between an answer and the next question, until told to stop. */
export class Prober {
  readonly #times: number[] = [];
  #running = true;
  #done: Promise<unknown>;

  constructor(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
    const ask = { method: "GET", path, headers };
    this.#done = Promise.all([this.#ask(port, ask), this.#ask(port, ask)]);
  }

  async #ask(port: number, ask: Ask): Promise<void> {
    const connection = await Connection.open(port);
    while (this.#running) {
      const asked = performance.now();
      await askFor(connection, [200], ask);
      this.#times.push(performance.now() - asked);
      await Bun.sleep(1);
    }
    connection.close();
  }

  /** @returns the latencies in ms, sorted. */
  async stop(): Promise<number[]> {
    this.#running = false;
    await this.#done;
    return this.#times.sort((a, b) => a - b);
  }
}
