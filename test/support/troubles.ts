// What else happens on a machine while a server works: somebody sets its clock, another program locks the database.
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fakeClock } from "./fakeClock.ts";
import type { Scope } from "./scope.ts";

/** How much trouble there is. */
export interface TroublePlan {
  /** What the clock is set to: `+25h`. @param draw in [0, 1). */
  readonly offset: (draw: number) => string;
  readonly longestLockMs: number;
  /** Between two troubles. */
  readonly longestPauseMs: number;
}

/** The clock is set to some moment of the last ten minutes: a closing PUT may be repeated for a quarter of an hour. */
const longestStepS = 600;
const little: TroublePlan = {
  offset: (draw) => `-${Math.round(draw * longestStepS)}s`,
  // A server waits for a lock for two seconds before it refuses.
  longestLockMs: 150,
  longestPauseMs: 150,
};

/** Troubles by chance; the clock is set where libfaketime is installed. */
export class Troubles {
  /** What the server is started with. */
  readonly env: Readonly<Record<string, string>>;
  readonly #random: () => number;
  readonly #plan: TroublePlan;
  readonly setClock: (offset: string) => void;
  /** How often the clock was set, and the database locked. */
  readonly met = { clock: 0, lock: 0 };

  constructor(scope: Scope, random: () => number, plan: TroublePlan = little) {
    const isInstalled = Bun.which("faketime") !== null;
    const clock = isInstalled ? fakeClock(scope) : { env: {}, set: () => {} };
    this.env = clock.env;
    this.setClock = clock.set;
    this.#random = random;
    this.#plan = plan;
  }

  /** Makes trouble until it is stopped. @param data the data directory. */
  async run(data: string, stopped: AbortSignal): Promise<void> {
    const path = join(data, "breadbox.db");
    while (!stopped.aborted) {
      await Bun.sleep(this.#random() * this.#plan.longestPauseMs);
      if (this.#random() < 0.5) {
        this.setClock(this.#plan.offset(this.#random()));
        this.met.clock += 1;
      } else if (existsSync(path)) {
        await this.#lock(path);
      }
    }
  }

  async #lock(path: string): Promise<void> {
    const database = new Database(path);
    try {
      database.run("PRAGMA busy_timeout = 0");
      database.run("BEGIN IMMEDIATE");
      this.met.lock += 1;
      await Bun.sleep(this.#random() * this.#plan.longestLockMs);
      database.run("ROLLBACK");
    } catch (error) {
      // The server was writing in this moment.
      if (!(error instanceof Error && /locked|busy/i.test(error.message))) throw error;
    } finally {
      database.close();
    }
  }
}
