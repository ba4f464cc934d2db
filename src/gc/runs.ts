// Remembered runs: they begin here, one at a time, and killed ones are marked as failed. gc.ts has the run itself.
import { RegistryError } from "../errors.ts";
import type { GcRefusals, GcRun, GcRunsMetadata } from "../metadata/gcRuns.ts";
import { laterId } from "../model/laterId.ts";
import type { GcRequest, GcSettings } from "./gcRun.ts";

/** Name of a lock's owner: the process, as `isAlive` knows it, and its run. */
export function ownerOfRun(process: string, id: string): string {
  return `${process}/${id}`;
}

function runOfOwner(owner: string): string {
  return owner.slice(owner.lastIndexOf("/") + 1);
}

/** The process in the name of a lock's owner. */
export function processOfOwner(owner: string): string {
  return owner.slice(0, Math.max(owner.lastIndexOf("/"), 0));
}

/** Runs of this process, known without looking at the lock: ids, or null. */
export interface KnownRuns {
  /** This process works on it. */
  readonly alive: string | null;
  /** This process worked on it: what its lock says does not count any more. */
  readonly over: string | null;
}

/** The ports and functions that remembering runs needs. */
export interface RunsDeps {
  readonly runs: GcRunsMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  /** False only when the process of that name has certainly ended. */
  readonly isAlive: (process: string) => boolean;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** How often a run gives a sign of life; ms. */
const renewEveryMs = 5_000;

/** Signs of life of a run, from its beginning to its end, wherever its work waits. @returns what ends them. */
export function giveSigns(runs: Pick<GcRunsMetadata, "renewRun">, id: string): () => void {
  // Whether it can be written shows at its end.
  const timer = setInterval(() => void runs.renewRun(id).catch(() => {}), renewEveryMs);
  return () => clearInterval(timer);
}

/** The id of a run that begins now. */
export async function nextRunId({ runs, newId }: Pick<RunsDeps, "runs" | "newId">) {
  const [latest] = await runs.listRuns({ after: null, limit: 1 });
  return laterId(latest?.id ?? null, newId());
}

/** Marks abandoned runs as failed. @returns the run that holds the lock, or null. */
export async function tidyRuns(
  { runs, clock, isAlive }: Pick<RunsDeps, "runs" | "clock" | "isAlive">,
  { alive, over }: KnownRuns,
): Promise<string | null> {
  const { running, holder } = await runs.findActive(clock());
  const last = holder === null ? null : runOfOwner(holder);
  const isHeld = holder !== null && isAlive(processOfOwner(holder)) && last !== over;
  const held = isHeld ? last : null;
  const lost = running.filter((id) => id !== alive && id !== held);
  const ended = [over, isHeld ? null : last].filter((id) => id !== null);
  if (lost.length > 0) await runs.breakOffRuns(lost, ended);
  return held;
}

/**
 * Records a new run. @param over a run of this process that has ended, even if its lock is still held.
 * @throws RegistryError GC_RUNNING while another one holds the lock.
 */
async function beginGc(
  deps: RunsDeps,
  { trigger, dryRun }: Pick<GcRequest, "trigger" | "dryRun">,
  over: string | null,
): Promise<GcRun> {
  const held = await tidyRuns(deps, { alive: null, over });
  if (held !== null) throw new RegistryError("GC_RUNNING");
  const id = await nextRunId(deps);
  return deps.runs.beginRun({ id, trigger, dryRun, startedAt: deps.clock() });
}

/** The settings of every run of a server. */
export interface ServerGcSettings extends GcSettings {
  /** Scheduled runs delete nothing. */
  readonly dryRun: boolean;
  /** How old manifests without a tag are deleted by a run that is asked to and told no age, in ms. */
  readonly untaggedUsuallyMs: number;
}

/** What a requested run differs in from those of the schedule. */
export interface AskedRun {
  readonly dryRun: boolean;
  /** null: as it is set. */
  readonly minAgeMs?: number | null;
  /** null: as it is set; `usual`: at the age that is set, whether or not every run does it. */
  readonly untaggedOlderThanMs?: number | "usual" | null;
}

/** The options of a server's runs. */
export interface GcRunsOptions extends RunsDeps {
  readonly settings: ServerGcSettings;
  /** Hands a run to the worker. */
  readonly order: (request: GcRequest) => void;
}

/** A page of runs, the latest first: those before `after`. */
export interface RunsPage {
  readonly after: string | null;
  readonly limit: number;
}

/** The runs of a server, which its maintenance worker does. One per server. */
export class GcRuns {
  readonly #options: GcRunsOptions;
  /** Id of the run that this server works on; "" while it begins. */
  #running: string | null = null;
  /** Id of the latest run that is over. Its lock may be there still, if its worker died. */
  #over: string | null = null;
  #endSigns: () => void = () => {};

