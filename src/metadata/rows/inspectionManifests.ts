// What the inspection asks of manifests: their bytes, the rows that were derived from them, and who would notice a loss.
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type {
  Derived,
  Holders,
  IncompleteManifest,
  InspectedManifest,
  ManifestInspection,
} from "../inspection.ts";
import type { ManifestKey } from "../metadata.ts";
import { addReferences, insertReferrer, removeReferrer } from "./derivedRows.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { manifestReferences, manifests, referrers, repositoryContents, tags } from "./schema.ts";
import { by } from "./spelling.ts";
import { type Params, rawStatement, statement } from "./statement.ts";
import { listLinks, listObjectsOf } from "./usage.ts";

interface Limit {
  readonly limit: number;
}

const listManifests = statement(
  (db, given: Params<{ repository: RepositoryName | ""; digest: Digest | "" } & Limit>) => {
    const { repository, digest, mediaType, artifactType, subject, size, body } = manifests;
    return db
      .select({ repository, digest, mediaType, artifactType, subject, size, body })
      .from(manifests)
      .where(sql`(${repository}, ${digest}) > (${given.repository}, ${given.digest})`)
      .orderBy(asc(repository), asc(digest))
      .limit(given.limit);
  },
);
const findManifestRow = statement((db, given: Params<ManifestKey>) => {
  const { repository, digest, mediaType, body } = manifests;
  return db
    .select({ mediaType, body })
    .from(manifests)
    .where(and(eq(repository, given.repository), eq(digest, given.digest)));
});
const listReferences = statement((db, given: Params<ManifestKey>) => {
  const { repository, manifest, digest, kind, size, required } = manifestReferences;
  return db
    .select({ digest, kind, size, required })
    .from(manifestReferences)
    .where(and(eq(repository, given.repository), eq(manifest, given.digest)));
});
const listReferrers = statement((db, given: Params<ManifestKey>) =>
  db
    .select({
      subject: sql<Digest>`${referrers.subject}`,
      artifactType: sql<string | null>`${referrers.artifactType}`,
    })
    .from(by(referrers, "referrers_by_manifest"))
    .where(and(eq(referrers.repository, given.repository), eq(referrers.digest, given.digest))),
);

/** Content that a repository's manifests need and that it holds neither as a blob nor, for entries of an index, as a manifest. */
const listIncomplete = rawStatement<
  Limit,
  ManifestKey & Pick<IncompleteManifest, "kind" | "missing">
>(
  ({ limit }) => sql`
    SELECT r.repository, r.manifest AS digest, r.kind, r.digest AS missing FROM ${manifestReferences} AS r
    WHERE r.required = 1
      AND NOT EXISTS (SELECT 1 FROM ${repositoryContents} AS l
                      WHERE l.repository = r.repository AND l.digest = r.digest)
      AND NOT (r.kind = 'child' AND EXISTS (SELECT 1 FROM ${manifests} AS m
                      WHERE m.repository = r.repository AND m.digest = r.digest))
    LIMIT ${limit}`,
);

/** One row for each manifest with a subject, under that subject, and none for the others. */
const listWrongReferrers = rawStatement<Limit, ManifestKey>(
  ({ limit }) => sql`
    SELECT m.repository, m.digest FROM ${manifests} AS m
    LEFT JOIN ${referrers} AS r INDEXED BY referrers_by_manifest
      ON r.repository = m.repository AND r.digest = m.digest
    WHERE m.subject IS DISTINCT FROM r.subject
      OR (r.digest IS NOT NULL AND m.artifact_type IS DISTINCT FROM r.artifact_type)
    GROUP BY m.repository, m.digest LIMIT ${limit}`,
);

/**
 * Tags of the manifests that `start` selects, and of the indexes above them. Indexes and the order of the joins are named: left alone,
 * SQLite reads all references, or all tags, of the repository.
 */
