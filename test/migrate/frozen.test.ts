// A database of PostgreSQL that is left for another place: it refuses changes, and takes them again when the migration fails.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import postgres from "postgres";
import type { StoreConfig } from "../../src/config/store.ts";
import { freezePostgres } from "../../src/metadata/postgres/freeze.ts";
import { runMigrate } from "../../src/migrating.ts";
import { databaseAt, openAt } from "../metadata/postgresDatabase.ts";
import { missing } from "../support/clientTest.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const scope = new Scope();
afterAll(() => scope.close());
const why = missing({ commands: [], reason: postgresIsMissing });
const server = why === null ? await startPostgres(scope) : null;
if (why !== null) console.warn(`skipped: ${why}: databases that refuse changes`);

/** A store on PostgreSQL, with a bucket for objects in it. */
async function storeIn(name: string) {
  if (server === null) throw new Error("postgresql not installed");
  const url = await server.createDatabase(name);
  const directory = tempFolder(scope, "frozen");
  const { metadata } = await openAt(scope, url, { directory });
  await metadata.close();
  const from: StoreConfig = { data: directory, database: databaseAt(url), bucket: null };
  const client = () => {
    const made = postgres(url, { max: 1, onnotice: () => {} });
    scope.defer(() => made.end({ timeout: 1 }));
    return made;
  };
  return { from, url, client };
}

const write = (client: postgres.Sql) =>
  client`insert into buckets (name, created_at) values (${Bun.randomUUIDv7()}, 1)`.then(
    () => "written",
    (error: Error) => error.message,
  );

const home = (): StoreConfig => ({
  ...{ data: join(tempFolder(scope, "home"), "data"), database: null, bucket: null },
});

const request = { dryRun: false, takesOver: true, acceptsDamage: false };
const onProgress = () => {};

describe.skipIf(server === null)("the old database of a migration", () => {
  test("refuses changes once another place has taken over, also on open connections", async () => {
    const { from, client } = await storeIn("taken_over");
    const open = client();
    expect(await write(open)).toBe("written");

    const { end } = await runMigrate({ from, to: home(), request, onProgress });

    expect(end).toBe("switched");
    await write(open);
    expect(await write(open)).toContain("read-only transaction");
    expect(await write(client())).toContain("read-only transaction");
    expect((await client()`select name from buckets`).length).toBe(1);
  });

  test("is closed only when every connection that could write has ended", async () => {
    const { from, client } = await storeIn("closing");
    const open = client();
    const [mine] = await open`select pg_backend_pid() as pid`;
    let committed = 0;
    let isOver = false;
    // Never waited for: the driver forgets what was sent when the connection ended.
    void (async () => {
      while (!isOver) if ((await write(open)) === "written") committed += 1;
    })();
    await waitFor("some changes", () => committed > 20);

    await freezePostgres(databaseAt(from.database?.url ?? ""));
    const seen = client();
    const [found] = await seen`select count(*) as count from buckets`;
    isOver = true;

    expect(Number(found?.["count"])).toBeGreaterThanOrEqual(committed);
    expect(await seen`select from pg_stat_activity where pid = ${mine?.["pid"]}`).toHaveLength(0);
  });

  test("is closed while connections end by themselves", async () => {
    const { from, client } = await storeIn("leaving");
    const leaving = Array.from({ length: 30 }, client);
    await Promise.all(leaving.map((each) => each`select 1`));

    const freezing = freezePostgres(databaseAt(from.database?.url ?? ""));
    for (const each of leaving) {
      await Bun.sleep(1);
      void each.end({ timeout: 1 });
    }
    await freezing;

    expect(await write(client())).toContain("read-only transaction");
  });

  test("takes changes again when the migration fails", async () => {
    const { from, client } = await storeIn("failed");
    const to = home();
    await Bun.write(join(to.data, "breadbox.db"), "no database");

    await expect(runMigrate({ from, to, request, onProgress })).rejects.toThrow();

    expect(await write(client())).toBe("written");
  });

  test("is left for good by the run after one that was killed", async () => {
    const { from, client } = await storeIn("killed");
    await freezePostgres(databaseAt(from.database?.url ?? ""));
    expect(await write(client())).toContain("read-only transaction");

    const { end } = await runMigrate({ from, to: home(), request, onProgress });

    expect(end).toBe("switched");
    expect(await write(client())).toContain("read-only transaction");
  });

  test("is not touched by a user who does not own it", async () => {
    const { from, client, url } = await storeIn("owned");
    await client().unsafe(
      "create role clerk login; grant all on all tables in schema public to clerk; grant create on schema public to clerk",
    );
    const clerk = databaseAt(url.replace("breadbox@", "clerk@"));

    await expect(
      runMigrate({ from: { ...from, database: clerk }, to: home(), request, onProgress }),
    ).rejects.toThrow("must be owner of database owned");

    expect(await write(client())).toBe("written");
  });
});
