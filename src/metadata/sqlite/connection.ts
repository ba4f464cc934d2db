// One SQLite connection: its settings, its transactions, and when a commit counts as durable.
import { Database } from "bun:sqlite";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "../../durability/files.ts";
import { GroupSync } from "../../durability/groupSync.ts";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import { SqliteTooOldError } from "../openErrors.ts";
import { isBusy, isCutShort, translate } from "./failures.ts";
import { Groups } from "./groups.ts";

/** Whose connection it is: a server answers requests on one thread, a tool is a command that may wait. */
export type Role = "server" | "tool";

/** How long a statement waits for another connection's lock, in ms. That wait blocks the thread: a server's is short. */
const busyTimeout: Record<Role, number> = { server: 5, tool: 5000 };

/** How often a transaction that found the lock taken is tried again, and how long it sleeps in between, in ms. */
const retries: Record<Role, number> = { server: 100, tool: 0 };
const retryPause = 20;

/** Earlier versions could corrupt a database when a log restarts while another connection checkpoints. */
const oldestSqlite = [3, 51, 3] as const;

/** @throws SqliteTooOldError for a version with the log-reset bug (SQLite 3.51.3 release notes). */
export function assertSqliteVersion(version: string): void {
  const parts = version.split(".").map(Number);
  for (const [position, oldest] of oldestSqlite.entries()) {
    const part = parts[position] ?? 0;
    if (part > oldest) return;
    if (part < oldest) {
      throw new SqliteTooOldError(
        `this build has SQLite ${version}; ${oldestSqlite.join(".")} or newer is needed, older ones can corrupt the database`,
      );
    }
  }
}

/** Opens or creates the database, patient and without foreign keys: `beginWork` ends that once the schema is up to date. */
export function openClient(path: string, role: Role): Database {
  const client = new Database(path, { create: true, readwrite: true });
  try {
    setPragma(client, "busy_timeout", busyTimeout.tool);
    assertSqliteVersion(String(client.query("SELECT sqlite_version()").values()[0]?.[0]));
    setPragma(client, "journal_mode", "wal");
    // A commit is durable once the log is synced; `Connection` does that off this thread, once for many commits.
    setPragma(client, "synchronous", 1);
    // Checkpoints belong to the maintenance worker, not to the request that happens to fill the log. A command has no worker.
    setPragma(client, "wal_autocheckpoint", role === "server" ? 0 : 4_000);
    // Looking through everything returns to the same pages again and again; KiB.
    if (role === "tool") setPragma(client, "cache_size", -16_384);
    // A log that grew in a rush gives its room back when it starts over.
    setPragma(client, "journal_size_limit", 64 * 1024 * 1024);
    return client;
  } catch (error) {
    client.close(true);
    throw error;
  }
}

/**
 * Looks at a database that may be another store's or a newer version's: whoever opens it for writing moves its log into it at the end.
 * One that was cut short while it was made has no log, and only a writer can open it.
 */
export function lookAt<T>(path: string, look: (client: Database) => T): T {
  try {
    return lookWith(new Database(path, { readonly: true }), look);
  } catch (error) {
    if (!isCutShort(error)) throw error;
    return lookWith(new Database(path, { readwrite: true }), look);
  }
}

function lookWith<T>(client: Database, look: (client: Database) => T): T {
  try {
    client.run("PRAGMA busy_timeout = 10000");
    return look(client);
  } finally {
    client.close(true);
  }
}

/** The settings that would get in the way of a migration, or of an opening beside other processes. */
export function beginWork(client: Database, role: Role): void {
  setPragma(client, "foreign_keys", 1);
  setPragma(client, "busy_timeout", busyTimeout[role]);
}

/** Sets a pragma and reads it back: SQLite ignores what it does not know. */
export function setPragma(client: Database, name: string, value: string | number): void {
  client.run(`PRAGMA ${name} = ${value}`);
  const actual = client.query(`PRAGMA ${name}`).values()[0]?.[0];
  if (actual !== value) {
    throw new Error(`SQLite refused PRAGMA ${name} = ${value}: it stays ${actual}`);
  }
}

/** What a connection needs to know. */
export interface ConnectionOptions {
  readonly latch: WriteLatch;
  readonly role: Role;
}

/**
 * Runs transactions and waits for their durability. Bodies are synchronous: a transaction never spans an await, so what another request
 * does can never come between two statements of a body.
 */
export class Connection {
  readonly client: Database;
  readonly #latch: WriteLatch;
  readonly #retries: number;
  readonly #log: FileHandle;
  readonly #sync: GroupSync;
  readonly #begin;
  readonly #beginRead;
  readonly #commit;
  readonly #rollback;
  readonly #groups = new Groups((body) => this.#transact(body));
  #committed = 0;
  #commits = 0;
  #durableCommits = 0;
  #closing: Promise<void> | null = null;
  /** While somebody else holds the lock: until it is tried again. */
  #pause: Promise<void> | null = null;

