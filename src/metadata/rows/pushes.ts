// The pushes that go on, gathered once for a transaction in a table of this connection only: who asks thousands of rows whether
// somebody pushes finds the answer by a repository's name, however many upload sessions are open.
import { type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { AgeLimits } from "../collection.ts";
import type { GoingPush } from "../usage.ts";
import type { Tx } from "./rows.ts";
import { contents, repositories, repositoryContents, uploadSessions } from "./schema.ts";
import { databaseNow } from "./spelling.ts";
import { type Given, type Params, rawStatement, temporaryTable } from "./statement.ts";

const gathered = temporaryTable(
  "pushes",
  "repository TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL",
);

const forget = rawStatement(() => sql`DELETE FROM ${gathered}`);

/**
 * Repositories that are pushed to, and since when. Uploads follow each other up to now, those that are open, or the
 * latest ones while their promise lasts. A session that began later than `pushing_until` is another push. Steps from repository to
 * repository along an index, and to the oldest session that counts in each.
 */
const gather = rawStatement(
  ({ now, bytesSince }: Params<Pick<AgeLimits, "now" | "bytesSince">>) => sql`
    INSERT INTO ${gathered}
    WITH RECURSIVE open(repository) AS (
      SELECT min(repository) FROM ${uploadSessions}
      UNION ALL
      SELECT (SELECT min(s.repository) FROM ${uploadSessions} AS s WHERE s.repository > open.repository)
      FROM open WHERE open.repository IS NOT NULL
    ), begun(repository, since) AS (
      SELECT open.repository, (
        SELECT s.started_at FROM ${uploadSessions} AS s
        WHERE s.repository = open.repository AND (s.updated_at > ${bytesSince}
          OR (s.claim_owner IS NOT NULL AND (s.claim_until IS NULL OR s.claim_until >= ${databaseNow})))
        ORDER BY s.started_at LIMIT 1
      ) FROM open
    )
    SELECT repository, min(since) FROM (
      SELECT name AS repository, pushing_since AS since FROM ${repositories} WHERE pushing_until > ${now}
      UNION ALL
      SELECT r.name, CASE WHEN r.pushing_until > begun.since THEN r.pushing_since ELSE begun.since END
      FROM begun CROSS JOIN ${repositories} AS r ON r.name = begun.repository
      WHERE begun.since IS NOT NULL
    ) AS going GROUP BY repository
  `,
);

/** Gathers them. */
export function gatherPushes(tx: Tx, { now, bytesSince }: AgeLimits): void {
  tx.run(forget, {});
  tx.run(gather, { now, bytesSince });
}

/** For rows of `contents` and `repositoryContents`: it was promised to a push into this repository that still goes on. 0 or 1. */
export const isAwaitedIn = (pushesSince: Given<number>): SQL =>
  sql`(${contents.keptUntil} > ${pushesSince} AND EXISTS (
    SELECT 1 FROM ${gathered} AS push
    WHERE push.repository = ${repositoryContents.repository} AND push.since < ${contents.keptUntil}
  ))`;

/** For a row of `contents`: it was promised to a push that still goes on. */
export const isAwaited = (pushesSince: Given<number>): SQL =>
  sql`(${contents.keptUntil} > ${pushesSince} AND EXISTS (
    SELECT 1 FROM ${repositoryContents} CROSS JOIN ${gathered} AS push
      ON push.repository = ${repositoryContents.repository} AND push.since < ${contents.keptUntil}
    WHERE ${repositoryContents.digest} = ${contents.digest}
  ))`;

/** The longest of the gathered pushes that the content was promised to. */
export const findAwaiting = rawStatement<{ digest: Digest; pushesSince: number }, GoingPush>(
  ({ digest, pushesSince }) => sql`
    SELECT push.repository, push.since
    FROM ${contents} CROSS JOIN ${repositoryContents} ON ${repositoryContents.digest} = ${contents.digest}
    CROSS JOIN ${gathered} AS push ON push.repository = ${repositoryContents.repository}
    WHERE ${contents.digest} = ${digest} AND ${isAwaitedIn(pushesSince)}
    ORDER BY push.since, push.repository LIMIT 1`,
);
