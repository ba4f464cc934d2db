// What the inspection asks of manifests: their bytes beside the rows that were derived from them, and who would notice a loss.
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type {
  Derived,
  Holders,
  IncompleteManifest,
  InspectedManifest,
  InspectionMetadata,
} from "../inspection.ts";
import type { ManifestKey } from "../metadata.ts";
import { addReferences, insertReferrer, removeReferrer } from "../rows/derivedRows.ts";
import type { Body, Rows, Tx } from "../rows/rows.ts";
import { manifests } from "../rows/schema.ts";
import { type Params, statement } from "../rows/statement.ts";
import type { Connection } from "./connection.ts";
import type { InspectionStatements } from "./inspectionStatements.ts";
import { listObjectsOf } from "./keepers.ts";

/** The half of the port that is about manifests and tags. */
export function inspectManifests(
  connection: Connection,
  db: BunSQLiteDatabase,
  statements: () => InspectionStatements,
  rows: Rows,
): Pick<
  InspectionMetadata,
  | "listManifests"
  | "findManifestRow"
  | "listWrongReferrers"
  | "listIncomplete"
  | "holdersOf"
  | "tagsOf"
  | "deriveAgain"
> {
  return {
    // A row and what was derived from it: read apart, a manifest that is deleted meanwhile would look as if its references were lost.
    listManifests: ({ after, limit }) =>
      connection.readTogether(() =>
        statements()
          .manifestPage.all({
            repository: after?.repository ?? "",
            digest: after?.digest ?? "",
            limit,
          })
          .map((row) => withDerived(statements(), row)),
      ),
    findManifestRow: (key) =>
      connection.read(() => statements().manifestBody.get({ ...key }) ?? null),
    listWrongReferrers: (limit) => connection.read(() => listWrongReferrers(db, limit)),
    listIncomplete: (limit) => connection.read(() => listIncomplete(db, limit)),
    holdersOf: (digest, limit) => connection.read(() => holdersOf(db, digest, limit)),
    tagsOf: (manifest, limit) => connection.read(() => tagsOf(db, manifest, limit)),
    deriveAgain: (manifest, derived) =>
      rows.write(
        (tx) => deriveAgain(tx, manifest, derived),
        (found) => found,
      ),
  };
}

function withDerived(
  statements: InspectionStatements,
  row: Omit<InspectedManifest, "references" | "referrers">,
): InspectedManifest {
  const key = { repository: row.repository, digest: row.digest };
  const references = statements.references
    .all(key)
    .map(({ required, ...reference }) => ({ ...reference, required: required === 1 }));
  return { ...row, references, referrers: statements.referrersOf.all(key) };
}

/** Content that a repository's manifests need and that it holds neither as a blob nor, for entries of an index, as a manifest. */
function listIncomplete(db: BunSQLiteDatabase, limit: number): IncompleteManifest[] {
  const rows = db.all<{
    repository: RepositoryName;
    manifest: Digest;
    kind: "blob" | "child";
    digest: Digest;
  }>(sql`
    SELECT r.repository, r.manifest, r.kind, r.digest FROM manifest_references r
    WHERE r.required = 1
      AND NOT EXISTS (SELECT 1 FROM repository_contents l
                      WHERE l.repository = r.repository AND l.digest = r.digest)
      AND NOT (r.kind = 'child' AND EXISTS (SELECT 1 FROM manifests m
                      WHERE m.repository = r.repository AND m.digest = r.digest))
    LIMIT ${limit}`);
  return rows.map(({ repository, manifest, kind, digest }) => ({
    manifest: { repository, digest: manifest },
    kind,
    missing: digest,
  }));
}

/** One row for each manifest with a subject, under that subject, and none for the others. */
function listWrongReferrers(db: BunSQLiteDatabase, limit: number): ManifestKey[] {
  return db.all(sql`
    SELECT m.repository, m.digest FROM manifests m
    LEFT JOIN referrers r INDEXED BY referrers_by_manifest ON r.repository = m.repository AND r.digest = m.digest
    WHERE m.subject IS NOT r.subject OR (r.digest IS NOT NULL AND m.artifact_type IS NOT r.artifact_type)
    GROUP BY m.repository, m.digest LIMIT ${limit}`);
}

function holdersOf(db: BunSQLiteDatabase, digest: Digest, limit: number): Holders {
  const repositories = db.all<{ repository: RepositoryName }>(sql`
    SELECT repository FROM repository_contents WHERE digest = ${digest}
    ORDER BY repository LIMIT ${limit + 1}`);
  const start = sql`SELECT repository, manifest FROM manifest_references WHERE digest = ${digest}`;
  const tags = tagsAbove(db, start, limit + 1);
  return {
    repositories: repositories.slice(0, limit).map(({ repository }) => repository),
    tags: tags.slice(0, limit),
    more: repositories.length > limit || tags.length > limit,
    objects: listObjectsOf(db, digest, limit),
  };
}

function tagsOf(db: BunSQLiteDatabase, manifest: ManifestKey, limit: number): Holders["tags"] {
  const start = sql`SELECT ${manifest.repository} AS repository, ${manifest.digest} AS manifest`;
  return tagsAbove(db, start, limit);
}

function tagsAbove(
  db: BunSQLiteDatabase,
  start: SQL,
  limit: number,
): { repository: RepositoryName; name: Tag }[] {
  return db.all(selectTagsAbove(start, limit));
}

/**
 * Tags of the manifests that `start` selects, and of the indexes above them. Indexes and the order of the joins are named: left alone,
 * SQLite reads all references, or all tags, of the repository.
 */
export const selectTagsAbove = (start: SQL, limit: number): SQL => sql`
  WITH RECURSIVE above(repository, manifest) AS (
    ${start}
    UNION
    SELECT r.repository, r.manifest FROM above a
    JOIN manifest_references r INDEXED BY manifest_references_by_digest
      ON r.digest = a.manifest AND r.repository = a.repository AND r.kind = 'child'
  )
  SELECT DISTINCT t.repository, t.name FROM above a
  CROSS JOIN tags t INDEXED BY tags_by_manifest ON t.repository = a.repository AND t.digest = a.manifest
  ORDER BY t.repository, t.name LIMIT ${limit}`;

/** The row says what the bytes say. */
const describe = statement(
  (db, given: Params<ManifestKey & Pick<Derived, "artifactType" | "subject">>) =>
    db
      .update(manifests)
      .set({ artifactType: given.artifactType, subject: given.subject })
      .where(and(eq(manifests.repository, given.repository), eq(manifests.digest, given.digest)))
      .returning({ digest: manifests.digest }),
);

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
