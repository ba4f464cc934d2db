// The connection's settings, its transactions, and what happens when a write, a lock or a sync fails.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { SqliteTooOldError } from "../../src/metadata/openErrors.ts";
import {
  assertSqliteVersion,
  beginWork,
  openClient,
  type Role,
  setPragma,
} from "../../src/metadata/sqlite/connection.ts";
import { translate } from "../../src/metadata/sqlite/failures.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { openNotes, quiet } from "./notes.ts";

/** Tells each run of a statement that the connection prepares from now on. */
function countRuns(client: Database, text: string, count: () => void): void {
  const prepare = client.prepare.bind(client);
  const counting = (asked: string) => {
    const statement = prepare(asked);
    const run = statement.run.bind(statement);
    const counted = () => {
      count();
      return run();
    };
    return asked === text ? Object.assign(statement, { run: counted }) : statement;
  };
  Object.assign(client, { prepare: counting });
}

/** Descriptors of this process that stand for a file called `name`. */
function descriptorsOf(name: string): number[] {
  return readdirSync("/proc/self/fd")
    .map(Number)
    .filter((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).endsWith(`/${name}`);
      } catch {
        return false;
      }
    });
}

/** Puts another file behind a descriptor: one that cannot be synced (EINVAL). */
function makeUnsyncable(descriptor: number): void {
  closeSync(descriptor);
  const opened = [openSync("/dev/null", "r")];
  while (opened.at(-1) !== descriptor && opened.length < 100)
    opened.push(openSync("/dev/null", "r"));
  expect(opened.pop()).toBe(descriptor);
  for (const other of opened) closeSync(other);
}

describe("settings", () => {
  test.each<[Role, number, number]>([
    ["server", 0, 5],
    ["tool", 4000, 5000],
  ])(
    "a %s's connection has the settings for durability and lock waits",
    async (role, autocheckpoint, busy) => {
      await using scope = new Scope();
      const client = openClient(join(tempFolder(scope, "settings"), "a.db"), role);
      scope.defer(() => client.close(true));
      const pragma = (name: string) => client.query(`PRAGMA ${name}`).values()[0]?.[0];
      expect([pragma("busy_timeout"), pragma("foreign_keys")]).toEqual([5000, 0]);

      beginWork(client, role);

      expect(pragma("journal_mode")).toBe("wal");
      expect(pragma("synchronous")).toBe(1);
      expect(pragma("wal_autocheckpoint")).toBe(autocheckpoint);
      expect(pragma("journal_size_limit")).toBe(64 * 1024 * 1024);
      expect(pragma("foreign_keys")).toBe(1);
      expect(pragma("busy_timeout")).toBe(busy);
    },
  );

  test("that SQLite does not accept are an error", () => {
    using client = new Database(":memory:");

    expect(() => setPragma(client, "journal_mode", "wal")).toThrow("it stays memory");
    expect(() => setPragma(client, "no_such_setting", 1)).toThrow("SQLite refused");
  });

  test.each(["3.51.3", "3.51.10", "3.52.0", "4.0.0"])("SQLite %s is new enough", (version) => {
    expect(() => assertSqliteVersion(version)).not.toThrow();
  });

  test.each(["3.51.2", "3.50.9", "3.9.99", "2.99.99"])("SQLite %s is refused", (version) => {
    expect(() => assertSqliteVersion(version)).toThrow(SqliteTooOldError);
  });
});

