// The server of the stress run: killed and started again on the same data, while requests wait for it and are sent again.
import { type RunningRegistry, startBreadbox } from "../../support/binary.ts";
import { type Answer, type Ask, Connection } from "../../support/connection.ts";
import { freePort } from "../../support/processes.ts";
import { Scope } from "../../support/scope.ts";

/** Nothing is kept for its age; no collection but those that are asked for; the sweep has nothing to do with what is open. */
const env = {
  BREADBOX_GC_MIN_AGE: "0",
  BREADBOX_GC_ENABLED: "false",
  BREADBOX_LOG_LEVEL: "warn",
};
/** What is not answered by then never will be. */
const patienceMs = 600_000;
/** How long an upload may be said to be completed by a server that is dead. */
const claimPatienceMs = 120_000;

/** What happened to the server. */
export interface ServerFigures {
  kills: number;
  /** Requests that were under way when the server was killed. */
  brokenRequests: number;
  slowestStartMs: number;
  /** Bytes. */
  peakRss: number;
  /** Above what a server had when it was ready, bytes. */
  peakRssAboveIdle: number;
}

/** Runs until it is stopped. */
export class StressServer {
  readonly figures: ServerFigures = {
    kills: 0,
    brokenRequests: 0,
    slowestStartMs: 0,
    peakRss: 0,
    peakRssAboveIdle: 0,
  };
  readonly data: string;
  readonly #port = freePort();
  #scope = new Scope();
  #running: Promise<RunningRegistry>;
  #idleRss = 0;
  #killing = false;

  constructor(data: string) {
    this.data = data;
    this.#running = this.#start();
  }

  async #start(): Promise<RunningRegistry> {
    const started = performance.now();
    const options = { data: this.data, port: this.#port, pollMs: 5, env };
    const registry = await startBreadbox(this.#scope, options);
    this.figures.slowestStartMs = Math.max(
      this.figures.slowestStartMs,
      performance.now() - started,
    );
    this.#idleRss = registry.rssBytes();
    registry.resetPeakRss();
    return registry;
  }

  /** When it answers. */
  async ready(): Promise<void> {
    await this.#running;
  }

  /** SIGKILL, and a new start on what is left. One at a time: does nothing when it is being killed already. */
  async kill(): Promise<void> {
    if (this.#killing) return;
    this.#killing = true;
    try {
      const registry = await this.#running;
      this.#notePeak(registry);
      this.figures.kills += 1;
      const again = registry.kill9().then(async () => {
        await this.#scope.close();
        this.#scope = new Scope();
        return this.#start();
      });
      this.#running = again;
      await again;
    } finally {
      this.#killing = false;
    }
  }

  async stop(): Promise<void> {
    const registry = await this.#running;
    this.#notePeak(registry);
    await registry.stop(60_000);
    await this.#scope.close();
  }

  #notePeak(registry: RunningRegistry): void {
    const peak = registry.peakRssBytes();
    this.figures.peakRss = Math.max(this.figures.peakRss, peak);
    this.figures.peakRssAboveIdle = Math.max(this.figures.peakRssAboveIdle, peak - this.#idleRss);
  }

  /** Asks once, on a connection of its own. @returns null when the server was killed meanwhile. */
  async tryAsk(ask: Ask): Promise<Answer | null> {
    await this.#running;
    const kills = this.figures.kills;
    try {
      const connection = await Connection.open(this.#port);
      try {
        return await withinPatience(ask, connection.ask(ask));
      } finally {
        connection.close();
      }
    } catch (failure) {
      // Nobody but a kill may break a connection.
      if (kills === this.figures.kills && !this.#killing) throw failure;
      this.figures.brokenRequests += 1;
      return null;
    }
  }

  /**
   * Asks until there is an answer. @param ask made anew for each attempt; told whether an earlier one may have been carried out.
   * @throws Error when the answer is none of `statuses`; those of `late` are good answers to what may have been carried out before.
   */
  async ask(
    ask: () => Ask,
    {
      statuses,
      late = [],
    }: { readonly statuses: readonly number[]; readonly late?: readonly number[] },
  ): Promise<Answer> {
    const deadline = performance.now() + claimPatienceMs;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.tryAsk(ask());
      if (answer === null) continue;
      const good = attempt === 0 ? statuses : [...statuses, ...late];
      if (good.includes(answer.status)) return answer;
      if (!isClaimed(answer) || performance.now() > deadline) {
        const { method, path } = ask();
        throw new Error(`${method} ${path}: ${answer.status} ${answer.excerpt}`);
      }
      await Bun.sleep(100);
    }
  }
}

/** True when somebody completes the upload: the request before this one, whose server was killed. */
const isClaimed = ({ status, excerpt }: Answer): boolean =>
  status === 409 && excerpt.includes("being completed");

async function withinPatience(ask: Ask, answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${ask.method} ${ask.path}: no answer after ${patienceMs} ms`)),
    patienceMs,
  );
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
