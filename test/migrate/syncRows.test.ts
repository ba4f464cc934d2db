// All rows from one kind of database to the other, through their real adapters.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import postgres from "postgres";
import type { CopySource, CopyTarget } from "../../src/metadata/copy.ts";
import { openPostgresSource, openPostgresTarget } from "../../src/metadata/postgres/copyEnds.ts";
import { copiedTables } from "../../src/metadata/rows/copiedTables.ts";
import { openSqliteSource, openSqliteTarget } from "../../src/metadata/sqlite/copyEnds.ts";
import { asIs, sumOf, syncRows } from "../../src/migrate/syncRows.ts";
import { openIn } from "../metadata/database.ts";
import { databaseAt, openAt } from "../metadata/postgresDatabase.ts";
import { missing } from "../support/clientTest.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { fillAll, removeAll, upTo } from "./allTables.ts";

const scope = new Scope();
afterAll(() => scope.close());
const why = missing({ commands: [], reason: postgresIsMissing });
const server = why === null ? await startPostgres(scope) : null;
if (why !== null) console.warn(`skipped: ${why}: rows to and from PostgreSQL`);

const store = { id: "one-store", createdAt: 1_700_000_000_000 };
const whole = asIs;
const quiet = () => {};

/** Two ways to open an end, over one database each. */
interface Place {
  readonly name: string;
  target(): Promise<CopyTarget>;
  source(): Promise<CopySource>;
}

function fileAt(): Place {
  const directory = tempFolder(scope, "rows");
  return {
    name: "SQLite",
    target: async () => kept(await openSqliteTarget(directory, store, 1)),
    source: async () => kept(openSqliteSource(directory)),
  };
}

let databases = 0;

async function databaseOf(): Promise<Place> {
  if (server === null) throw new Error("postgresql not installed");
  databases += 1;
  const database = databaseAt(await server.createDatabase(`rows_${databases}`));
  return {
    name: "PostgreSQL",
    target: async () => kept(await openPostgresTarget(database, store, 1)),
    source: async () => kept(await openPostgresSource(database)),
  };
}

function kept<T extends { close(): Promise<void> }>(end: T): T {
  scope.defer(() => end.close());
  return end;
}

const sumsOf = (end: Pick<CopySource, "page">) =>
  Promise.all(copiedTables.map((table) => sumOf(end, table)));

test("every table of a database is copied, or says which database it is", async () => {
  const directory = tempFolder(scope, "tables");
  await openIn(scope, directory);
  const client = new Database(join(directory, "breadbox.db"), { readonly: true });
  const names = client
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all()
    .map(({ name }) => name);
  client.close();

  expect([...copiedTables.map(({ name }) => name), "store", "schema_migrations"].sort()).toEqual(
    names.sort(),
  );
});

const ways: readonly (readonly [string, () => Promise<Place>, () => Promise<Place>])[] = [
  ["SQLite to PostgreSQL", async () => fileAt(), databaseOf],
  ["PostgreSQL to SQLite", databaseOf, async () => fileAt()],
];

