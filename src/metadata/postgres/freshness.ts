// Whether anything was written since rows were read: two equal snapshots see exactly the same rows ("pg_current_snapshot()", PostgreSQL
// documentation, 9.27.10). Replicas write as well, so the database is asked; many requests share a question.

/**
 * Which rows are seen at the moment, and by which run of which server: after a failover the numbers count on from elsewhere. With a value,
 * which is empty, it is prepared once and costs half as much.
 */
const snapshot =
  "select pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text || $1::text";
const nothing = [""];

/** Asks for versions, one question at a time. */
export class Freshness {
  readonly #ask: (text: string, values: readonly string[]) => Promise<unknown>;
  /** The question that will be sent next, for all who need an answer from now on. */
  #next: Promise<unknown> | null = null;
  #sent: Promise<unknown> = Promise.resolve();

  /** @param ask the first value that a statement finds. */
  constructor(ask: (text: string, values: readonly string[]) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** A version of the database that it had after the call: whoever was answered before the call is seen. */
  version(): Promise<unknown> {
    this.#next ??= this.#following();
    return this.#next;
  }

  async #following(): Promise<unknown> {
    await this.#sent.catch(() => undefined);
    // All requests of this turn of the event loop have called by then.
    await new Promise((resolve) => setImmediate(resolve));
    this.#next = null;
    const sent = this.#ask(snapshot, nothing);
    this.#sent = sent;
    return sent;
  }
}