const tagsAbove = <P extends Limit>(start: (given: Params<P>) => SQL) =>
  rawStatement<P, Holders["tags"][number]>(
    (given) => sql`
      WITH RECURSIVE above(repository, manifest) AS (
        ${start(given)}
        UNION
        SELECT r.repository, r.manifest FROM above AS a
        JOIN ${manifestReferences} AS r INDEXED BY manifest_references_by_digest
          ON r.digest = a.manifest AND r.repository = a.repository AND r.kind = 'child'
      )
      SELECT DISTINCT t.repository, t.name FROM above AS a
      CROSS JOIN ${tags} AS t INDEXED BY tags_by_manifest
        ON t.repository = a.repository AND t.digest = a.manifest
      ORDER BY t.repository, t.name LIMIT ${given.limit}`,
  );
/** Of the manifests that name it, in any repository. */
const listTagsNaming = tagsAbove<{ digest: Digest } & Limit>(
  ({ digest }) =>
    sql`SELECT repository, manifest FROM ${manifestReferences} WHERE digest = ${digest}`,
);
/** Of one manifest. */
export const listTagsOf = tagsAbove<ManifestKey & Limit>(
  ({ repository, digest }) =>
    sql`SELECT repository, digest FROM ${manifests} WHERE repository = ${repository} AND digest = ${digest}`,
);

/** The row says what the bytes say. */
const describe = statement(
  (db, given: Params<ManifestKey & Pick<Derived, "artifactType" | "subject">>) =>
    db
      .update(manifests)
      .set({ artifactType: given.artifactType, subject: given.subject })
      .where(and(eq(manifests.repository, given.repository), eq(manifests.digest, given.digest)))
      .returning({ digest: manifests.digest }),
);

/** Builds this part of the port. */
export function manifestInspection(rows: Rows): ManifestInspection {
  return {
    listManifests: ({ after, limit }) => rows.read((tx) => inspectManifests(tx, after, limit)),
    findManifestRow: ({ repository, digest }) => rows.find(findManifestRow, { repository, digest }),
    listWrongReferrers: (limit) => rows.list(listWrongReferrers, { limit }),
    async listIncomplete(limit) {
      const found = await rows.list(listIncomplete, { limit });
      return found.map(({ kind, missing, ...manifest }) => ({ manifest, kind, missing }));
    },
    holdersOf: (digest, limit) => rows.read((tx) => holdersOf(tx, digest, limit)),
    tagsOf: ({ repository, digest }, limit) => rows.list(listTagsOf, { repository, digest, limit }),
    deriveAgain: (manifest, derived) =>
      rows.write(
        (tx) => deriveAgain(tx, manifest, derived),
        (found) => found,
      ),
  };
}

/** Rows and what was derived from them, of one moment: a manifest that is deleted in between would look as if its references were lost. */
function* inspectManifests(
  tx: Tx,
  after: ManifestKey | null,
  limit: number,
): Body<readonly InspectedManifest[]> {
  const from = { repository: after?.repository ?? "", digest: after?.digest ?? "" } as const;
  const found: InspectedManifest[] = [];
  for (const row of yield* tx.all(listManifests, { ...from, limit })) {
    const { repository, digest } = row;
    const references = (yield* tx.all(listReferences, { repository, digest })).map(
      ({ required, ...reference }) => ({ ...reference, required: required === 1 }),
    );
    found.push({
      ...row,
      references,
      referrers: yield* tx.all(listReferrers, { repository, digest }),
    });
  }
  return found;
}

function* holdersOf(tx: Tx, digest: Digest, limit: number): Body<Holders> {
  const given = { digest, limit: limit + 1 };
  const repositories = yield* tx.all(listLinks, given);
  const tags = yield* tx.all(listTagsNaming, given);
  return {
    repositories: repositories.slice(0, limit).map(({ repository }) => repository),
    tags: tags.slice(0, limit),
    more: repositories.length > limit || tags.length > limit,
    objects: yield* listObjectsOf(tx, digest, limit),
  };
}

function* deriveAgain(tx: Tx, manifest: ManifestKey, derived: Derived): Body<boolean> {
  const { repository, digest } = manifest;
  const { artifactType, subject } = derived;
  const described = yield* tx.get(describe, { repository, digest, artifactType, subject });
  if (described === undefined) return false;
  addReferences(tx, manifest, derived.references);
  tx.run(removeReferrer, { repository, digest });
  insertReferrer(tx, manifest, derived);
  return true;
}
