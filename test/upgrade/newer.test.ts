// A store that a newer Breadbox has written: refused with what to do, and not a byte of it touched, its database's log included.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, pushImage } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const image = buildImage({ seed: "newer", layerSizes: [2000] });
const commands: readonly (readonly string[])[] = [
  ["serve", "--listen", "127.0.0.1:0"],
  ["fsck"],
  ["fsck", "--repair"],
  ["gc", "--yes"],
  ["uploads", "ls"],
  ["user", "ls"],
];

/** Which process has the directory, and its settings: no part of the store. */
const ofServer = /^(?:lock|pid|settings\.json)$/;

/** Of each file its bytes and when they were last written. The index of the log is SQLite's own and holds no data. */
function snapshot(data: string): Readonly<Record<string, string>> {
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    files.flatMap((name) => {
      if (name.endsWith("-shm") || ofServer.test(name)) return [];
      const path = join(data, name);
      const found = statSync(path);
      const bytes = found.isFile() ? sha256(readFileSync(path)) : "a folder";
      return [[name, `${bytes} ${found.mtimeMs}`]];
    }),
  );
}

async function expectRefused(
  command: readonly string[],
  data: string,
  env: Record<string, string> = {},
): Promise<void> {
  const all = [await breadboxBinary(), ...command, "--data", data];
  const { code, output } = await run(all, { env, mayFail: true, timeoutMs: 30_000 });
  expect([command, code]).toEqual([command, 1]);
  expect(output).toContain("run the Breadbox that wrote it or a newer one");
}

/** Commits what a newer version would have, and dies without moving the log into the database. */
const newerRow = `
  const { Database } = require("bun:sqlite");
  new Database(process.argv[1]).run("INSERT INTO schema_migrations VALUES ('9999_future', 'ab', 1)");
  process.kill(process.pid, "SIGKILL");
`;

test("a data directory of a newer version is refused by every command, and not touched", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  await pushImage(`${server.url}/v2/team/app`, "v1", image);
  await server.kill9();
  const { data } = server;
  const database = join(data, "breadbox.db");
  await run([process.execPath, "-e", newerRow, database], { mayFail: true });
  const before = snapshot(data);
  expect(statSync(`${database}-wal`).size).toBeGreaterThan(0);

  for (const command of commands) {
    await expectRefused(command, data);
    expect([command, snapshot(data)]).toEqual([command, before]);
  }
}, 60_000);

clientTest(
  "a PostgreSQL database of a newer version is refused by every command, and no row is touched",
  { commands: [], reason: postgresIsMissing, timeoutMs: 120_000 },
  async (scope) => {
    const database = await startPostgres(scope);
    const url = await database.createDatabase("newer");
    const env = { BREADBOX_DATABASE_URL: url };
    const server = await startBreadbox(scope, { env });
    await pushImage(`${server.url}/v2/team/app`, "v1", image);
    await server.stop();
    const { data } = server;
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    scope.defer(() => sql.end({ timeout: 1 }));
    await sql`insert into schema_migrations values ('9999_future', 'ab', 1)`;
    const rows = async (): Promise<Readonly<Record<string, string>>> => {
      const tables = await sql<{ name: string }[]>`
        select tablename as name from pg_tables where schemaname = 'public' order by 1`;
      const found: Record<string, string> = {};
      for (const { name } of tables) {
        // A row that is written anew has another xmin.
        const all = await sql`select xmin::text as x, t.* from ${sql(name)} t order by ctid`;
        found[name] = sha256(JSON.stringify(all));
      }
      return found;
    };
    const before = [await rows(), snapshot(data)];

    for (const command of commands) {
      await expectRefused(command, data, env);
      expect([command, await rows(), snapshot(data)]).toEqual([command, ...before]);
    }

    const empty = join(tempFolder(scope, "newer"), "data");
    await expectRefused(["serve", "--listen", "127.0.0.1:0"], empty, env);
    expect(await rows()).toEqual(Object(before[0]));
  },
);
