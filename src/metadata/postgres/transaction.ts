// One attempt of a transaction on one connection: questions are sent as they are asked, and answered in order.

import type { Outbox } from "../rows/outbox.ts";
import type { Answer, Tx, Waiting } from "../rows/rows.ts";
import { type Command, type Statement, temporaryTables } from "../rows/statement.ts";
import type { Line, Rowset } from "./line.ts";
import { type Rendered, render, temporaryText } from "./target.ts";

/** An answer on its way. */
class Pending<T> implements Answer<T>, Waiting {
  readonly settled: Promise<void>;
  #answer: { readonly value: T } | null = null;
  #isAsked = false;

  constructor(sent: Promise<T>) {
    this.settled = sent.then(
      (value) => {
        this.#answer = { value };
      },
      // It was noted where it was sent.
      () => undefined,
    );
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Waiting, T> {
    if (this.#answer !== null) return { done: true, value: this.#answer.value };
    if (this.#isAsked) throw new Error("a body was resumed before its answer came");
    this.#isAsked = true;
    return { done: false, value: this };
  }
}

export class PostgresTx implements Tx {
  readonly outbox: Outbox;
  readonly #line: Line;
  readonly #sent: Promise<unknown>[] = [];
  #failure: { readonly error: unknown } | null = null;
  /** Rows by their insertions. */
  readonly #notes = new Map<Rendered, object[]>();
  #wrote = false;
  #gathers = false;

  constructor(line: Line, outbox: Outbox) {
    this.#line = line;
    this.outbox = outbox;
  }

  /** The first thing that went wrong; Postgres refuses whatever follows it. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  get wrote(): boolean {
    return this.#wrote;
  }

  get<P extends object, R>(statement: Statement<P, R>, given: P): Answer<R | undefined> {
    const { rowOf } = render(statement);
    return new Pending(
      this.#ask(statement, given).then(({ rows: [first], names }) =>
        first === undefined ? undefined : rowOf<R>(first, names),
      ),
    );
  }

  all<P extends object, R>(statement: Statement<P, R>, given: P): Answer<readonly R[]> {
    const { rowOf } = render(statement);
    return new Pending(
      this.#ask(statement, given).then(({ rows, names }) =>
        rows.map((row) => rowOf<R>(row, names)),
      ),
    );
  }

  run<P extends object>(command: Command<P>, given: P): void {
    void this.#ask(command, given);
  }

  runEach<P extends object>(command: Command<P>, rows: readonly P[]): void {
    this.#insert(render(command), rows);
  }

  note<P extends object>(command: Command<P>, row: P): void {
    const insertion = render(command);
    const rows = this.#notes.get(insertion);
    if (rows === undefined) this.#notes.set(insertion, [row]);
    else rows.push(row);
    this.#wrote = true;
  }

  /** Sends what was noted. */
  sendNotes(): void {
    for (const [insertion, rows] of this.#notes) this.#insert(insertion, rows);
    this.#notes.clear();
  }

  /** Anything that is not part of a body. It never rejects: `failure` has what went wrong. */
  say(text: string, values: readonly string[] = []): Promise<unknown> {
    return this.#note(this.#line.send(text, values)).catch(() => undefined);
  }

  /** Resolves when everything that was sent is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#sent);
  }

  #ask<P extends object>(command: Command<P>, given: P): Promise<Rowset> {
    const { text, isGathering, writes, valuesOf } = render(command);
    if (isGathering) this.#makeTables();
    this.#wrote ||= writes;
    return this.#note(this.#line.send(text, valuesOf(given)));
  }

  #insert({ many }: Rendered, rows: readonly object[]): void {
    for (let from = 0; from < rows.length; ) {
      const count = largestPower(rows.length - from);
      const { text, valuesOf } = many(count);
      this.#wrote = true;
      void this.#note(this.#line.send(text, rows.slice(from, from + count).flatMap(valuesOf)));
      from += count;
    }
  }

  /** Noted where it is sent: what is asked after it fails as well, and may be heard of earlier. */
  #note<T>(sent: Promise<T>): Promise<T> {
    this.#sent.push(
      sent.catch((error: unknown) => {
        this.#failure ??= { error };
      }),
    );
    return sent;
  }

  /** Tables of this connection, which are empty again after each transaction. A pooler may have given it to us just now. */
  #makeTables(): void {
    if (this.#gathers) return;
    this.#gathers = true;
    for (const table of temporaryTables) void this.say(temporaryText(table));
  }
}

/** Of two: few different texts serve any number of rows. */
const largestPower = (count: number): number => 2 ** Math.min(5, 31 - Math.clz32(count));
