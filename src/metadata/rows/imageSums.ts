// Sums over everything that is stored, window by window, in the order of an index.
import { asc, gt, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { ContentSums, ImageSumsMetadata, KeptSum, LinkSum, TagSum } from "../images.ts";
import type { ManifestKey } from "../metadata.ts";
import { objects } from "./objectsSchema.ts";
import { repositoryPulls } from "./pullsSchema.ts";
import type { Rows } from "./rows.ts";
import {
  contents,
  manifestReferences,
  referrers,
  releasedManifests,
  repositoryContents,
  tags,
} from "./schema.ts";
import { listed } from "./spelling.ts";
import { type Params, rawStatement, statement } from "./statement.ts";

/** Rows of content of one window, tags, and manifests that nothing names: some milliseconds. */
const [contentRows, tagRows, releasedRows] = [2_000, 5_000, 20_000];

interface Ages {
  /** Unix ms. */
  readonly now: number;
  readonly olderThan: number;
}
interface After {
  readonly repository: RepositoryName | "";
  readonly digest: Digest | "";
  readonly limit: number;
}

/** A repository's part of a window, or with an empty name what keeps all of it. */
type SumRow = LinkSum & KeptSum & { readonly last: Digest | null };

const isMade = sql`EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.digest = c.digest)`;
const isNamed = sql`EXISTS (
  SELECT 1 FROM ${manifestReferences} AS r INDEXED BY manifest_references_by_digest WHERE r.digest = c.digest
)`;

/** One look at each row of content: what it adds to its repositories, and what keeps it. */
const sumWindow = rawStatement<
  { readonly after: Digest | ""; readonly limit: number } & Ages,
  SumRow
>(({ after, limit, now, olderThan }) => {
  const sum = (which: SQL): SQL => sql`coalesce(sum(CASE WHEN ${which} THEN p.size ELSE 0 END), 0)`;
  const isLeased = sql`(p.kept_until > ${now} OR p.created_at > ${olderThan})`;
  return sql`
      WITH p AS MATERIALIZED (
        SELECT c.digest, c.size, c.kept_until, c.created_at, ${isMade} AS made, ${isNamed} AS named, (
          SELECT count(*) FROM ${repositoryContents} AS e INDEXED BY repository_contents_by_digest
          WHERE e.digest = c.digest
        ) AS links
        FROM ${contents} AS c WHERE c.digest > ${after} ORDER BY c.digest LIMIT ${limit}
      )
      SELECT '' AS repository, count(*) AS blobs, coalesce(sum(p.size), 0) AS bytes, 0 AS "uniqueBytes",
        ${sum(sql`NOT p.named AND p.made`)} AS "objectBytes",
        ${sum(sql`NOT p.named AND NOT p.made AND ${isLeased}`)} AS "leasedBytes",
        ${sum(sql`NOT p.named AND NOT p.made AND NOT ${isLeased}`)} AS "looseBytes",
        coalesce(sum(CASE WHEN p.links > 0 THEN p.size * (p.links - CASE WHEN p.made THEN 0 ELSE 1 END) ELSE 0 END), 0) AS "savedBytes",
        max(p.digest) AS last
      FROM p
      UNION ALL
      SELECT l.repository, count(*), sum(p.size), ${sum(sql`p.links = 1 AND NOT p.made`)}, 0, 0, 0, 0, NULL
      FROM p
      CROSS JOIN ${repositoryContents} AS l INDEXED BY repository_contents_by_digest ON l.digest = p.digest
      GROUP BY l.repository`;
});
const sumTags = rawStatement<
  { readonly repository: RepositoryName | ""; readonly name: Tag | ""; readonly limit: number },
  TagSum
>(
  ({ repository, name, limit }) => sql`
    SELECT t.repository, count(*) AS tags, max(t.updated_at) AS "lastPushAt", max(t.name) AS last
    FROM (
      SELECT e.repository, e.name, e.updated_at FROM ${tags} AS e
      WHERE (e.repository, e.name) > (${repository}, ${name})
      ORDER BY e.repository, e.name LIMIT ${limit}
    ) AS t
    GROUP BY t.repository ORDER BY t.repository`,
);
const sumReleased = rawStatement<
  After,
  { readonly repository: RepositoryName; readonly manifests: number; readonly last: Digest }
>(
  ({ repository, digest, limit }) => sql`
    SELECT w.repository, count(*) AS manifests, max(w.digest) AS last
    FROM (
      SELECT e.repository, e.digest FROM ${releasedManifests} AS e
      WHERE (e.repository, e.digest) > (${repository}, ${digest})
      ORDER BY e.repository, e.digest LIMIT ${limit}
    ) AS w
    GROUP BY w.repository ORDER BY w.repository`,
);
const listReleased = rawStatement<After, ManifestKey & { readonly names: number }>(
  ({ repository, digest, limit }) => sql`
    SELECT e.repository, e.digest, CASE WHEN (
        SELECT 1 FROM ${manifestReferences} AS r
        WHERE r.repository = e.repository AND r.manifest = e.digest AND r.kind = 'child' LIMIT 1
      ) IS NOT NULL OR (
        SELECT 1 FROM ${referrers} AS f
        WHERE f.repository = e.repository AND f.subject = e.digest LIMIT 1
      ) IS NOT NULL THEN 1 ELSE 0 END AS names
    FROM ${releasedManifests} AS e
    WHERE (e.repository, e.digest) > (${repository}, ${digest})
    ORDER BY e.repository, e.digest LIMIT ${limit}`,
);
const listReleasedNames = rawStatement<
  After & { readonly last: ManifestKey["digest"]; readonly until: RepositoryName },
  ManifestKey
>(
  ({ repository, digest, until, last }) => sql`
    SELECT r.digest, r.repository
    FROM ${releasedManifests} AS e
    CROSS JOIN ${manifestReferences} AS r ON r.repository = e.repository AND r.manifest = e.digest
    WHERE (e.repository, e.digest) > (${repository}, ${digest}) AND (e.repository, e.digest) <= (${until}, ${last})`,
);
const listUntaggedReferrers = rawStatement<After, ManifestKey>(
  ({ repository, digest, limit }) => sql`
    SELECT f.repository, f.digest FROM ${referrers} AS f INDEXED BY referrers_by_manifest
    WHERE (f.repository, f.digest) > (${repository}, ${digest})
      AND (
        SELECT 1 FROM ${tags} AS t INDEXED BY tags_by_manifest
        WHERE t.repository = f.repository AND t.digest = f.digest LIMIT 1
      ) IS NULL
    ORDER BY f.repository, f.digest LIMIT ${limit}`,
);

const countLinks = rawStatement<
  { readonly digests: readonly Digest[] },
  { readonly digest: Digest; readonly links: number }
>(
  ({ digests }) => sql`
    SELECT l.digest, count(*) AS links FROM ${repositoryContents} AS l INDEXED BY repository_contents_by_digest
    WHERE l.digest IN ${listed(digests)} GROUP BY l.digest`,
);

const listPulls = statement((db, given: Params<{ after: string; limit: number }>) => {
  const { repository, pulledAt } = repositoryPulls;
  return db
    .select({ repository, pulledAt })
    .from(repositoryPulls)
    .where(gt(repository, given.after))
    .orderBy(asc(repository))
    .limit(given.limit);
});

/** Builds the group. */
export function imageSumsMetadata(rows: Rows): ImageSumsMetadata {
  const behind = (after: ManifestKey | null, limit: number): After => ({
    repository: after?.repository ?? "",
    digest: after?.digest ?? "",
    limit,
  });
  return {
    sumContents: (after, ages) => sumContents(rows, after ?? "", ages),
    sumTags: (after) => rows.list(sumTags, { ...after, limit: tagRows }),
    sumReleased: (after) => rows.list(sumReleased, behind(after, releasedRows)),
    listReleased: async (after, limit) =>
      (await rows.list(listReleased, behind(after, limit))).map(({ names, ...key }) => ({
        ...key,
        namesOthers: names === 1,
      })),
    listReleasedNames: (after, { repository: until, digest: last }) =>
      rows.list(listReleasedNames, { ...behind(after, 0), until, last }),
    listPulls: ({ after, limit }) => rows.list(listPulls, { after: after ?? "", limit }),
    countLinks: (digests) => rows.list(countLinks, { digests }),
    listUntaggedReferrers: (after, limit) => rows.list(listUntaggedReferrers, behind(after, limit)),
  };
}

async function sumContents(rows: Rows, after: Digest | "", ages: Ages): Promise<ContentSums> {
  const [all, ...links] = await rows.list(sumWindow, { after, limit: contentRows, ...ages });
  if (all === undefined) throw new Error("a window of content has no sum");
  return { next: all.blobs < contentRows ? null : all.last, links, kept: all };
}
