// The rows of a test's store: in its directory, or, with BREADBOX_TEST_DATABASE, in a database of a PostgreSQL server.
import postgres from "postgres";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { openPostgres } from "../../src/metadata/postgres/open.ts";
import { openSqlite, type SqliteOptions } from "../../src/metadata/sqlite/open.ts";

const server = process.env["BREADBOX_TEST_DATABASE"];
const names = new Map<string, string>();

/** Opens them as a server does; again for a directory that was open before. */
export async function openRows(options: SqliteOptions): Promise<{ readonly metadata: Metadata }> {
  if (server === undefined) return openSqlite(options);
  const url = new URL(server);
  url.pathname = `/${await databaseOf(options.directory, server)}`;
  return openPostgres({
    ...options,
    database: { url: url.href, ca: "", pooled: false, connections: 8, statementTimeoutMs: 10_000 },
    patienceMs: 5_000,
    random: Math.random,
  });
}

/** Each directory has a database of its own. */
async function databaseOf(directory: string, server: string): Promise<string> {
  const known = names.get(directory);
  if (known !== undefined) return known;
  const name = `store_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  names.set(directory, name);
  const admin = postgres(server, { max: 1 });
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  return name;
}
