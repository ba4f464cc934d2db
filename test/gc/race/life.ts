// The processes of a race's registry: killed now and then, and started again on the same data and port.

import { type RunningRegistry, startBreadbox } from "../../support/binary.ts";
import { answers200, waitFor } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";

/** How long a client waits for a registry to be back; ms. */
const patienceMs = 60_000;
/** Longest time between two kills, and that a killed one stays away; ms. */
const [longestPauseMs, longestAbsenceMs] = [10_000, 2_000];

/** One registry, whichever of its processes are alive. */
export class Life {
  readonly url: string;
  readonly data: string;
  kills = 0;
  readonly #scope: Scope;
  readonly #whole: RunningRegistry;
  readonly #members: RunningRegistry[];

  constructor(scope: Scope, registry: RunningRegistry) {
    this.url = registry.url;
    this.data = registry.data;
    this.#scope = scope;
    this.#whole = registry;
    this.#members = [...(registry.members ?? [registry])];
  }

  /** Of the processes that serve now. */
  get pids(): readonly number[] {
    return this.#members.map(({ pid }) => pid);
  }

  /** Resolves when a request would be served. @throws Error when that takes too long. */
  async whenBack(): Promise<void> {
    const url = `${this.url}/readyz`;
    await waitFor(url, () => answers200(url), { timeoutMs: patienceMs, everyMs: 50 });
  }

  /** Kills one of the processes, and starts it again. @param random in [0, 1). */
  async kill(random: () => number): Promise<void> {
    const at = Math.floor(random() * this.#members.length);
    const member = this.#members[at];
    if (member === undefined) return;
    await member.kill9();
    this.kills += 1;
    // Half of the time at once, as an init system does.
    if (random() < 0.5) await Bun.sleep(random() * longestAbsenceMs);
    const { data, port, env } = member;
    this.#members[at] = await startBreadbox(this.#scope, { data, port, env });
  }

  /** Kills until `isOver`. */
  async killUntil(random: () => number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const until = performance.now() + random() * longestPauseMs;
      while (!isOver() && performance.now() < until) await Bun.sleep(100);
      if (!isOver()) await this.kill(random);
    }
  }

  async stop(): Promise<void> {
    for (const member of this.#members) await member.stop();
    await this.#whole.stop();
  }
}
