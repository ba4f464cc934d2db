// The rule for untagged manifests. What may be deleted is gathered in a table of this connection only, round by round, so that the
// plan of a dry run follows indexes and subjects as far as the deletion would.
import { type SQL, sql } from "drizzle-orm";
import type { RepositoryName } from "../../model/names.ts";
import type { AgeLimits } from "../collection.ts";
import type { ManifestKey } from "../metadata.ts";
import type {
  ReleasedContent,
  UntaggedMetadata,
  UntaggedPlan,
  UntaggedRule,
  UntaggedSpace,
} from "../untagged.ts";
import { asHolder } from "./locks.ts";
import { objects } from "./objectsSchema.ts";
import { gatherPushes, isAwaited } from "./pushes.ts";
import { type Gone, isUnnamed, never } from "./releases.ts";
import { dropManifest } from "./removals.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents, manifestReferences, manifests, referrers, releasedManifests } from "./schema.ts";
import { type Given, type Params, rawStatement, temporaryTable } from "./statement.ts";

const doomed = temporaryTable(
  "doomed",
  `repository TEXT NOT NULL, digest TEXT NOT NULL, round INTEGER NOT NULL, explained INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)`,
);

/** Builds the rule's part of the port. */
export function untaggedMetadata(rows: Rows): UntaggedMetadata {
  return {
    planUntagged: (rule, limits) => rows.read((tx) => planUntagged(tx, rule, limits)),
    sumUntagged: (limit) => rows.read((tx) => sumUntagged(tx, limit)),
    removeUntagged: (hold, keys, limits) =>
      asHolder(rows, hold, (tx) => removeUntagged(tx, keys, limits)),
  };
}

function* planUntagged(
  tx: Tx,
  { pushedBefore }: UntaggedRule,
  limits: AgeLimits,
): Body<UntaggedPlan> {
  yield* gather(tx, pushedBefore);
  gatherPushes(tx, limits);
  const planned = yield* tx.all(listDoomed, {});
  const released = yield* tx.all(listReleased, limits);
  return {
    manifests: planned,
    released: released.map(({ isExplained, ...content }) => ({
      ...content,
      isExplained: isExplained === 1,
    })),
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
    WHERE r.digest = m.digest AND r.repository = m.repository AND r.kind = 'child' AND d.explained = 0
  )
  AND NOT EXISTS (
    SELECT 1 FROM ${doomed} AS d WHERE d.repository = m.repository AND d.digest = m.subject AND d.explained = 0
  )`;

/** What the manifests of a round name as children, and what names them as its subject: from them to the others, never the other way. */
const freedBy = (round: Given<number>): SQL => sql`(
    SELECT child.* FROM ${doomed} AS d
    CROSS JOIN ${manifestReferences} AS r
      ON r.repository = d.repository AND r.manifest = d.digest AND r.kind = 'child'
    CROSS JOIN ${manifests} AS child ON child.repository = r.repository AND child.digest = r.digest
    WHERE d.round = ${round} - 1
    UNION
    SELECT about.* FROM ${doomed} AS d
    CROSS JOIN ${referrers} AS f ON f.repository = d.repository AND f.subject = d.digest
    CROSS JOIN ${manifests} AS about ON about.repository = f.repository AND about.digest = f.digest
    WHERE d.round = ${round} - 1
  )`;

const isDoomed: Gone = (repository, digest) =>
  sql`EXISTS (SELECT 1 FROM ${doomed} AS d WHERE d.repository = ${repository} AND d.digest = ${digest})`;

/** The rule, for the manifest `m`. */
function free(pushedBefore: number | SQL, gone: Gone): SQL {
  return sql`m.pushed_at <= ${pushedBefore} AND ${isUnnamed(gone)}`;
}

const forget = rawStatement(() => sql`DELETE FROM ${doomed}`);

interface Round {
  /** Unix ms. */
  readonly pushedBefore: number;
  readonly round: number;
}

/** Adds those of the candidates that the rule lets go. */
const adding = (candidates: (round: Given<number>) => SQL, explained: SQL) =>
  rawStatement(
    ({ pushedBefore, round }: Params<Round>) => sql`
      INSERT INTO ${doomed}
      SELECT m.repository, m.digest, ${round}, CASE WHEN ${explained} THEN 1 ELSE 0 END FROM ${candidates(round)} AS m
      WHERE ${free(pushedBefore, isDoomed)}
      ON CONFLICT DO NOTHING RETURNING 1`,
  );

/** The first round looks at every manifest, the others at what the round before has freed. */
const addUnnamed = adding(() => sql`${manifests}`, wasReleased);
const addFreed = adding(freedBy, isFreedByReleased);

function* gather(tx: Tx, pushedBefore: number): Body<void> {
  tx.run(forget, {});
  let added = yield* tx.all(addUnnamed, { pushedBefore, round: 0 });
  for (let round = 1; added.length > 0; round += 1) {
    added = yield* tx.all(addFreed, { pushedBefore, round });
  }
}

const listDoomed = rawStatement<object, ManifestKey>(
  () => sql`SELECT repository, digest FROM ${doomed} ORDER BY round, repository, digest`,
);

/** The manifest, if the rule lets it go. */
export const findFree = rawStatement(
  ({ repository, digest, pushedBefore }: Params<ManifestKey & { pushedBefore: number }>) => sql`
    SELECT 1 FROM ${manifests} AS m
    WHERE m.repository = ${repository} AND m.digest = ${digest} AND ${free(pushedBefore, never)}
  `,
);

function* removeUntagged(
  tx: Tx,
  keys: readonly ManifestKey[],
  { pushedBefore, now }: Parameters<UntaggedMetadata["removeUntagged"]>[2],
): Body<number> {
  let gone = 0;
  for (const key of keys) {
    if ((yield* tx.get(findFree, { ...key, pushedBefore })) === undefined) continue;
    dropManifest(tx, { ...key, now });
    gone += 1;
  }
  return gone;
}

/** Content that only doomed manifests name, and no object is made of, old enough and not leased. */
const listReleased = rawStatement<
  AgeLimits,
  Omit<ReleasedContent, "isExplained"> & { readonly isExplained: number }
>(
  (limits) => sql`
    SELECT ${contents.digest}, ${contents.size}, CASE WHEN EXISTS (
        SELECT 1 FROM ${manifestReferences} AS r
        JOIN ${doomed} AS d ON d.repository = r.repository AND d.digest = r.manifest
        WHERE r.digest = ${contents.digest} AND d.explained = 0
      ) THEN 0 ELSE 1 END AS "isExplained"
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
  `,
);

const countDoomed = rawStatement<
  object,
  { readonly repository: RepositoryName; readonly manifests: number }
>(() => sql`SELECT repository, count(*) AS manifests FROM ${doomed} GROUP BY repository`);

/** Content that only doomed manifests name, counted for the first of their repositories. */
const sumHeld = rawStatement<
  object,
  { readonly repository: RepositoryName; readonly blobs: number; readonly bytes: number }
>(
  () => sql`
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
    ) AS held GROUP BY repository
  `,
);

/** What the manifests keep that the rule would let go at any age. */
function* sumUntagged(tx: Tx, limit: number): Body<UntaggedSpace> {
  yield* gather(tx, Number.MAX_SAFE_INTEGER);
  const counts = yield* tx.all(countDoomed, {});
  const kept = yield* tx.all(sumHeld, {});
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
