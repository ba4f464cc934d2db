// Runs statements and bodies on Postgres. Writing transactions are serializable: what is right with SQLite's one writer is right here,
// and an attempt that others got in the way of is repeated.
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { KeptRows } from "../rows/keptRows.ts";
import { Outbox } from "../rows/outbox.ts";
import type { Body, Cache, Lane, Rows, Tx } from "../rows/rows.ts";
import type { Command, Statement } from "../rows/statement.ts";
import { Freshness } from "./freshness.ts";
import { Lanes } from "./lanes.ts";
import { Line, type LineOptions } from "./line.ts";
import { Pool, Readers } from "./pool.ts";
import { RecentRow } from "./recentRow.ts";
import { render } from "./target.ts";
import { PostgresTx } from "./transaction.ts";
import { isCommitted, type Trouble, translate, troubleOf } from "./troubles.ts";

/** What running statements needs. */
export interface PostgresOptions extends LineOptions {
  /** Most connections at a time. */
  readonly connections: number;
  /** How long a claim lasts without a sign of life, in ms. */
  readonly claimMs: number;
  /** How long an attempt that others got in the way of, or that lost its connection, is repeated, in ms. */
  readonly patienceMs: number;
  /** Trips when the storage can write no longer. */
  readonly latch: WriteLatch;
  readonly newId: () => string;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Rows over connections of their own. */
export interface PostgresRows extends Rows {
  close(): Promise<void>;
}

/** What became of an attempt. */
type Attempt<T> =
  | { readonly kind: "committed"; readonly outcome: T }
  | { readonly kind: "failed"; readonly error: unknown }
  /** COMMIT was sent, and its answer never came. */
  | { readonly kind: "unknown"; readonly outcome: T; readonly error: unknown };

/** A transaction that may have to be attempted again. */
interface Transaction<T> {
  readonly body: (tx: Tx) => Body<T>;
  readonly begin: string;
  /** The row of `commits` that it writes, if it writes anything; null for what only reads. */
  readonly token: string | null;
}

const fewTries = 4;
const reading = "begin isolation level repeatable read";
const writing = "begin isolation level serializable";
const writingLazily = `${writing}; set local synchronous_commit to off`;

/** What a transaction leaves, so that one whose answer was lost is not done twice. Rows older than that are of no use. */
const noteCommit =
  "insert into commits (token, at) values ($1, cast(extract(epoch from clock_timestamp()) * 1000 as bigint))";
const forgetCommits =
  "delete from commits where at < cast(extract(epoch from clock_timestamp()) * 1000 as bigint) - 3600000";
/** Once in so many writing transactions they are forgotten. */
const forgetEvery = 1_000;

export function postgresRows(options: PostgresOptions): PostgresRows {
  const { latch, newId } = options;
  const outbox = new Outbox(newId);
  const transactions = new Transactions({ ...options, outbox });
  const write = <T>(begin: string, body: (tx: Tx) => Body<T>): Promise<T> => {
    latch.assertWritable();
    return transactions.run({ body, begin, token: newId() });
  };
  const lanes = new Lanes((body) => write(writing, body));
  const writeIn = <T>(lane: Lane | undefined, body: (tx: Tx) => Body<T>): Promise<T> =>
    lane === undefined ? write(writing, body) : lanes.write(lane, body);
  const changing = <P extends object, R>(statement: Statement<P, R>, given: P) =>
    function* (tx: Tx): Body<R | null> {
      return (yield* tx.get(statement, given)) ?? null;
    };
  const running = <P extends object>(command: Command<P>, given: P) =>
    // biome-ignore lint/correctness/useYield: it waits for nothing.
    function* (tx: Tx): Body<void> {
      tx.run(command, given);
    };
  const list: Rows["list"] = (statement, given) => transactions.list(statement, given);
  const find: Rows["find"] = async (statement, given) =>
    (await transactions.list(statement, given))[0] ?? null;
  const read: Rows["read"] = (body) => transactions.run({ body, begin: reading, token: null });
  return {
    outbox,
    claimLease: options.claimMs,
    // Half a second; each window costs the start of its workers.
    windowRows: 50_000,
    find,
    // What others can see has reached the disk of the database.
    findSettled: find,
    list,
    cache: <R>(sizeOf: (row: R) => number): Cache<R> => {
      const kept = new KeptRows(sizeOf);
      const findKept: Cache<R>["find"] = async (key, statement, given) => {
        const version = await transactions.version();
        const known = version === null ? undefined : kept.get(version, key);
        if (known !== undefined) return known;
        const row = await find(statement, given);
        if (row !== null && version !== null) kept.keep(version, key, row);
        return row;
      };
      return {
        find: findKept,
        findSettled: findKept,
        // Only the database knows whether a replica has written.
        peek: () => undefined,
      };
    },
    recent: (statement) =>
      new RecentRow(
        () => find(statement, {}),
        () => performance.now(),
      ),
    read,
    readSettled: read,
    change: async (statement, given) => write(writing, changing(statement, given)),
    changeLazily: async (statement, given) => write(writingLazily, changing(statement, given)),
    run: async (command, given) => write(writing, running(command, given)),
    runLazily: async (command, given) => write(writingLazily, running(command, given)),
    runAnswered: async (command, given) => write(writing, running(command, given)),
    write: async (body, _changed, lane) => writeIn(lane, body),
    writeSettled: async (body, _changed, lane) => writeIn(lane, body),
    writeLazily: async (body) => write(writingLazily, body),
    assertWritable: () => latch.assertWritable(),
    close: () => transactions.close(),
  };
}

class Transactions {
  readonly #options: PostgresOptions & { readonly outbox: Outbox };
  readonly #pool: Pool;
  readonly #readers: Readers;
  /** Ends when the last of those has ended that others got in the way of again and again. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #freshness: Freshness;
  #written = 0;

  constructor(options: PostgresOptions & { readonly outbox: Outbox }) {
    this.#options = options;
    const open = () => Line.open(options);
    const readers = Math.max(1, Math.min(4, options.connections >> 2));
    this.#pool = new Pool(Math.max(1, options.connections - readers), open);
    this.#readers = new Readers(readers, open);
    this.#freshness = new Freshness(
      async (text, values) => (await this.#readers.send(text, values)).rows[0]?.[0],
    );
  }

  /** One statement that only reads. */
  async list<P extends object, R>(statement: Statement<P, R>, given: P): Promise<readonly R[]> {
    const { text, valuesOf, rowOf } = render(statement);
    const values = valuesOf(given);
    return this.#again(async () => {
      const { rows, names } = await this.#readers.send(text, values);
      return rows.map((row) => rowOf<R>(row, names));
    });
  }

  /** As `Freshness`; null where it cannot be told. */
  version(): Promise<unknown> {
    return this.#freshness.version().catch(() => null);
  }

  /** Attempts it until its outcome is known. */
  async run<T>(transaction: Transaction<T>): Promise<T> {
    let doubt: { readonly outcome: T } | null = null;
    let tries = 0;
    const attempt = (): Promise<Attempt<T>> => this.#attempt(transaction, doubt !== null);
    return this.#again(async () => {
      tries += 1;
      // What others got in the way of again and again follows the others of that kind.
      const result = tries < fewTries ? await attempt() : await this.#afterOthers(attempt);
      if (result.kind === "committed") return result.outcome;
      // An attempt that got as far as COMMIT has proved that those before it had failed.
      if (result.kind === "unknown" && transaction.token !== null) doubt = result;
      if (doubt !== null && isCommitted(result.error)) return doubt.outcome;
      throw result.error;
    });
  }

  #afterOthers<T>(attempt: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(attempt);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #again<T>(ask: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#options.patienceMs;
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === null || performance.now() > until) throw translate(error);
        await Bun.sleep(this.#options.random() * longestPause(trouble, tries));
      }
    }
  }

  async #attempt<T>(transaction: Transaction<T>, isDoubted: boolean): Promise<Attempt<T>> {
    let line: Line;
    try {
      line = await this.#pool.take(this.#options.patienceMs);
    } catch (error) {
      return { kind: "failed", error };
    }
    const tx = new PostgresTx(line, this.#options.outbox);
    const result = await this.#transact(tx, transaction, isDoubted);
    this.#pool.give(line, result.kind === "committed" || troubleOf(result.error) !== "line");
    if (result.kind === "committed" && tx.wrote) this.#tidy();
    return result;
  }

  async #transact<T>(
    tx: PostgresTx,
    { body, begin, token }: Transaction<T>,
    isDoubted: boolean,
  ): Promise<Attempt<T>> {
    void tx.say(begin + this.#limit());
    // Who is in doubt asks first: the key is free only once the attempt before is certain to have failed.
    if (isDoubted && token !== null) await tx.say(noteCommit, [token]);
    try {
      const outcome = await follow(tx, body);
      tx.sendNotes();
      if (token === null) {
        // It has what it asked for: whoever uses the connection next is sent behind this.
        void tx.say("commit");
        return { kind: "committed", outcome };
      }
      if (!isDoubted && tx.wrote) void tx.say(noteCommit, [token]);
      return await commit(tx, outcome);
    } catch (error) {
      await tx.say("rollback");
      return { kind: "failed", error: tx.failure?.error ?? error };
    }
  }

  /** Behind a pooler a session has no settings of its own. */
  #limit(): string {
    const { pooled, statementTimeoutMs } = this.#options;
    return pooled ? `; set local statement_timeout = ${statementTimeoutMs}` : "";
  }

  #tidy(): void {
    this.#written += 1;
    if (this.#written % forgetEvery !== 1) return;
    // Not a transaction of ours: it asks nothing that others write.
    this.#readers.send(forgetCommits, []).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#pool.close();
    await this.#readers.close();
  }
}

/** Runs a body to its end. @throws what went wrong first. */
async function follow<T>(tx: PostgresTx, body: (tx: Tx) => Body<T>): Promise<T> {
  const steps = body(tx);
  for (;;) {
    if (tx.failure !== null) throw tx.failure.error;
    const step = steps.next();
    if (step.done === true) return step.value;
    await step.value.settled;
  }
}

/** Postgres answers COMMIT without an error where a statement before has failed: it has rolled back then. */
async function commit<T>(tx: PostgresTx, outcome: T): Promise<Attempt<T>> {
  void tx.say("commit");
  await tx.settled();
  if (tx.failure === null) return { kind: "committed", outcome };
  const { error } = tx.failure;
  return troubleOf(error) === "line"
    ? { kind: "unknown", outcome, error }
    : { kind: "failed", error };
}

/** ms. */
function longestPause(trouble: Trouble, tries: number): number {
  return trouble === "line" ? Math.min(1_000, 20 * 2 ** tries) : Math.min(50, 2 ** tries);
}
