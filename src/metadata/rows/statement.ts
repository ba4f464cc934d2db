// Statements: each is written once, with Drizzle's builder over the one schema, and has types for what it is given and what it finds.
import { Placeholder, SQL, sql } from "drizzle-orm";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";

/** Drizzle's query builder. */
export type Builder = BaseSQLiteDatabase<"sync", unknown>;

/** A parameter of a statement. Drizzle takes it wherever it takes a value, a placeholder or a piece of SQL. */
export class Given<T> extends SQL<T> {
  readonly name: string;
  /** Never there: Drizzle declares its placeholders so. */
  declare protected: T;

  constructor(name: string) {
    super([new Placeholder(name)]);
    this.name = name;
  }
}

/** The parameters as the text of a statement holds them. */
export type Params<P> = { readonly [K in keyof P]-?: Given<P[K]> };

/** A prepared statement that changes rows and gives none back. */
export interface PreparedCommand {
  run(values?: object): unknown;
}

/** A prepared statement that finds rows, or gives back those that it changed. */
export interface Prepared<R> extends PreparedCommand {
  get(values?: object): R | undefined;
  all(values?: object): R[];
}

/** One connection to a database, as far as statements need it. */
export interface Target {
  readonly builder: Builder;
  /** Prepares what Drizzle's builder has no words for. */
  prepare<R>(text: SQL): Prepared<R>;
}

/** Changes rows. */
export interface Command<P> {
  /** Prepared for a connection, once. */
  on(target: Target): PreparedCommand;
  /** Never there: the type of what it is given. */
  readonly takes?: (given: P) => void;
}

/** Finds rows, or gives back those that it changed. */
export interface Statement<P, R> extends Command<P> {
  on(target: Target): Prepared<R>;
}

const all: Command<never>[] = [];

/** Every statement of the program: a test looks at what each of them reads. */
export const statements: readonly Command<never>[] = all;

/** A statement of Drizzle's builder that finds rows, or gives back those that it changed. */
export function statement<P, R>(
  build: (db: Builder, given: Params<P>) => { prepare(): Prepared<R> },
): Statement<P, R> {
  return registered(({ builder }) => build(builder, params<P>()).prepare());
}

/** A statement of Drizzle's builder that gives no rows back. */
export function command<P>(
  build: (db: Builder, given: Params<P>) => { prepare(): PreparedCommand },
): Command<P> {
  return registered(({ builder }) => build(builder, params<P>()).prepare());
}

/** A statement in SQL. The names of its columns are those of `R`. */
export function rawStatement<P, R>(text: (given: Params<P>) => SQL): Statement<P, R> {
  return registered((target) => target.prepare<R>(text(params<P>())));
}

const temporary: SQL[] = [];

/** What makes the tables of `temporaryTable`: run on each connection before any statement is prepared for it. */
export const temporaryTables: readonly SQL[] = temporary;

/** A table that each connection has for itself. @returns its name, for statements in SQL. */
export function temporaryTable(name: string, columns: string): SQL {
  temporary.push(sql.raw(`CREATE TEMP TABLE IF NOT EXISTS ${name} (${columns}) WITHOUT ROWID`));
  return sql.raw(`temp.${name}`);
}

/** Parameters by whatever name they are asked for. */
function params<P>(): Params<P>;
function params(): object {
  return new Proxy({}, { get: (_, name) => new Given(String(name)) });
}

function registered<T extends PreparedCommand>(
  prepare: (target: Target) => T,
): { on(target: Target): T } {
  const prepared = new WeakMap<Target, T>();
  const added = {
    on(target: Target): T {
      const known = prepared.get(target);
      if (known !== undefined) return known;
      const made = prepare(target);
      prepared.set(target, made);
      return made;
    },
  };
  all.push(added);
  return added;
}
