// A SQLite database in a temporary folder, for one test.
import type { Database } from "bun:sqlite";
import { Database as SqliteDatabase } from "bun:sqlite";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import type { BytesPlace } from "../../src/metadata/format.ts";
import type { Role } from "../../src/metadata/sqlite/connection.ts";
import { type OpenedSqlite, openSqlite } from "../../src/metadata/sqlite/open.ts";
import { memoryFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** Unix ms. */
export const now = 1_800_000_000_000;

/** Opens the database of `directory`; closing it is up to the scope, unless the test does it. */
export async function openIn(
  scope: Scope,
  directory: string,
  {
    role = "server",
    latch = new WriteLatch(() => {}),
    bytes = "files",
  }: { role?: Role; latch?: WriteLatch; bytes?: BytesPlace } = {},
): Promise<OpenedSqlite> {
  const opened = await openSqlite({
    directory,
    latch,
    role,
    bytes,
    clock: () => now,
    newId: () => Bun.randomUUIDv7(),
  });
  scope.defer(() => opened.metadata.close());
  return opened;
}

/** Opens a database in a folder of its own, in memory: that its syncs reach the disk is shown elsewhere (`durability.test.ts`). */
export async function openEmpty(scope: Scope): Promise<OpenedSqlite> {
  return openIn(scope, memoryFolder(scope, "metadata"));
}

/** A second connection, as a person with the sqlite3 shell has it. */
export function inspect(scope: Scope, directory: string): Database {
  const client = new SqliteDatabase(join(directory, "breadbox.db"));
  scope.defer(() => client.close(true));
  return client;
}
