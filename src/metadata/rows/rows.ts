// What the bodies of transactions are written in, and what runs them. A body checks, decides and changes, once for every database;
// it does nothing but ask and change rows, so it may run again.
import type { ClaimLease } from "./claims.ts";
import type { Outbox } from "./outbox.ts";
import type { Command, Statement } from "./statement.ts";

/** What a body waits for. Only those who run bodies look into it. */
export interface Waiting {
  readonly settled: Promise<void>;
}

/** An answer that may have to be waited for: `const row = yield* tx.get(...)`. */
export interface Answer<T> {
  [Symbol.iterator](): Iterator<Waiting, T, void>;
}

/** The body of a transaction, or a part of one. */
export type Body<T> = Generator<Waiting, T, void>;

/** One attempt of a transaction. What is asked and changed happens in the order of the calls. */
export interface Tx {
  /** Who is told of what it changes. */
  readonly outbox: Pick<Outbox, "subscribers" | "newId">;
  /** The first row. */
  get<P extends object, R>(statement: Statement<P, R>, given: P): Answer<R | undefined>;
  all<P extends object, R>(statement: Statement<P, R>, given: P): Answer<readonly R[]>;
  /** A change whose rows are not needed. */
  run<P extends object>(command: Command<P>, given: P): void;
  /** The same insertion of several rows, none of which names another one of them. */
  runEach<P extends object>(command: Command<P>, rows: readonly P[]): void;
  /** An insertion that no later statement of the transaction has to see: it may be made at its end, together with others. */
  note<P extends object>(command: Command<P>, row: P): void;
}

/** Rows of some statements, kept in memory for as long as nobody writes anything. What is absent is asked for each time. */
export interface Cache<R> {
  find<P extends object>(key: string, statement: Statement<P, R>, given: P): Promise<R | null>;
  /** To `find` what `Rows.findSettled` is to `Rows.find`. */
  findSettled<P extends object>(
    key: string,
    statement: Statement<P, R>,
    given: P,
  ): Promise<R | null>;
  /** The row if it is in memory. */
  peek(key: string): R | undefined;
}

/** A row that every request asks for. */
export interface Recent<R> {
  /** The row as it is; where replicas share a database, as it was no longer than half a second before the call. */
  get(): R | null | Promise<R | null>;
  /** The row as it is. */
  latest(): Promise<R | null>;
  /** Somebody of this process may have changed it: from now on `get` sees that. */
  forget(): void;
}

/**
 * Transactions that change neighbouring rows again and again. A body with a lane writes nothing if it refuses, since the others are
 * committed.
 */
export interface Lane {
  readonly name: string;
  /**
   * Bodies of the lane without a common key change nothing that the other asks before its first change: they may all ask before any of them
   * changes anything. null: the body has something in common with every other one.
   */
  readonly keys: readonly string[] | null;
}

/** Runs statements and bodies on one database. All of it throws RegistryError READ_ONLY, BUSY and DISK_FULL. */
export interface Rows {
  /** The webhooks of this process. */
  readonly outbox: Outbox;
  /** How claims end whose owners are gone. */
  readonly claimLease: ClaimLease;
  /** How many rows of content a collection looks at in one transaction. */
  readonly windowRows: number;
  /** The first row. */
  find<P extends object, R>(statement: Statement<P, R>, given: P): Promise<R | null>;
  /** As `find`, for what a client is promised: resolves when everything that was read is durable. */
  findSettled<P extends object, R>(statement: Statement<P, R>, given: P): Promise<R | null>;
  list<P extends object, R>(statement: Statement<P, R>, given: P): Promise<readonly R[]>;
  /** @param sizeOf bytes that a row holds on to. */
  cache<R>(sizeOf: (row: R) => number): Cache<R>;
  /** The one row that a statement finds. */
  recent<R>(statement: Statement<object, R>): Recent<R>;
  /** Several questions, answered of one moment. */
  read<T>(body: (tx: Tx) => Body<T>): Promise<T>;
  /** To `read` what `findSettled` is to `find`. */
  readSettled<T>(body: (tx: Tx) => Body<T>): Promise<T>;
  /** One change that gives its row back: durable if it does. */
  change<P extends object, R>(statement: Statement<P, R>, given: P): Promise<R | null>;
  /** As `change`, but it may be lost with the power. */
  changeLazily<P extends object, R>(statement: Statement<P, R>, given: P): Promise<R | null>;
  /** One change, durable. */
  run<P extends object>(command: Command<P>, given: P): Promise<void>;
  /** One change that may be lost with the power. */
  runLazily<P extends object>(command: Command<P>, given: P): Promise<void>;
  /** One change that a client hears of: it may be lost with the power of this machine, not with that of a database elsewhere. */
  runAnswered<P extends object>(command: Command<P>, given: P): Promise<void>;
  /**
   * One transaction; resolves when it is durable.
   * @param changed false for an outcome that wrote nothing: then there is nothing to wait for.
   * @param lane where transactions run side by side, those of a lane follow each other, and those that wait share one.
   */
  write<T>(body: (tx: Tx) => Body<T>, changed?: (outcome: T) => boolean, lane?: Lane): Promise<T>;
  /** As `write`; an outcome that wrote nothing may tell of what others have just written: that is durable by then as well. */
  writeSettled<T>(
    body: (tx: Tx) => Body<T>,
    changed: (outcome: T) => boolean,
    lane?: Lane,
  ): Promise<T>;
  /** One transaction that is visible at once but may be lost with the power. */
  writeLazily<T>(body: (tx: Tx) => Body<T>): Promise<T>;
  /** @throws RegistryError READ_ONLY when nothing can be written any more. */
  assertWritable(): void;
}
