// Remembered checks of a server: one at a time is begun on request, and killed ones are marked as failed. recorded.ts has the check itself.
import { RegistryError } from "../errors.ts";
import type { CheckRun, CheckSummary, ChecksMetadata } from "../metadata/checks.ts";
import { nextCheckId } from "./checkId.ts";
import { openFindings, standingProblems } from "./standing.ts";

/** A check that the maintenance worker is to do. */
export interface CheckOrder {
  /** UUIDv7. */
  readonly id: string;
  /** Reads every byte. */
  readonly full: boolean;
}

/** The options of a server's checks. */
export interface ChecksOptions {
  readonly checks: ChecksMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
  /** This process, as `isAlive` knows it. */
  readonly owner: string;
  /** False only when the process of that name has certainly ended. */
  readonly isAlive: (process: string) => boolean;
  /** Hands a check to the worker. */
  readonly order: (order: CheckOrder) => void;
}

/** One check on request at a time, and a few commands. */
const mostCurrent = 20;
const wasKilled = "its process ended before it did";

/** One per server. */
export class Checks {
  readonly #options: ChecksOptions;
  /** Ids of checks that this server works on. */
  readonly #ours = new Set<string>();

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /** Begins a check that changes nothing. @throws RegistryError CHECK_RUNNING while another one runs, whoever began it. */
  async request({ full }: Pick<CheckOrder, "full">): Promise<CheckRun> {
    const { checks, clock, newId, owner, order } = this.#options;
    await this.tidy();
    const id = await nextCheckId(checks, newId);
    const beginning = { id, full, kind: "fsck", trigger: "api", repair: false } as const;
    const rule = { owner, alone: true };
    this.#ours.add(id);
    try {
      const other = await checks.beginCheck({ ...beginning, startedAt: clock() }, rule);
      if (other !== null) throw new RegistryError("CHECK_RUNNING");
    } catch (error) {
      this.#ours.delete(id);
      throw error;
    }
    order({ id, full });
    return this.find(id);
  }

  /** What was ordered has ended. @param reason why, for checks without an end of their own. */
  async ended(reason: string): Promise<void> {
    const ended = [...this.#ours];
    this.#ours.clear();
    for (const id of ended) await this.#options.checks.breakOffCheck(id, reason);
  }

  /** Marks checks of processes that have certainly ended as failed. */
  async tidy(): Promise<void> {
    const { checks, isAlive, owner: self } = this.#options;
    for (const { id, owner } of await checks.listRunning()) {
      // A server has the number of the one before it in many a container.
      if (owner === self ? this.#ours.has(id) : isAlive(owner)) continue;
      await checks.breakOffCheck(id, wasKilled);
    }
  }

  /** @throws RegistryError CHECK_UNKNOWN */
  async find(id: string): Promise<CheckRun> {
    const run = await this.#options.checks.findCheck(id);
    if (run === null) throw new RegistryError("CHECK_UNKNOWN");
    return run;
  }

  /** A page, the latest first: those before `after`. `more` is true when others follow. */
  async list({ after, limit }: { readonly after: string | null; readonly limit: number }): Promise<{
    readonly checks: readonly CheckSummary[];
    readonly more: boolean;
  }> {
    const found = await this.#options.checks.listChecks({ after, limit: limit + 1 });
    return { checks: found.slice(0, limit), more: found.length > limit };
  }

  /** The latest checks, the latest first: those that run and the last result are among them. */
  async listCurrent(): Promise<readonly CheckSummary[]> {
    const { checks } = this.#options;
    const [newest, latest] = await Promise.all([
      checks.listChecks({ after: null, limit: mostCurrent }),
      // A pass of the scrub may last for a week.
      checks.listLatest(),
    ]);
    const known = new Set(newest.map(({ id }) => id));
    return [...newest, ...latest.filter(({ id }) => !known.has(id))];
  }

  /** The latest check whose problems nothing has shown to be over; null for none. */
  async findStanding(): Promise<CheckSummary | null> {
    return standingProblems(await this.#options.checks.listLatest());
  }

  /** How many findings of that check have to be cared for. */
  async countStanding(): Promise<number> {
    const check = await this.findStanding();
    return check === null ? 0 : openFindings(check);
  }
}
