// Rows in memory: what another connection, another process or this one has committed ends them.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { beginWork, Connection, openClient } from "../../src/metadata/sqlite/connection.ts";
import { CommitCount, RowCache } from "../../src/metadata/sqlite/rowCache.ts";
import { nextTurn } from "../support/nextTurn.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

/** A table of notes behind a cache that says how often it was read. */
async function openNotes(scope: Scope) {
  const path = join(tempFolder(scope, "cache"), "notes.db");
  const client = openClient(path, "server");
  client.run("CREATE TABLE notes (name text PRIMARY KEY, text text NOT NULL)");
  beginWork(client, "server");
  const connection = await Connection.over(client, {
    latch: new WriteLatch(() => {}),
    role: "server",
  });
  scope.defer(() => connection.close());
  const cache = new RowCache<{ text: string }>(
    new CommitCount(connection),
    ({ text }) => text.length,
  );
  const select = client.prepare<{ text: string }, [string]>(
    "SELECT text FROM notes WHERE name = ?",
  );
  let reads = 0;
  const find = (name: string): string | null => {
    const row = cache.get(name, () => {
      reads += 1;
      return select.get(name) ?? undefined;
    });
    return row?.text ?? null;
  };
  const write = (name: string, text: string) =>
    connection.write(() => client.run("REPLACE INTO notes VALUES (?, ?)", [name, text]));
  return { path, find, write, reads: () => reads };
}

const elsewhere = (path: string, statement: string) =>
  run([
    process.execPath,
    "-e",
    `const { Database } = require("bun:sqlite"); new Database(process.argv[1]).run(process.argv[2]);`,
    path,
    statement,
  ]);

describe("the row cache", () => {
  test("reads a row once while nothing is written", async () => {
    await using scope = new Scope();
    const notes = await openNotes(scope);
    await notes.write("a", "one");

    const found = [notes.find("a"), notes.find("a")];
    await nextTurn();
    found.push(notes.find("a"));

    expect(found).toEqual(["one", "one", "one"]);
    expect(notes.reads()).toBe(1);
  });

  test("shows a write of the same connection at once", async () => {
    await using scope = new Scope();
    const notes = await openNotes(scope);
    await notes.write("a", "one");
    notes.find("a");

    await notes.write("a", "two");

    expect(notes.find("a")).toBe("two");
  });

  test.each([
    ["changes", "UPDATE notes SET text = 'two'", "two"],
    ["deletes", "DELETE FROM notes", null],
  ])("a row that another process %s is not served again", async (_, statement, expected) => {
    await using scope = new Scope();
    const notes = await openNotes(scope);
    await notes.write("a", "one");
    notes.find("a");

    await elsewhere(notes.path, statement);

    expect(notes.find("a")).toBe(expected);
  });

  test("does not keep absent rows", async () => {
    await using scope = new Scope();
    const notes = await openNotes(scope);

    expect([notes.find("a"), notes.find("a")]).toEqual([null, null]);
    expect(notes.reads()).toBe(2);
  });

  test("does not keep large rows", async () => {
    await using scope = new Scope();
    const notes = await openNotes(scope);
    await notes.write("large", "x".repeat(100_000));

    notes.find("large");
    notes.find("large");

    expect(notes.reads()).toBe(2);
  });

  test("is emptied when it is full", async () => {
    await using scope = new Scope();
    const notes = await openNotes(scope);
    for (let n = 0; n < 80; n += 1) await notes.write(`n${n}`, "x".repeat(60_000));

    for (let n = 0; n < 80; n += 1) notes.find(`n${n}`);
    notes.find("n0");
    notes.find("n79");

    expect(notes.reads()).toBe(81);
  });
});