describe("transactions", () => {
  test("leave nothing when their body throws, and do not affect the next one", async () => {
    await using scope = new Scope();
    const { connection, add, texts } = await openNotes(scope);
    const failing = connection.writeDurably(() => {
      add("lost");
      throw new Error("changed my mind");
    });

    await expect(failing).rejects.toThrow("changed my mind");
    await connection.writeDurably(() => add("kept"));

    expect(texts()).toEqual(["kept"]);
  });

  test("on a full disk fail with DISK_FULL, lose nothing, and work again once there is space", async () => {
    await using scope = new Scope();
    const { client, connection, add, texts } = await openNotes(scope);
    await connection.writeDurably(() => add("before"));
    client.run("PRAGMA max_page_count = 4");
    const tooMuch = connection.writeDurably(() => {
      add("lost");
      add("x".repeat(100_000));
    });

    await expect(tooMuch).rejects.toMatchObject({ situation: "DISK_FULL", retryAfter: 30 });
    expect(texts()).toEqual(["before"]);
    client.run("PRAGMA max_page_count = 1000");
    await connection.writeDurably(() => add("after"));

    expect(texts()).toEqual(["before", "after"]);
  });

  test("wait for another connection's transaction without blocking the thread", async () => {
    await using scope = new Scope();
    const { client, connection, add, texts } = await openNotes(scope);
    using other = new Database(client.filename);
    other.run("BEGIN IMMEDIATE");
    other.run("INSERT INTO notes VALUES ('by the other')");

    const waiting = connection.write(() => add("mine"));
    // Only a thread that is free gets here before the write has ended.
    other.run("COMMIT");
    await waiting;

    expect(texts()).toEqual(["by the other", "mine"]);
  });

  test("of a hundred callers that wait for a lock block the thread no more than one", async () => {
    await using scope = new Scope();
    let tries = 0;
    const { client, connection, add, texts } = await openNotes(scope, {
      change: (opened) => countRuns(opened, "BEGIN IMMEDIATE", () => (tries += 1)),
    });
    const other = new Database(client.filename);
    scope.defer(() => other.close(true));
    other.run("BEGIN IMMEDIATE");
    const all = Array.from({ length: 100 }, (_, n) => connection.write(() => add(`${n}`)));
    const waiting = Promise.all(all);

    await waitFor("some tries", () => tries >= 5);
    const triedMeanwhile = tries;
    other.run("ROLLBACK");
    await waiting;

    expect(texts()).toHaveLength(100);
    // Each try blocks the thread for as long as SQLite waits, and each caller used to try for itself.
    expect(triedMeanwhile).toBeLessThan(100);
  });

  test("fail with BUSY when the lock is never released", async () => {
    await using scope = new Scope();
    const { client } = await openNotes(scope);
    using other = new Database(client.filename);
    other.run("BEGIN IMMEDIATE");
    let failure: unknown;
    try {
      client.run("BEGIN IMMEDIATE");
    } catch (error) {
      failure = error;
    }

    const translated = translate(failure, quiet());

    expect(translated).toMatchObject({ situation: "BUSY", status: 503, cause: failure });
  });

  test("pass other errors on unchanged", async () => {
    await using scope = new Scope();
    const { client, connection } = await openNotes(scope);

    const broken = connection.writeDurably(() => client.run("INSERT INTO notes VALUES (NULL)"));

    await expect(broken).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_NOTNULL" });
  });
});

describe("a statement that was not prepared", () => {
  test("throws the cause, without its SQL", async () => {
    await using scope = new Scope();
    const { client, connection } = await openNotes(scope);
    const db = drizzle({ client });

    const broken = connection.write(() => db.run(sql`INSERT INTO notes VALUES (NULL)`));

    await expect(broken).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_NOTNULL" });
    await expect(broken).rejects.toThrow(/^NOT NULL constraint failed/);
  });

  test("throws BUSY when the lock is never released, like others", async () => {
    await using scope = new Scope();
    const { client } = await openNotes(scope);
    const db = drizzle({ client });
    using other = new Database(client.filename);
    other.run("BEGIN IMMEDIATE");
    setPragma(client, "busy_timeout", 0);
    let failure: unknown;
    try {
      db.run(sql`INSERT INTO notes VALUES ('one')`);
    } catch (error) {
      failure = error;
    }

    expect(translate(failure, quiet())).toMatchObject({ situation: "BUSY", status: 503 });
  });
});

describe("a failed sync", () => {
  test("fails every waiting write, trips the latch, and is never retried", async () => {
    await using scope = new Scope();
    const trips: string[] = [];
    const latch = new WriteLatch((reason) => trips.push(reason));
    const before = new Set(descriptorsOf("notes.db-wal"));
    const { client, connection, add } = await openNotes(scope, { latch });
    // The log is open twice: by SQLite first, then by the connection, to sync it.
    const [, syncing] = descriptorsOf("notes.db-wal").filter((opened) => !before.has(opened));
    makeUnsyncable(syncing ?? -1);

    const outcomes = await Promise.allSettled([
      connection.writeDurably(() => add("one")),
      connection.writeDurably(() => add("two")),
      connection.writeDurably(() => add("three")),
    ]);
    const later = connection.write(() => add("four"));

    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "READ_ONLY" } });
    }
    await expect(later).rejects.toMatchObject({ situation: "READ_ONLY" });
    expect(trips).toEqual(["fdatasync of the database's log failed"]);
    expect(await connection.read(() => client.query("SELECT 1 AS one").get())).toEqual({ one: 1 });
  });
});
