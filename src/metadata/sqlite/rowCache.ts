// Rows that are asked for again and again, kept in memory for as long as nobody writes anything. Apart from the reads because it
// knows nothing of what it keeps. Others write as well: the maintenance worker, commands in other processes.
import type { Connection } from "./connection.ts";

/**
 * Counts on whenever a transaction was committed: by this connection at once; by others from the next turn of the event loop on, so
 * that many requests share one look at the database. A request that arrives after a commit never gets a number from before it.
 */
export class CommitCount {
  readonly #connection: Connection;
  readonly #othersVersion;
  #version: unknown = null;
  #count = 0;
  #looked = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    // Changes with each commit of another connection, in this process or not (SQLite, "PRAGMA data_version").
    this.#othersVersion = connection.client.prepare("PRAGMA data_version");
  }

  now(): number {
    if (!this.#looked) this.#look();
    return this.#count + this.#connection.committed;
  }

  #look(): void {
    const version = this.#othersVersion.values()[0]?.[0];
    if (version !== this.#version) this.#count += 1;
    this.#version = version;
    this.#looked = true;
    // Runs before the loop asks for the next requests.
    setImmediate(() => {
      this.#looked = false;
    });
  }
}

/** How much a cache keeps; what is larger than `largest` is read each time. */
const mostRows = 1024;
const mostBytes = 4 * 1024 * 1024;
const largest = 64 * 1024;

/** Rows of one statement by key. Beyond its limits it starts over. */
export class RowCache<T> {
  readonly #commits: CommitCount;
  readonly #sizeOf: (row: T) => number;
  readonly #rows = new Map<string, T>();
  #bytes = 0;
  #filledAt = 0;

  /** @param sizeOf bytes a row holds on to. */
  constructor(commits: CommitCount, sizeOf: (row: T) => number) {
    this.#commits = commits;
    this.#sizeOf = sizeOf;
  }

  /** What `read` finds, or found since the latest commit. What is absent is asked for each time. */
  get(key: string, read: () => T | undefined): T | null {
    const known = this.peek(key);
    if (known !== undefined) return known;
    const row = read();
    if (row === undefined) return null;
    const size = this.#sizeOf(row);
    if (size <= largest) this.#keep(key, row, size);
    return row;
  }

  /** What was found since the latest commit. */
  peek(key: string): T | undefined {
    const commits = this.#commits.now();
    if (commits !== this.#filledAt) this.#clear();
    this.#filledAt = commits;
    return this.#rows.get(key);
  }

  #keep(key: string, row: T, size: number): void {
    if (this.#rows.size >= mostRows || this.#bytes + size > mostBytes) this.#clear();
    this.#rows.set(key, row);
    this.#bytes += size;
  }

  #clear(): void {
    this.#rows.clear();
    this.#bytes = 0;
  }
}
