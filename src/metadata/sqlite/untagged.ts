// The rule for untagged manifests on SQLite. What may go is gathered in a table of this connection only, round by round, so that
// the plan of a dry run follows indexes and subjects as far as the deletion would.
import { type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { RepositoryName } from "../../model/names.ts";
import type { AgeLimits } from "../collection.ts";
import type { ManifestKey } from "../metadata.ts";
import { objects } from "../rows/objectsSchema.ts";
import { type Gone, isUnnamed, never } from "../rows/releases.ts";
import { dropManifest } from "../rows/removals.ts";
import type { Body, Rows, Tx } from "../rows/rows.ts";
import {
  contents,
  manifestReferences,
  manifests,
  referrers,
  releasedManifests,
} from "../rows/schema.ts";
import { type Params, rawStatement } from "../rows/statement.ts";
import type { ReleasedContent, UntaggedHold, UntaggedMetadata } from "../untagged.ts";
import type { Connection } from "./connection.ts";
import { createPushes, gatherPushes, isAwaited } from "./pushes.ts";

const doomed = sql.raw("temp.doomed");

/** Builds the rule's part of the port over one connection. */
export function untaggedMetadata(
  connection: Connection,
  db: BunSQLiteDatabase,
  rows: Rows,
): UntaggedMetadata {
  createPushes(db);
  return {
    planUntagged: ({ pushedBefore }, limits) =>
      connection.read(() => {
        gather(db, pushedBefore);
        gatherPushes(db, limits);
        const planned = {
          manifests: db.all<ManifestKey>(
            sql`SELECT repository, digest FROM ${doomed} ORDER BY round, repository, digest`,
          ),
          released: db.all<ReleasedRow>(released(limits)).map(toReleased),
        };
        db.run(sql`DELETE FROM ${doomed}`);
        return planned;
      }),
    sumUntagged: (limit) =>
      connection.read(() => {
        gather(db, Number.MAX_SAFE_INTEGER);
        const hold = sumDoomed(db, limit);
        db.run(sql`DELETE FROM ${doomed}`);
        return hold;
      }),
    removeUntagged: (keys, limits) =>
      rows.write(
        (tx) => removeUntagged(tx, keys, limits),
        (count) => count > 0,
      ),
  };
}

/** The manifest, if the rule lets it go. */
const findFree = rawStatement(
  ({ repository, digest, pushedBefore }: Params<ManifestKey & { pushedBefore: number }>) => sql`
    SELECT 1 FROM ${manifests} AS m
    WHERE m.repository = ${repository} AND m.digest = ${digest} AND ${free(pushedBefore, never)}
  `,
);

function* removeUntagged(
  tx: Tx,
  keys: readonly ManifestKey[],
  { pushedBefore, now }: Parameters<UntaggedMetadata["removeUntagged"]>[1],
): Body<number> {
  let gone = 0;
  for (const key of keys) {
    if ((yield* tx.get(findFree, { ...key, pushedBefore })) === undefined) continue;
    dropManifest(tx, { ...key, now });
    gone += 1;
  }
  return gone;
}

interface ReleasedRow extends Omit<ReleasedContent, "isExplained"> {
  readonly isExplained: number;
}

const toReleased = ({ isExplained, ...content }: ReleasedRow): ReleasedContent => ({
  ...content,
  isExplained: isExplained === 1,
});

/** The first round looks at every manifest, the others at what the round before has freed. */
function gather(db: BunSQLiteDatabase, pushedBefore: number): void {
  db.run(sql`
    CREATE TEMP TABLE IF NOT EXISTS doomed (
      repository TEXT NOT NULL, digest TEXT NOT NULL, round INTEGER NOT NULL, explained INTEGER NOT NULL,
      PRIMARY KEY (repository, digest)
    ) WITHOUT ROWID
  `);
  db.run(sql`DELETE FROM ${doomed}`);
  const add = (round: number, candidates: SQL): number =>
    db.all(sql`
      INSERT OR IGNORE INTO ${doomed}
      SELECT m.repository, m.digest, ${round}, ${round === 0 ? wasReleased : isFreedByReleased} FROM ${candidates} AS m
      WHERE ${free(pushedBefore, isDoomed)}
      RETURNING 1
    `).length;
  let added = add(0, sql`${manifests}`);
  for (let round = 1; added > 0; round += 1) added = add(round, freedBy(round - 1));
}

/** What the gathered manifests keep. */
function sumDoomed(db: BunSQLiteDatabase, limit: number): UntaggedHold {
  const counts = db.all<{ repository: RepositoryName; manifests: number }>(
    sql`SELECT repository, count(*) AS manifests FROM ${doomed} GROUP BY repository`,
  );
  const kept = db.all<{ repository: RepositoryName; blobs: number; bytes: number }>(sql`
    SELECT repository, count(*) AS blobs, sum(size) AS bytes FROM (
      SELECT min(r.repository) AS repository, c.size AS size FROM ${doomed} AS d
      CROSS JOIN ${manifestReferences} AS r ON r.repository = d.repository AND r.manifest = d.digest
      CROSS JOIN ${contents} AS c ON c.digest = r.digest
      WHERE NOT EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.digest = c.digest)
        AND NOT EXISTS (
          SELECT 1 FROM ${manifestReferences} AS r INDEXED BY manifest_references_by_digest
          WHERE r.digest = c.digest AND NOT ${isDoomed(sql`r.repository`, sql`r.manifest`)}
        )
      GROUP BY c.digest
    ) GROUP BY repository
  `);
  const bytesOf = new Map(kept.map(({ repository, bytes }) => [repository, bytes]));
  const repositories = counts
    .map((each) => ({ ...each, bytes: bytesOf.get(each.repository) ?? 0 }))
    .sort((one, two) => two.bytes - one.bytes || two.manifests - one.manifests);
  return {
    manifests: counts.reduce((sum, { manifests }) => sum + manifests, 0),
    blobs: kept.reduce((sum, { blobs }) => sum + blobs, 0),
    bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0),
    repositories: repositories.slice(0, limit),
    otherRepositories: Math.max(0, repositories.length - limit),
  };
}

