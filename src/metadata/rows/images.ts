// What a repository holds, as people ask it. Each statement reads the rows that it answers with.
import { and, asc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { ContentUse, ImagesMetadata, ManifestRow, ManifestSum, NamedRow } from "../images.ts";
import { type PushRow, toPush } from "./history.ts";
import { objects } from "./objectsSchema.ts";
import { manifestPulls } from "./pullsSchema.ts";
import { isUnnamed, never } from "./releases.ts";
import type { Rows } from "./rows.ts";
import { contents, manifestReferences, manifests, pushHistory, referrers, tags } from "./schema.ts";
import { by, listed } from "./spelling.ts";
import { type Params, rawStatement, statement } from "./statement.ts";

interface OfRepository {
  readonly repository: RepositoryName;
}
interface Digests {
  readonly digests: readonly Digest[];
}
interface Stretch extends OfRepository {
  readonly after: string;
  readonly limit: number;
}

const listTags = statement((db, given: Params<Stretch>) => {
  const { repository, name, digest, updatedAt } = tags;
  return db
    .select({ name, digest, updatedAt })
    .from(tags)
    .where(and(eq(repository, given.repository), gt(name, given.after)))
    .orderBy(asc(name))
    .limit(given.limit);
});
const listTagsLike = statement((db, given: Params<Stretch & { pattern: string }>) => {
  const { repository, name, digest, updatedAt } = tags;
  const isLike = sql`lower(${name}) LIKE ${given.pattern} ESCAPE '\\'`;
  return db
    .select({ name, digest, updatedAt })
    .from(tags)
    .where(and(eq(repository, given.repository), gt(name, given.after), isLike))
    .orderBy(asc(name))
    .limit(given.limit);
});
const listTagsOfAll = statement((db, given: Params<OfRepository & Digests & { most: number }>) =>
  db
    .select({ name: sql<Tag>`${tags.name}`, digest: sql<Digest>`${tags.digest}` })
    .from(by(tags, "tags_by_manifest"))
    .where(and(eq(tags.repository, given.repository), inArray(tags.digest, listed(given.digests))))
    .limit(given.most),
);
/** Both databases take it as a limit. */
const all = 2 ** 31 - 1;

const row = {
  digest: manifests.digest,
  mediaType: manifests.mediaType,
  artifactType: manifests.artifactType,
  subject: manifests.subject,
  size: manifests.size,
  pushedAt: manifests.pushedAt,
  pushedBy: manifests.pushedBy,
  pulledAt: manifestPulls.pulledAt,
};
const isPullOf = and(
  eq(manifestPulls.repository, manifests.repository),
  eq(manifestPulls.digest, manifests.digest),
);
const findManifests = statement((db, given: Params<OfRepository & Digests>) =>
  db
    .select(row)
    .from(manifests)
    .leftJoin(manifestPulls, isPullOf)
    .where(
      and(
        eq(manifests.repository, given.repository),
        inArray(manifests.digest, listed(given.digests)),
      ),
    ),
);
const listManifests = statement((db, given: Params<Stretch>) =>
  db
    .select(row)
    .from(manifests)
    .leftJoin(manifestPulls, isPullOf)
    .where(
      and(eq(manifests.repository, given.repository), gt(manifests.digest, sql`${given.after}`)),
    )
    .orderBy(asc(manifests.digest))
    .limit(given.limit),
);
const listUnnamed = rawStatement<Stretch, ManifestRow>(
  ({ repository, after, limit }) => sql`
    SELECT m.digest, m.media_type AS "mediaType", m.artifact_type AS "artifactType", m.subject, m.size,
      m.pushed_at AS "pushedAt", m.pushed_by AS "pushedBy", (
        SELECT p.pulled_at FROM ${manifestPulls} AS p
        WHERE p.repository = m.repository AND p.digest = m.digest
      ) AS "pulledAt"
    FROM ${manifests} AS m
    WHERE m.repository = ${repository} AND m.digest > ${after} AND ${isUnnamed(never)}
    ORDER BY m.digest LIMIT ${limit}`,
);

const listNamed = statement((db, given: Params<OfRepository & Digests>) => {
  const { repository, manifest, digest, kind, size } = manifestReferences;
  return db
    .select({ manifest, digest, kind, size })
    .from(manifestReferences)
    .where(and(eq(repository, given.repository), inArray(manifest, listed(given.digests))));
});
const listNamers = statement((db, given: Params<OfRepository & Digests & { most: number }>) => {
  const { repository, manifest, digest, kind, size } = manifestReferences;
  return db
    .select({
      manifest: sql<Digest>`${manifest}`,
      digest: sql<Digest>`${digest}`,
      kind: sql<NamedRow["kind"]>`${kind}`,
      size: sql<number>`${size}`,
    })
    .from(by(manifestReferences, "manifest_references_by_digest"))
    .where(and(inArray(digest, listed(given.digests)), eq(repository, given.repository)))
    .limit(given.most);
});
const listAbout = statement((db, given: Params<OfRepository & Digests>) => {
  const { repository, subject, digest } = referrers;
  return db
    .select({ subject, digest })
    .from(referrers)
    .where(and(eq(repository, given.repository), inArray(subject, listed(given.digests))));
});
/** What a manifest names, and what its children name; a digest that several of them name counts once. */
const sumNamed = rawStatement<OfRepository & Digests, ManifestSum>(
  ({ repository, digests }) => sql`
    SELECT each.manifest AS digest, sum(each.size) AS bytes FROM (
      SELECT r.manifest, r.digest, r.size FROM ${manifestReferences} AS r
      WHERE r.repository = ${repository} AND r.manifest IN ${listed(digests)}
      UNION
      SELECT t.manifest, r.digest, r.size FROM ${manifestReferences} AS t
      CROSS JOIN ${manifestReferences} AS r ON r.repository = t.repository AND r.manifest = t.digest
      WHERE t.repository = ${repository} AND t.manifest IN ${listed(digests)} AND t.kind = 'child'
    ) AS each GROUP BY each.manifest`,
);
const listLastPushes = rawStatement<OfRepository & { tags: readonly Tag[] }, PushRow>(
  ({ repository, tags }) => sql`
    SELECT h.id, h.repository, h.digest, h.tag, h.pushed_at AS "pushedAt", h.pushed_by AS "pushedBy",
      h.origin_issuer AS issuer, h.origin_repository AS source, h.origin_ref AS ref, h.origin_commit AS "commit",
      h.origin_run AS run, h.origin_actor AS actor
    FROM ${pushHistory} AS h
    WHERE h.id IN (
      SELECT max(e.id) FROM ${pushHistory} AS e
      WHERE e.repository = ${repository} AND e.tag IN ${listed(tags)} GROUP BY e.tag
    )`,
);
const count = (of: SQL): SQL => sql`(SELECT count(*) FROM ${of} WHERE u.digest = c.digest)`;
const findUses = rawStatement<Digests, ContentUse>(
  ({ digests }) => sql`
    SELECT c.digest, c.size, c.kept_until AS "keptUntil", c.created_at AS "createdAt",
      ${count(sql`${manifestReferences} AS u INDEXED BY manifest_references_by_digest`)} AS "references",
      ${count(sql`${objects} AS u`)} AS objects
    FROM ${contents} AS c WHERE c.digest IN ${listed(digests)}`,
);

/** Most manifests that name some digests. */
const mostNamers = 10_000;

/** Builds the group. */
export function imagesMetadata(rows: Rows): ImagesMetadata {
  return {
    listTagRows(repository, { after, limit, pattern }) {
      const stretch = { repository, after: after ?? "", limit };
      return pattern === null
        ? rows.list(listTags, stretch)
        : rows.list(listTagsLike, { ...stretch, pattern: pattern.toLowerCase() });
    },
    listTagsOfAll: (repository, digests, most = all) =>
      rows.list(listTagsOfAll, { repository, digests, most }),
    findManifestRows: (repository, digests) => rows.list(findManifests, { repository, digests }),
    listManifestRows: (repository, { after, limit, isUnnamed }) =>
      rows.list(isUnnamed ? listUnnamed : listManifests, { repository, after: after ?? "", limit }),
    listNamed: (repository, digests) => rows.list(listNamed, { repository, digests }),
    listNamers: (repository, digests) =>
      rows.list(listNamers, { repository, digests, most: mostNamers }),
    listAbout: (repository, digests) => rows.list(listAbout, { repository, digests }),
    sumNamed: (repository, digests) => rows.list(sumNamed, { repository, digests }),
    listLastPushes: async (repository, tags) =>
      (await rows.list(listLastPushes, { repository, tags })).map(toPush),
    findUses: (digests) => rows.list(findUses, { digests }),
  };
}
