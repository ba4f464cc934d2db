// A database of PostgreSQL for the tests of a file: opened once, emptied after each test.
import { afterAll, beforeAll, describe } from "bun:test";
import postgres from "postgres";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import {
  type OpenedPostgres,
  openPostgres,
  type PostgresDatabase,
} from "../../src/metadata/postgres/open.ts";
import { type PostgresServer, postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { now } from "./database.ts";

/** A suite with a server of its own, where PostgreSQL is installed. @param suite may call `server` in its tests. */
export function describeOnPostgres(
  name: string,
  suite: (server: () => PostgresServer) => void,
): void {
  describe.if(postgresIsMissing() === null)(name, () => {
    const scope = new Scope();
    let started: PostgresServer | null = null;
    beforeAll(async () => {
      started = await startPostgres(scope);
    }, 60_000);
    afterAll(() => scope.close());
    suite(() => {
      if (started === null) throw new Error("the server did not start");
      return started;
    });
  });
}

/** A database as the settings have it. */
export const databaseAt = (url: string, changes: Partial<PostgresDatabase> = {}) => ({
  ...{ url, ca: "", pooled: false, connections: 8, statementTimeoutMs: 10_000 },
  ...changes,
});

/** Opens a database; closing it is up to the scope. */
export async function openAt(
  scope: Scope,
  url: string,
  options: Partial<Parameters<typeof openPostgres>[0]> = {},
): Promise<OpenedPostgres> {
  const opened = await openPostgres({
    database: databaseAt(url),
    patienceMs: 5_000,
    ...{ directory: tempFolder(scope, "metadata"), role: "server", clock: () => now },
    ...{ latch: new WriteLatch(() => {}), newId: () => Bun.randomUUIDv7(), random: Math.random },
    ...options,
  });
  scope.defer(() => opened.metadata.close());
  return opened;
}

/** A new database of a server, open, and what takes all rows out of it. */
export async function openPostgresIn(scope: Scope, server: PostgresServer, name: string) {
  const url = await server.createDatabase(name);
  const opened = await openAt(scope, url);
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  scope.defer(() => admin.end({ timeout: 1 }));
  const found = await admin`select relname as name from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace`;
  const kept = new Set(["schema_migrations", "store"]);
  const deletions = found
    .map(({ name }) => String(name))
    .filter((table) => !kept.has(table))
    .map((table) => `delete from ${table};`);
  // Without its triggers no order of the tables is needed.
  const restart = "select setval(oid, 1, false) from pg_class where relkind = 'S'";
  const empty = `set session_replication_role = replica; ${deletions.join(" ")} ${restart}`;
  return {
    ...opened,
    url,
    admin,
    async empty() {
      await admin.unsafe(empty);
    },
  };
}