  private constructor(client: Database, { latch, role }: ConnectionOptions, log: FileHandle) {
    this.client = client;
    this.#latch = latch;
    this.#retries = retries[role];
    this.#log = log;
    this.#sync = new GroupSync(() => this.#syncLog());
    this.#begin = client.prepare("BEGIN IMMEDIATE");
    this.#beginRead = client.prepare("BEGIN");
    this.#commit = client.prepare("COMMIT");
    this.#rollback = client.prepare("ROLLBACK");
  }

  /** Takes over an opened client and makes what was written so far durable, with the names of its files. */
  static async over(client: Database, options: ConnectionOptions): Promise<Connection> {
    // The first read creates the log; from here on it stays, since this connection keeps the database open.
    client.query("SELECT 1 FROM sqlite_schema").get();
    const connection = new Connection(client, options, await open(`${client.filename}-wal`, "r+"));
    await connection.#sync.wait();
    await syncDirectory(dirname(client.filename));
    return connection;
  }

  /** How many transactions it has committed. */
  get committed(): number {
    return this.#committed;
  }

  /** Reads outside of a transaction: one statement, or several that need not agree, since another process may write between them. */
  async read<T>(body: () => T): Promise<T> {
    try {
      return body();
    } catch (error) {
      throw translate(error, this.#latch);
    }
  }

  /** As `read`, with several statements that see the same moment, whatever other processes write meanwhile. */
  async readTogether<T>(body: () => T): Promise<T> {
    return this.read(() => {
      this.#beginRead.run();
      try {
        return body();
      } finally {
        if (this.client.inTransaction) this.#rollback.run();
      }
    });
  }

  /** As `read`, for what will be told as a promise: resolves when everything that was read is durable. */
  async readSettled<T>(body: () => T): Promise<T> {
    const outcome = await this.read(body);
    await this.settled();
    return outcome;
  }

  /** One transaction that is visible at once but may be lost with the power. */
  async write<T>(body: () => T): Promise<T> {
    return this.#transact(body);
  }

  /**
   * One transaction, with others that are asked for at the same moment; resolves when it is durable.
   * @param body is run again when another one of its transaction fails.
   * @param changed false for an outcome that wrote nothing: then there is nothing to wait for.
   * @throws RegistryError READ_ONLY, BUSY, DISK_FULL
   */
  async writeDurably<T>(body: () => T, changed: (outcome: T) => boolean = always): Promise<T> {
    const { outcome, isChanged } = await this.#groups.add(() => {
      const outcome = body();
      const isChanged = changed(outcome);
      // With the commit, so that whoever reads of it next waits for its sync. Counting one that is rolled back only costs a sync.
      if (isChanged) this.#commits += 1;
      return { outcome, isChanged };
    });
    if (isChanged) await this.#settle();
    return outcome;
  }

  /** As `writeDurably`; what an outcome that wrote nothing tells of may just have been written by others: it is durable by then as well. */
  async writeSettled<T>(body: () => T, changed: (outcome: T) => boolean): Promise<T> {
    const outcome = await this.writeDurably(body, changed);
    if (!changed(outcome)) await this.settled();
    return outcome;
  }

  /** Resolves when every commit made so far by `writeDurably` is durable. For who read what another request has just written. */
  async settled(): Promise<void> {
    if (this.#durableCommits < this.#commits) await this.#settle();
  }

  /** @throws RegistryError READ_ONLY once a sync has failed. */
  assertWritable(): void {
    this.#latch.assertWritable();
  }

  /** Waits for pending syncs, empties the log into the database and closes both. Again is not an error. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#groups.begun();
    await this.settled().catch(() => undefined);
    await this.#log.close();
    // After a failed sync the log's pages may exist in memory only: a checkpoint could half-apply what a restart cannot read.
    if (this.#latch.reason === null) this.client.close(true);
  }

  /**
   * Whoever finds the lock taken waits with all others, and one of them tries again for all: each try blocks the thread for as long as
   * SQLite waits, and there may be hundreds.
   */
  async #transact<T>(body: () => T): Promise<T> {
    for (let left = this.#retries; ; left -= 1) {
      this.#latch.assertWritable();
      if (this.#pause === null) {
        try {
          return this.#attempt(body);
        } catch (error) {
          if (left === 0 || !isBusy(error)) throw translate(error, this.#latch);
        }
        this.#pause = Bun.sleep(retryPause).then(() => {
          this.#pause = null;
        });
      } else if (left === 0) {
        throw new RegistryError("BUSY");
      }
      await this.#pause;
    }
  }

  #attempt<T>(body: () => T): T {
    this.#begin.run();
    try {
      const outcome = body();
      this.#commit.run();
      this.#committed += 1;
      return outcome;
    } catch (error) {
      // SQLite has already rolled back after some errors, a full disk among them.
      if (this.client.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  async #settle(): Promise<void> {
    const commits = this.#commits;
    await this.#sync.wait();
    this.#durableCommits = Math.max(this.#durableCommits, commits);
  }

  async #syncLog(): Promise<void> {
    // Never a second attempt: after a failure the kernel may call lost pages clean.
    this.#latch.assertWritable();
    try {
      await this.#log.datasync();
    } catch (cause) {
      this.#latch.trip("fdatasync of the database's log failed", cause);
      throw new RegistryError("READ_ONLY", { cause });
    }
  }
}

function always(): boolean {
  return true;
}