describe.skipIf(server === null).each(ways)("from %s", (_, from, to) => {
  /** A source with rows in every table, and an empty target. */
  async function filled(count: number) {
    const [one, other] = [await from(), await to()];
    const source = await one.target();
    await fillAll(source, upTo(count));
    return { one, other, source, target: await other.target() };
  }

  test("rows of every table arrive as they were", async () => {
    const { one, target } = await filled(70);

    const synced = await syncRows(await one.source(), target, whole, quiet);

    expect(synced.map(({ written }) => written)).toEqual(copiedTables.map(() => 70));
    expect(await sumsOf(target)).toEqual(await sumsOf(await one.source()));
  });

  test("a second run writes what was added and changed, and removes what was deleted", async () => {
    const { one, other, source, target } = await filled(5);
    await fillAll(source, [70]);
    await syncRows(await one.source(), target, whole, quiet);
    const [repositories] = copiedTables.filter(({ name }) => name === "repositories");
    if (repositories === undefined) throw new Error("no table of repositories");
    await removeAll(source, 2);
    const [changed = []] = await source.page(repositories, { after: null, upTo: null, limit: 1 });
    await source.put(repositories, [changed.map((cell) => (typeof cell === "number" ? 99 : cell))]);
    await fillAll(source, [80, 81]);

    await target.close();
    const again = await other.target();
    const synced = await syncRows(await one.source(), again, whole, quiet);

    expect(await sumsOf(again)).toEqual(await sumsOf(await one.source()));
    const [found] = synced.filter(({ name }) => name === "repositories");
    expect(found).toEqual({ name: "repositories", written: 3, removed: 1 });
  });

  test("a run that broke off is continued where it broke", async () => {
    const { one, other, target } = await filled(10);
    let puts = 0;
    const breaking: CopyTarget = {
      ...target,
      put: async (table, rows) => {
        puts += 1;
        if (puts === 5) throw new Error("the line broke");
        await target.put(table, rows);
      },
    };
    const source = await one.source();
    await expect(syncRows(source, breaking, whole, quiet)).rejects.toThrow("the line broke");

    await target.close();
    const again = await other.target();
    const synced = await syncRows(source, again, whole, quiet);

    expect(synced.map(({ written }) => written)).toEqual(
      copiedTables.map((_, place) => (place < 4 ? 0 : 10)),
    );
    expect(await sumsOf(again)).toEqual(await sumsOf(source));
  });

  test("what is written to the source while it is read does not show", async () => {
    const { one, source, target } = await filled(3);
    const moment = await one.source();
    await fillAll(source, [90]);

    await syncRows(moment, target, whole, quiet);

    expect((await sumsOf(target)).map(({ rows }) => rows)).toEqual(copiedTables.map(() => 3));
  });
});

describe.skipIf(server === null)("a database that is being filled", () => {
  test("is opened by no server and no command", async () => {
    const url = (await server?.createDatabase("filling")) ?? "";
    kept(await openPostgresTarget(databaseAt(url), store, 1));

    await expect(openAt(scope, url)).rejects.toThrow('is being filled by "breadbox migrate"');
  });

  test("is a store's own once it is finished", async () => {
    const url = (await server?.createDatabase("finished")) ?? "";
    const target = kept(await openPostgresTarget(databaseAt(url), store, 1));
    await fillAll(target, [7]);
    await target.finish();
    await target.close();

    expect((await openPostgresTarget(databaseAt(url), store, 1).then(kept)).isFinished).toBe(true);
    expect(kept(await openPostgresSource(databaseAt(url))).store).toEqual(store);
  });

  test("numbers new rows beyond those that were copied", async () => {
    const url = (await server?.createDatabase("numbers")) ?? "";
    const target = kept(await openPostgresTarget(databaseAt(url), store, 1));
    await fillAll(target, [41]);
    await target.finish();
    const client = postgres(url, { max: 1 });
    const [made] =
      await client`insert into buckets (name, created_at) values ('new', 1) returning id`;
    await client.end();

    expect(made).toEqual({ id: "42" });
  });

  test("is filled by one run at a time, and by none that has lost its hold", async () => {
    if (server === null) throw new Error("postgresql not installed");
    const { admin } = server;
    const url = await server.createDatabase("alone");
    const first = kept(await openPostgresTarget(databaseAt(url), store, 1));
    const second = openPostgresTarget(databaseAt(url), store, 1);
    await expect(second).rejects.toThrow('another "breadbox migrate" is filling');

    const ended = await admin`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = 'alone' and state = 'idle in transaction'`;
    expect(ended).toHaveLength(1);
    await waitFor("the lost hold", () =>
      fillAll(first, [1]).then(
        () => false,
        () => true,
      ),
    );

    await expect(fillAll(first, [2])).rejects.toThrow("holds the new database broke");
    const third = kept(await openPostgresTarget(databaseAt(url), store, 1));
    await fillAll(third, [3]);
  });

  test("is not another store's", async () => {
    const url = (await server?.createDatabase("other")) ?? "";
    await openAt(scope, url);

    await expect(openPostgresTarget(databaseAt(url), store, 1)).rejects.toThrow(
      "is the database of another store",
    );
  });
});
