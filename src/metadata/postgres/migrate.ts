// Brings a database's schema up to this build's and gives it its id, in one transaction, or refuses. Several replicas may start at
// once: the row of a migration is written before the migration is made, so that the second one waits for the first and finds it done.
import { type AppliedMigration, hashOf, type Migration, pendingOf } from "../migration.ts";
import { DatabaseUnfitError } from "../openErrors.ts";
import type { Line } from "./line.ts";
import { migrations as embedded } from "./migrations.ts";

/** What is in a database. */
export interface Found {
  /** Its id; null for an empty one. */
  readonly storeId: string | null;
  readonly pending: readonly Migration[];
  readonly hasContents: boolean;
}

/** Earlier ones have been out of support since 2025. */
const oldestServer = 140_000;

/** Looks, and changes nothing. @throws SchemaTooNewError, DatabaseUnfitError */
export async function lookAt(
  line: Line,
  place: string,
  migrations: readonly Migration[] = embedded,
): Promise<Found> {
  await assertFit(line, place);
  const isNew = (await first(line, "select to_regclass('schema_migrations') is null")) === true;
  if (isNew) return { storeId: null, pending: migrations, hasContents: false };
  const pending = pendingOf(migrations, await readApplied(line), place);
  const storeId = await first(line, "select id from store");
  const hasContents = (await first(line, "select exists (select 1 from contents)")) === true;
  return { storeId: typeof storeId === "string" ? storeId : null, pending, hasContents };
}

async function assertFit(line: Line, place: string): Promise<void> {
  const version = Number(await first(line, "select current_setting('server_version_num')"));
  if (version < oldestServer) {
    throw new DatabaseUnfitError(
      `${place} is PostgreSQL ${Math.floor(version / 10_000)}: 14 or newer is needed`,
    );
  }
  const encoding = await first(line, "select current_setting('server_encoding')");
  if (encoding !== "UTF8") {
    throw new DatabaseUnfitError(
      `${place} has the encoding ${String(encoding)}: create the database with ENCODING 'UTF8'`,
    );
  }
  if ((await first(line, "select current_setting('synchronous_commit')")) === "off") {
    throw new DatabaseUnfitError(
      `${place} has synchronous_commit off: what was answered could be lost; switch it on for the database or its user`,
    );
  }
}

/** What a migration needs. */
export interface Migrating {
  readonly place: string;
  /** Unix ms. */
  readonly now: number;
  /** The id that an empty database gets. */
  readonly newStoreId: string;
  readonly migrations?: readonly Migration[];
}

/**
 * Applies what is pending, all or nothing. Repeating it changes nothing. @returns the database's id, and how many were applied.
 * @throws SchemaTooNewError; the driver's errors, after which nothing has changed: another attempt may succeed.
 */
export async function migrate(
  line: Line,
  { place, now, newStoreId, migrations = embedded }: Migrating,
): Promise<{ readonly storeId: string; readonly applied: number }> {
  await line.send("begin; set local statement_timeout = 0");
  try {
    await line.send(
      "create table if not exists schema_migrations (tag text primary key, sha256 text not null, applied_at bigint not null)",
    );
    const pending = pendingOf(migrations, await readApplied(line), place);
    for (const migration of pending) {
      await line.send(
        "insert into schema_migrations (tag, sha256, applied_at) values ($1, $2, $3)",
        [migration.tag, hashOf(migration), now],
      );
      await line.send(inSearchPath(migration.sql));
    }
    await line.send(
      "insert into store (id, created_at) select $1, $2 where not exists (select 1 from store)",
      [newStoreId, now],
    );
    const storeId = String(await first(line, "select id from store"));
    await line.send("commit");
    return { storeId, applied: pending.length };
  } catch (error) {
    await line.send("rollback").catch(() => undefined);
    throw error;
  }
}

/** The generator names the schema `public`; where the tables are is the operator's choice (`search_path`). */
const inSearchPath = (sql: string): string => sql.replaceAll('"public".', "");

async function readApplied(line: Line): Promise<readonly AppliedMigration[]> {
  const { rows } = await line.send("select tag, sha256 from schema_migrations order by tag");
  return rows.map(([tag, sha256]) => ({ tag: String(tag), sha256: String(sha256) }));
}

async function first(line: Line, text: string): Promise<unknown> {
  return (await line.send(text)).rows[0]?.[0];
}
