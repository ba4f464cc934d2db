// Runs statements and bodies on SQLite: every question is answered where it is asked, so that a transaction never spans an await.
import type { SQLQueryBindings } from "bun:sqlite";
import { fillPlaceholders, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import { Outbox } from "../rows/outbox.ts";
import type { Answer, Body, Cache, Recent, Rows, Tx, Waiting } from "../rows/rows.ts";
import {
  type Command,
  type Prepared,
  type Statement,
  type Target,
  temporaryTables,
} from "../rows/statement.ts";
import type { Connection } from "./connection.ts";
import { CommitCount, RowCache } from "./rowCache.ts";

/** An answer that is there already: `yield*` continues at once. */
class Answered<T> implements Answer<T> {
  readonly done = true;
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  [Symbol.iterator](): Iterator<Waiting, T, void> {
    return this;
  }

  next(): this {
    return this;
  }
}

/** What statements are prepared with over a client, which has the temporary tables that they use from then on. */
export function targetOver(client: Connection["client"]): Target {
  const dialect = new SQLiteSyncDialect();
  for (const table of temporaryTables) client.run(dialect.sqlToQuery(table).sql);
  return {
    builder: drizzle({ client }),
    prepare<R>(text: SQL): Prepared<R> {
      const query = dialect.sqlToQuery(text);
      const prepared = client.prepare<R, SQLQueryBindings[]>(query.sql);
      const fill = (values: object = {}): SQLQueryBindings[] =>
        fillPlaceholders(query.params, { ...values }).map(toBinding);
      return {
        get: (values) => prepared.get(...fill(values)) ?? undefined,
        all: (values) => prepared.all(...fill(values)),
        run: (values) => prepared.run(...fill(values)),
      };
    },
  };
}

/** Values of statements are texts, whole numbers and bytes. */
function toBinding(value: unknown): SQLQueryBindings {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a statement takes no ${typeof value}`);
}

/** Transactions of one connection. */
export class SqliteTx implements Tx {
  readonly target: Target;
  readonly outbox: Outbox;

  constructor(target: Target, outbox: Outbox) {
    this.target = target;
    this.outbox = outbox;
  }

  get<P extends object, R>(statement: Statement<P, R>, given: P): Answer<R | undefined> {
    return new Answered(statement.on(this.target).get(given));
  }

  all<P extends object, R>(statement: Statement<P, R>, given: P): Answer<readonly R[]> {
    return new Answered(statement.on(this.target).all(given));
  }

  run<P extends object>(command: Command<P>, given: P): void {
    command.on(this.target).run(given);
  }

  runEach<P extends object>(command: Command<P>, rows: readonly P[]): void {
    for (const given of rows) this.run(command, given);
  }

  note<P extends object>(command: Command<P>, row: P): void {
    this.run(command, row);
  }
}

/** Runs a body to its end. */
export function runBody<T>(tx: Tx, body: (tx: Tx) => Body<T>): T {
  const { done, value } = body(tx).next();
  if (done !== true) throw new Error("a body waited for something other than its transaction");
  return value;
}

/** Rows over one connection. @param newId for events of webhooks: UUIDv7. */
export function sqliteRows(connection: Connection, newId: () => string): Rows {
  const target = targetOver(connection.client);
  const outbox = new Outbox(newId);
  const tx = new SqliteTx(target, outbox);
  const commits = new CommitCount(connection);
  const ready =
    <T>(body: (tx: Tx) => Body<T>) =>
    (): T =>
      runBody(tx, body);
  const cache = <R>(sizeOf: (row: R) => number): Cache<R> => {
    const rows = new RowCache<R>(commits, sizeOf);
    return {
      find: (key, statement, given) =>
        connection.read(() => rows.get(key, () => statement.on(target).get(given))),
      findSettled: (key, statement, given) =>
        connection.readSettled(() => rows.get(key, () => statement.on(target).get(given))),
      peek(key) {
        try {
          return rows.peek(key);
        } catch {
          // Whoever asks the database next is told what is wrong.
          return undefined;
        }
      },
    };
  };
  return {
    outbox,
    // One server holds the directory: a claim of another one is void when it starts.
    claimLease: null,
    // Commits of the server wait for no reader, but the log grows meanwhile.
    windowRows: 2_000,
    find: (statement, given) => connection.read(() => statement.on(target).get(given) ?? null),
    findSettled: (statement, given) =>
      connection.readSettled(() => statement.on(target).get(given) ?? null),
    list: (statement, given) => connection.read(() => statement.on(target).all(given)),
    cache,
    recent<R>(statement: Statement<object, R>): Recent<R> {
      const kept = cache<R>(() => 0);
      return {
        get: () => kept.peek("") ?? kept.find("", statement, {}),
        latest: () => kept.find("", statement, {}),
        // Every commit is noticed.
        forget: () => {},
      };
    },
    read: (body) => connection.readTogether(ready(body)),
    async readSettled(body) {
      const outcome = await connection.readTogether(ready(body));
      await connection.settled();
      return outcome;
    },
    change: (statement, given) =>
      connection.writeDurably(
        () => statement.on(target).get(given) ?? null,
        (row) => row !== null,
      ),
    changeLazily: (statement, given) =>
      connection.write(() => statement.on(target).get(given) ?? null),
    run: (command, given) => connection.writeDurably(() => tx.run(command, given)),
    runLazily: (command, given) => connection.write(() => tx.run(command, given)),
    runAnswered: (command, given) => connection.write(() => tx.run(command, given)),
    write: (body, changed) => connection.writeDurably(ready(body), changed),
    writeSettled: (body, changed) => connection.writeSettled(ready(body), changed),
    writeLazily: (body) => connection.write(ready(body)),
    assertWritable: () => connection.assertWritable(),
  };
}
