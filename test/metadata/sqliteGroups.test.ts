// Transactions that requests of one turn of the event loop ask for are one: what each is answered is what it would be alone.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { Scope } from "../support/scope.ts";
import { openNotes } from "./notes.ts";

test.each([
  [20, 1],
  // So that others get a turn between them.
  [100, 4],
])(
  "%i writes of one turn are %i transactions, done in the order of the calls",
  async (writes, transactions) => {
    await using scope = new Scope();
    const { connection, add, texts } = await openNotes(scope);
    const before = connection.committed;

    const names = Array.from({ length: writes }, (_, number) => `note ${number}`);
    await Promise.all(names.map((name) => connection.writeDurably(() => add(name))));

    expect(texts()).toEqual(names);
    expect(connection.committed - before).toBe(transactions);
  },
);

test("a write that fails takes none of the others with it, and each has its own answer", async () => {
  await using scope = new Scope();
  const { connection, add, texts } = await openNotes(scope, { key: "PRIMARY KEY" });

  const [one, twin, refused, thrown, last] = await Promise.allSettled([
    connection.writeDurably(() => add("one").changes),
    connection.writeDurably(() => add("one").changes),
    connection.writeDurably(() => {
      add("refused");
      throw new RegistryError("MULTIPART_COMPLETING");
    }),
    connection.writeDurably(() => {
      add("lost");
      throw new Error("changed my mind");
    }),
    connection.writeDurably(() => add("last").changes),
  ]);

  expect(one).toEqual({ status: "fulfilled", value: 1 });
  expect(twin).toMatchObject({
    status: "rejected",
    reason: { code: "SQLITE_CONSTRAINT_PRIMARYKEY" },
  });
  expect(refused).toMatchObject({ reason: { situation: "MULTIPART_COMPLETING" } });
  expect(thrown).toMatchObject({ status: "rejected", reason: { message: "changed my mind" } });
  expect(last).toEqual({ status: "fulfilled", value: 1 });
  expect(texts()).toEqual(["one", "last"]);
});

test("on a full disk a group fails as one, and leaves nothing", async () => {
  await using scope = new Scope();
  const { client, connection, add, texts } = await openNotes(scope);
  client.run("PRAGMA max_page_count = 4");

  const outcomes = await Promise.allSettled([
    connection.writeDurably(() => add("small")),
    connection.writeDurably(() => add("x".repeat(100_000))),
  ]);

  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "DISK_FULL" } });
  }
  expect(texts()).toEqual([]);
});

test("groups wait for a lock together: five hundred callers hear BUSY when one would", async () => {
  await using scope = new Scope();
  const { client, connection, add, texts } = await openNotes(scope);
  const other = new Database(client.filename);
  scope.defer(() => other.close(true));
  const waitFor = async (callers: number): Promise<number> => {
    const began = performance.now();
    const names = Array.from({ length: callers }, (_, number) => `note ${number}`);
    const outcomes = await Promise.allSettled(
      names.map((name) => connection.writeDurably(() => add(name))),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { situation: "BUSY" } });
    }
    return performance.now() - began;
  };
  other.run("BEGIN IMMEDIATE");

  const alone = await waitFor(1);
  const many = await waitFor(500);
  other.run("ROLLBACK");

  expect(many).toBeLessThan(3 * alone);
  expect(texts()).toEqual([]);
}, 60_000);

test("what is read in the turn of a commit waits for that commit's sync", async () => {
  await using scope = new Scope();
  const { connection, add, texts } = await openNotes(scope);
  const ends: string[] = [];

  const write = connection.writeDurably(() => add("note")).then(() => ends.push("written"));
  while (texts().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const read = connection.readSettled(texts).then(() => ends.push("read"));
  await Promise.all([write, read]);

  expect(ends.toSorted()).toEqual(["read", "written"]);
  expect(ends[0]).toBe("written");
});

test("closing waits for writes that were asked for", async () => {
  await using scope = new Scope();
  const { client, connection, add } = await openNotes(scope);

  const write = connection.writeDurably(() => add("note"));
  await connection.close();
  await write;

  using again = new Database(client.filename);
  expect(again.query("SELECT text FROM notes").values()).toEqual([["note"]]);
});
