// Sums over everything that is stored, window by window, in the order of an index.
import { type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { ContentSums, ImageSumsMetadata, KeptSum, LinkSum, TagSum } from "../images.ts";
import type { ManifestKey } from "../metadata.ts";
import { findWindow } from "./collectionStatements.ts";
import { objects } from "./objectsSchema.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import {
  contents,
  manifestReferences,
  referrers,
  releasedManifests,
  repositoryContents,
  tags,
} from "./schema.ts";
import { type Given, rawStatement } from "./statement.ts";

/** Rows of content of one window, and tags: some milliseconds. */
const [contentRows, tagRows] = [2_000, 5_000];

interface Window {
  readonly after: Digest | "";
  readonly last: Digest;
}
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

/** For a row `c` of content in the window. */
const within = ({ after, last }: { after: Given<Window["after"]>; last: Given<Digest> }): SQL =>
  sql`c.digest > ${after} AND c.digest <= ${last}`;
const isMade = sql`EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.digest = c.digest)`;
const isNamed = sql`EXISTS (
  SELECT 1 FROM ${manifestReferences} AS r INDEXED BY manifest_references_by_digest WHERE r.digest = c.digest
)`;

const sumLinks = rawStatement<Window, LinkSum>(
  (given) => sql`
    SELECT l.repository, count(*) AS blobs, sum(p.size) AS bytes,
      sum(CASE WHEN p.links = 1 AND NOT p.made THEN p.size ELSE 0 END) AS "uniqueBytes"
    FROM (
      SELECT c.digest, c.size, ${isMade} AS made, (
        SELECT count(*) FROM ${repositoryContents} AS e INDEXED BY repository_contents_by_digest
        WHERE e.digest = c.digest
      ) AS links
      FROM ${contents} AS c WHERE ${within(given)}
    ) AS p
    CROSS JOIN ${repositoryContents} AS l INDEXED BY repository_contents_by_digest ON l.digest = p.digest
    GROUP BY l.repository`,
);
const sumKept = rawStatement<Window & Ages, KeptSum>(({ now, olderThan, after, last }) => {
  const sum = (which: SQL): SQL => sql`coalesce(sum(CASE WHEN ${which} THEN p.size ELSE 0 END), 0)`;
  const isLeased = sql`(p.kept_until > ${now} OR p.created_at > ${olderThan})`;
  return sql`
      SELECT count(*) AS blobs, coalesce(sum(p.size), 0) AS bytes,
        ${sum(sql`NOT p.named AND p.made`)} AS "objectBytes",
        ${sum(sql`NOT p.named AND NOT p.made AND ${isLeased}`)} AS "leasedBytes",
        ${sum(sql`NOT p.named AND NOT p.made AND NOT ${isLeased}`)} AS "looseBytes"
      FROM (
        SELECT c.size, c.kept_until, c.created_at, ${isMade} AS made, ${isNamed} AS named
        FROM ${contents} AS c WHERE ${within({ after, last })}
      ) AS p`;
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
  object,
  { readonly repository: RepositoryName; readonly manifests: number }
>(
  () =>
    sql`SELECT e.repository, count(*) AS manifests FROM ${releasedManifests} AS e GROUP BY e.repository`,
);
const listReleased = rawStatement<After, ManifestKey>(
  ({ repository, digest, limit }) => sql`
    SELECT e.repository, e.digest FROM ${releasedManifests} AS e
    WHERE (e.repository, e.digest) > (${repository}, ${digest})
    ORDER BY e.repository, e.digest LIMIT ${limit}`,
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

const nothing: KeptSum = { blobs: 0, bytes: 0, objectBytes: 0, leasedBytes: 0, looseBytes: 0 };

/** Builds the group. */
export function imageSumsMetadata(rows: Rows): ImageSumsMetadata {
  const behind = (after: ManifestKey | null, limit: number): After => ({
    repository: after?.repository ?? "",
    digest: after?.digest ?? "",
    limit,
  });
  return {
    sumContents: (after, ages) => rows.read((tx) => sumContents(tx, after ?? "", ages)),
    sumTags: (after) => rows.list(sumTags, { ...after, limit: tagRows }),
    sumReleased: () => rows.list(sumReleased, {}),
    listReleased: (after, limit) => rows.list(listReleased, behind(after, limit)),
    listUntaggedReferrers: (after, limit) => rows.list(listUntaggedReferrers, behind(after, limit)),
  };
}

function* sumContents(tx: Tx, after: Digest | "", ages: Ages): Body<ContentSums> {
  const window = yield* tx.get(findWindow, { after, limit: contentRows });
  const last = window?.last ?? null;
  if (window === undefined || last === null) return { next: null, links: [], kept: nothing };
  const links = yield* tx.all(sumLinks, { after, last });
  const kept = (yield* tx.get(sumKept, { after, last, ...ages })) ?? nothing;
  return { next: window.total < contentRows ? null : last, links, kept };
}