/** For the manifest `m`: an answered request took its last name. */
const wasReleased = sql`EXISTS (
  SELECT 1 FROM ${releasedManifests} AS e WHERE e.repository = m.repository AND e.digest = m.digest
)`;

/** For the manifest `m`, whose indexes and subject are all doomed: an answered request explains each of them. */
const isFreedByReleased = sql`NOT EXISTS (
    SELECT 1 FROM ${manifestReferences} AS r INDEXED BY manifest_references_by_digest
    JOIN ${doomed} AS d ON d.repository = r.repository AND d.digest = r.manifest
    WHERE r.digest = m.digest AND r.repository = m.repository AND r.kind = 'child' AND NOT d.explained
  )
  AND NOT EXISTS (
    SELECT 1 FROM ${doomed} AS d WHERE d.repository = m.repository AND d.digest = m.subject AND NOT d.explained
  )`;

/** What the manifests of a round name as children, and what names them as its subject: from them to the others, never the other way. */
function freedBy(round: number): SQL {
  return sql`(
    SELECT child.* FROM ${doomed} AS d
    CROSS JOIN ${manifestReferences} AS r
      ON r.repository = d.repository AND r.manifest = d.digest AND r.kind = 'child'
    CROSS JOIN ${manifests} AS child ON child.repository = r.repository AND child.digest = r.digest
    WHERE d.round = ${round}
    UNION
    SELECT about.* FROM ${doomed} AS d
    CROSS JOIN ${referrers} AS f ON f.repository = d.repository AND f.subject = d.digest
    CROSS JOIN ${manifests} AS about ON about.repository = f.repository AND about.digest = f.digest
    WHERE d.round = ${round}
  )`;
}

const isDoomed: Gone = (repository, digest) =>
  sql`EXISTS (SELECT 1 FROM ${doomed} AS d WHERE d.repository = ${repository} AND d.digest = ${digest})`;

/** The rule, for the manifest `m`. */
export function free(pushedBefore: number | SQL, gone: Gone): SQL {
  return sql`m.pushed_at <= ${pushedBefore} AND ${isUnnamed(gone)}`;
}

/** Content that only doomed manifests name, and no object is made of, old enough and not leased. */
function released(limits: AgeLimits): SQL {
  return sql`
    SELECT ${contents.digest}, ${contents.size}, NOT EXISTS (
        SELECT 1 FROM ${manifestReferences} AS r
        JOIN ${doomed} AS d ON d.repository = r.repository AND d.digest = r.manifest
        WHERE r.digest = ${contents.digest} AND NOT d.explained
      ) AS isExplained
    FROM ${contents}
    WHERE ${contents.digest} IN (
        SELECT r.digest FROM ${doomed} AS d
        CROSS JOIN ${manifestReferences} AS r ON r.repository = d.repository AND r.manifest = d.digest
      )
      AND ${contents.keptUntil} <= ${limits.now} AND ${contents.createdAt} <= ${limits.olderThan}
      AND NOT ${isAwaited(limits.pushesSince)}
      AND NOT EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.digest = ${contents.digest})
      AND NOT EXISTS (
        SELECT 1 FROM ${manifestReferences} AS r
        WHERE r.digest = ${contents.digest} AND NOT ${isDoomed(sql`r.repository`, sql`r.manifest`)}
      )
    ORDER BY ${contents.digest}
  `;
}
