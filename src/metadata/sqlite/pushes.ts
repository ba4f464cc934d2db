// The pushes that go on, gathered once for a transaction in a table of this connection only: who asks thousands of rows whether
// somebody pushes finds the answer by a repository's name, however many upload sessions are open.
import { type Placeholder, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { AgeLimits } from "../collection.ts";
import type { GoingPush } from "../keepers.ts";
import { contents, repositories, repositoryContents, uploadSessions } from "../rows/schema.ts";

const gathered = sql.raw("temp.pushes");

/** A time as a statement has it: a value, or a placeholder. */
type Time = number | Placeholder;

/** Makes sure that statements can name the table. Called before any of them is prepared. */
export function createPushes(db: BunSQLiteDatabase): void {
  db.run(sql`
    CREATE TEMP TABLE IF NOT EXISTS pushes (repository TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID
  `);
}

/**
 * Gathers them: repositories that are pushed to, and since when. Uploads follow each other up to now, those that are open, or the
 * latest ones while their promise lasts. A session that began later than `pushing_until` is another push. Steps from repository to
 * repository along an index, and to the oldest session that counts in each.
 */
export function gatherPushes(
  db: BunSQLiteDatabase,
  { now, bytesSince }: Pick<AgeLimits, "now" | "bytesSince">,
): void {
  db.run(sql`DELETE FROM ${gathered}`);
  db.run(sql`
    INSERT INTO ${gathered}
    WITH RECURSIVE open(repository) AS (
      SELECT min(repository) FROM ${uploadSessions}
      UNION ALL
      SELECT (SELECT min(s.repository) FROM ${uploadSessions} AS s WHERE s.repository > open.repository)
      FROM open WHERE open.repository IS NOT NULL
    ), begun(repository, since) AS (
      SELECT open.repository, (
        SELECT s.started_at FROM ${uploadSessions} AS s
        WHERE s.repository = open.repository AND (s.updated_at > ${bytesSince} OR s.claim_owner IS NOT NULL)
        ORDER BY s.started_at LIMIT 1
      ) FROM open
    )
    SELECT name, pushing_since FROM ${repositories} WHERE pushing_until > ${now}
    UNION ALL
    SELECT r.name, CASE WHEN r.pushing_until > begun.since THEN r.pushing_since ELSE begun.since END
    FROM begun CROSS JOIN ${repositories} AS r ON r.name = begun.repository
    WHERE begun.since IS NOT NULL
    ON CONFLICT DO UPDATE SET since = min(since, excluded.since)
  `);
}

/** For rows of `contents` and `repositoryContents`: it was promised to a push into this repository that still goes on. 0 or 1. */
export const isAwaitedIn = (pushesSince: Time): SQL =>
  sql`(${contents.keptUntil} > ${pushesSince} AND EXISTS (
    SELECT 1 FROM ${gathered} AS push
    WHERE push.repository = ${repositoryContents.repository} AND push.since < ${contents.keptUntil}
  ))`;

/** For a row of `contents`: it was promised to a push that still goes on. */
export const isAwaited = (pushesSince: Time): SQL =>
  sql`(${contents.keptUntil} > ${pushesSince} AND EXISTS (
    SELECT 1 FROM ${repositoryContents} CROSS JOIN ${gathered} AS push
      ON push.repository = ${repositoryContents.repository} AND push.since < ${contents.keptUntil}
    WHERE ${repositoryContents.digest} = ${contents.digest}
  ))`;

/** @returns the longest of the gathered pushes that the content was promised to; null for none. */
export function findAwaiting(
  db: BunSQLiteDatabase,
  digest: Digest,
  { pushesSince }: Pick<AgeLimits, "pushesSince">,
): GoingPush | null {
  const [found] = db.all<{ readonly repository: RepositoryName; readonly since: number }>(sql`
    SELECT push.repository, push.since
    FROM ${contents} CROSS JOIN ${repositoryContents} ON ${repositoryContents.digest} = ${contents.digest}
    CROSS JOIN ${gathered} AS push ON push.repository = ${repositoryContents.repository}
    WHERE ${contents.digest} = ${digest} AND ${isAwaitedIn(pushesSince)}
    ORDER BY push.since, push.repository LIMIT 1`);
  return found ?? null;
}
