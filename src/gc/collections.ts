// The server's side of the garbage collection: begins runs, one at a time, and knows which one is going on. The worker does them.
import { RegistryError } from "../errors.ts";
import type { GcRefusals, GcRun } from "../metadata/gcRuns.ts";
import type { GcRequest, GcSettings } from "./gcRun.ts";
import { beginGc, type RunsDeps, tidyRuns } from "./runs.ts";

/** What every run of this server has in common. */
export interface CollectionSettings extends GcSettings {
  /** Runs by schedule delete nothing. */
  readonly dryRun: boolean;
}

/** What the server's side works with. */
export interface CollectionsOptions extends RunsDeps {
  readonly settings: CollectionSettings;
  /** Hands a run to the worker. */
  readonly order: (request: GcRequest) => void;
}

/** A page of runs, the latest first: those before `after`. */
export interface RunsPage {
  readonly after: string | null;
  readonly limit: number;
}

/** One per server. */
export class Collections {
  readonly #options: CollectionsOptions;
  /** Id of the run that this server works on; "" while it begins. */
  #running: string | null = null;
  /** Id of the latest run that is over. Its lock may be there still, if its worker died. */
  #over: string | null = null;

  constructor(options: CollectionsOptions) {
    this.#options = options;
  }

  /** True while a run of this server is going on. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Begins a run that somebody asked for. @throws RegistryError GC_RUNNING */
  async request(asked: Pick<GcRequest, "dryRun"> & Partial<GcSettings>): Promise<GcRun> {
    // What somebody asks for is done: the brake is for runs that nobody looks at.
    return this.#begin({ trigger: "api", brakeShare: 0, ...asked });
  }

  /** Begins a run by schedule. @returns null when one is going on already: it does the same. */
  async runScheduled(): Promise<GcRun | null> {
    try {
      return await this.#begin({ trigger: "schedule" });
    } catch (error) {
      if (error instanceof RegistryError && error.situation === "GC_RUNNING") return null;
      throw error;
    }
  }

  /** The run that was ordered is over, or the worker that did it is gone. */
  async ended(): Promise<void> {
    this.#over = this.#running;
    this.#running = null;
    await tidyRuns(this.#options, { alive: null, over: this.#over });
  }

  /** Runs that were killed are said to have failed. */
  async tidy(): Promise<void> {
    await tidyRuns(this.#options, { alive: this.#running, over: this.#over });
  }

  /** When the latest run that deleted what it found ended, Unix ms; null when none did. */
  lastSuccess(): Promise<number | null> {
    return this.#options.runs.lastSuccess();
  }

  /** Since when runs by schedule are refused, and why; null while they are not. */
  findRefusals(): Promise<GcRefusals | null> {
    return this.#options.runs.findRefusals();
  }

  /** When the latest run began that did what runs by schedule do, at `now` at the latest; Unix ms. Before any: when the store was made. */
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
      order({ ...request, id: run.id });
      return run;
    } catch (error) {
      this.#running = null;
      throw error;
    }
  }
}
