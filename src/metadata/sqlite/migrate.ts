// Brings a database's schema up to this build's, in one transaction, or refuses. Drizzle's own migrator reads a folder,
// which an executable does not have, and lets an older build run on a newer schema.
import type { Database } from "bun:sqlite";
import { type AppliedMigration, hashOf, type Migration, pendingOf } from "../migration.ts";
import { migrations as embedded } from "./migrations.ts";

/**
 * How many migrations are still to be applied.
 * @throws SchemaTooNewError when the database knows one that this build does not.
 */
export function pendingMigrations(
  client: Database,
  migrations: readonly Migration[] = embedded,
): number {
  return pendingOf(migrations, readApplied(client), client.filename).length;
}

/** The tag of the first migration that is still to be applied; "" for none. @throws as `pendingMigrations`. */
export function nextMigration(client: Database): string {
  return pendingOf(embedded, readApplied(client), client.filename)[0]?.tag ?? "";
}

/**
 * Applies what is pending, all or nothing; `now` is Unix ms. Repeating it changes nothing. @returns how many that were.
 * Leaves the connection with foreign keys off if it applied any: the caller turns them on.
 * @throws SchemaTooNewError
 */
export function migrate(
  client: Database,
  now: number,
  migrations: readonly Migration[] = embedded,
): number {
  if (pendingMigrations(client, migrations) === 0) return 0;
  // A generated migration may rebuild a table; inside a transaction this pragma does nothing.
  client.run("PRAGMA foreign_keys = OFF");
  return client
    .transaction(() => {
      // Asked again under the write lock: another process may have been faster.
      const pending = pendingMigrations(client, migrations);
      client.run(
        "CREATE TABLE IF NOT EXISTS schema_migrations (tag text PRIMARY KEY NOT NULL, sha256 text NOT NULL, applied_at integer NOT NULL)",
      );
      for (const migration of migrations.slice(migrations.length - pending)) {
        client.run(migration.sql);
        client.run("INSERT INTO schema_migrations (tag, sha256, applied_at) VALUES (?, ?, ?)", [
          migration.tag,
          hashOf(migration),
          now,
        ]);
      }
      assertReferences(client);
      return pending;
    })
    .immediate();
}

function readApplied(client: Database): AppliedMigration[] {
  if (!hasTable(client, "schema_migrations")) return [];
  return client
    .query<AppliedMigration, []>("SELECT tag, sha256 FROM schema_migrations ORDER BY tag")
    .all();
}

/** Tells whether a table exists. */
export function hasTable(client: Database, name: string): boolean {
  return (
    client.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== null
  );
}

function assertReferences(client: Database): void {
  if (client.query("PRAGMA foreign_key_check").get() === null) return;
  throw new Error(
    `${client.filename}: a migration would break references between rows; nothing was changed`,
  );
}
