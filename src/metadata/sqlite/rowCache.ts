// Rows that are asked for again and again, kept in memory for as long as nobody writes anything. Apart from the reads because it
// knows nothing of what it keeps. Others write as well: the maintenance worker, commands in other processes.
import { Turns } from "../../process/turns.ts";
import { KeptRows } from "../rows/keptRows.ts";
import type { Connection } from "./connection.ts";

/**
 * Counts on whenever a transaction was committed: by this connection at once; by others from the next turn of the event loop on, so
 * that many requests share one look at the database. A request that arrives after a commit never gets a number from before it.
 */
export class CommitCount {
  readonly #connection: Connection;
  readonly #othersVersion;
  readonly #turns = new Turns();
  #version: unknown = null;
  #count = 0;
  /** The turn of the latest look. */
  #lookedIn = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    // Changes with each commit of another connection, in this process or not (SQLite, "PRAGMA data_version").
    this.#othersVersion = connection.client.prepare("PRAGMA data_version");
  }

  now(): number {
    const turn = this.#turns.now();
    if (turn !== this.#lookedIn) this.#look();
    this.#lookedIn = turn;
    return this.#count + this.#connection.committed;
  }

  #look(): void {
    const version = this.#othersVersion.values()[0]?.[0];
    if (version !== this.#version) this.#count += 1;
    this.#version = version;
  }
}

/** Rows of one statement by key. */
export class RowCache<T> {
  readonly #commits: CommitCount;
  readonly #rows: KeptRows<T>;

  /** @param sizeOf bytes a row holds on to. */
  constructor(commits: CommitCount, sizeOf: (row: T) => number) {
    this.#commits = commits;
    this.#rows = new KeptRows(sizeOf);
  }

  /** What `read` finds, or found since the latest commit. What is absent is asked for each time. */
  get(key: string, read: () => T | undefined): T | null {
    const known = this.peek(key);
    if (known !== undefined) return known;
    const commits = this.#commits.now();
    const row = read();
    if (row === undefined) return null;
    this.#rows.keep(commits, key, row);
    return row;
  }

  /** What was found since the latest commit. */
  peek(key: string): T | undefined {
    return this.#rows.get(this.#commits.now(), key);
  }
}