  constructor(options: GcRunsOptions) {
    this.#options = options;
  }

  /** True while a run of this server is going on. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Begins a requested run. @throws RegistryError GC_RUNNING */
  async request({
    dryRun,
    minAgeMs = null,
    untaggedOlderThanMs: age = null,
  }: AskedRun): Promise<GcRun> {
    const { untaggedUsuallyMs } = this.#options.settings;
    // The brake is for unattended runs.
    return this.#begin({
      ...{ trigger: "api", brakeShare: 0, dryRun },
      ...(minAgeMs !== null && { minAgeMs }),
      ...(age !== null && { untaggedOlderThanMs: age === "usual" ? untaggedUsuallyMs : age }),
    });
  }

  /** Begins a scheduled run. @returns null while another one is running: it does the same. */
  async runScheduled(): Promise<GcRun | null> {
    try {
      return await this.#begin({ trigger: "schedule" });
    } catch (error) {
      if (error instanceof RegistryError && error.situation === "GC_RUNNING") return null;
      throw error;
    }
  }

  /** The ordered run has ended, or its worker was lost. */
  async ended(): Promise<void> {
    this.#endSigns();
    const over = this.#running;
    this.#over = over;
    this.#running = null;
    // Another one may be beginning already.
    if (over !== null) await this.#options.runs.breakOffRuns([over], [over]);
  }

  /** Marks killed runs as failed. */
  async tidy(): Promise<void> {
    // The one that begins has a row, and no name yet.
    if (this.#running === "") return;
    await tidyRuns(this.#options, { alive: this.#running, over: this.#over });
  }

  /** When the latest successful run ended, Unix ms; null when there was none. */
  lastSuccess(): Promise<number | null> {
    return this.#options.runs.lastSuccess();
  }

  /** Since when scheduled runs are refused, and why; null while they are not. */
  findRefusals(): Promise<GcRefusals | null> {
    return this.#options.runs.findRefusals();
  }

  /** When the latest run began that did the same as scheduled ones, not after `now`; Unix ms. Before the first one: when the store was made. */
  lastBeginning(now: number): Promise<number | null> {
    const { runs, settings } = this.#options;
    return runs.lastBeginning({ now, dry: settings.dryRun });
  }

  /** @throws RegistryError GC_RUN_UNKNOWN */
  async find(id: string): Promise<GcRun> {
    const run = await this.#options.runs.findRun(id);
    if (run === null) throw new RegistryError("GC_RUN_UNKNOWN");
    return run;
  }

  /** `more` is true when others follow. */
  async list({ after, limit }: RunsPage): Promise<{
    readonly runs: readonly GcRun[];
    readonly more: boolean;
  }> {
    const found = await this.#options.runs.listRuns({ after, limit: limit + 1 });
    return { runs: found.slice(0, limit), more: found.length > limit };
  }

  async #begin(asked: Pick<GcRequest, "trigger"> & Partial<GcRequest>): Promise<GcRun> {
    if (this.#running !== null) throw new RegistryError("GC_RUNNING");
    this.#running = "";
    const { settings, order } = this.#options;
    const request = { ...settings, ...asked };
    try {
      const run = await beginGc(this.#options, request, this.#over);
      this.#running = run.id;
      this.#endSigns = giveSigns(this.#options.runs, run.id);
      order({ ...request, id: run.id });
      return run;
    } catch (error) {
      this.#endSigns();
      this.#running = null;
      throw error;
    }
  }
}
