// What answered requests leave without a name, and what they name again. The collection's brake counts only what lost its names in
// another way: every statement that gives or takes names runs with one of these in its transaction.
import { and, eq, inArray, isNotNull, notExists, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { objects } from "./objectsSchema.ts";
import { given, listed } from "./placeholders.ts";
import {
  contents,
  manifestReferences,
  manifests,
  referrers,
  releasedManifests,
  tags,
} from "./schema.ts";

const repository = sql.placeholder("repository");
const digest = sql.placeholder("digest");

/** True for a manifest that counts as gone already. */
export type Gone = (repository: SQL, digest: SQL) => SQL;

/** None does. */
export const never: Gone = () => sql`0`;
/** The one that a statement is about does. */
const isDropped: Gone = (_repository, gone) => sql`${gone} = ${digest}`;

/**
 * For the manifest `m`: it has no tag, no index of its repository names it, and its subject is not stored. The index is named: left
 * alone, SQLite reads all references of the repository.
 */
export function isUnnamed(gone: Gone): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${tags} AS t WHERE t.repository = m.repository AND t.digest = m.digest)
    AND NOT EXISTS (
      SELECT 1 FROM ${manifestReferences} AS r INDEXED BY manifest_references_by_digest
      WHERE r.digest = m.digest AND r.repository = m.repository AND r.kind = 'child'
        AND NOT ${gone(sql`r.repository`, sql`r.manifest`)}
    )
    AND NOT EXISTS (
      SELECT 1 FROM ${manifests} AS s
      WHERE s.repository = m.repository AND s.digest = m.subject
        AND NOT ${gone(sql`s.repository`, sql`s.digest`)}
    )`;
}

/** Digests of what a manifest names as children, and of what has it as its subject. */
const below = sql`(
  SELECT r.digest FROM ${manifestReferences} AS r
  WHERE r.repository = ${repository} AND r.manifest = ${digest} AND r.kind = 'child'
  UNION
  SELECT f.digest FROM ${referrers} AS f WHERE f.repository = ${repository} AND f.subject = ${digest}
)`;

/** Statements about manifests. Times in Unix ms. */
export function prepareManifestReleases(db: BunSQLiteDatabase) {
  const release = (condition: SQL) =>
    db
      .insert(releasedManifests)
      .select(sql`
        SELECT m.repository, m.digest, ${given("now")} FROM ${manifests} AS m
        WHERE m.repository = ${repository} AND ${condition}
      `)
      .onConflictDoNothing()
      .prepare();
  const named = (condition: SQL) =>
    db
      .delete(releasedManifests)
      .where(and(eq(releasedManifests.repository, repository), condition))
      .prepare();
  return {
    /** The manifest, if nothing names it. */
    releaseManifest: release(sql`m.digest = ${digest} AND ${isUnnamed(never)}`),
    /** What only this manifest names, which is about to be deleted. */
    releaseBelow: release(sql`m.digest IN ${below} AND ${isUnnamed(isDropped)}`),
    nameManifest: named(eq(releasedManifests.digest, digest)),
    nameBelow: named(sql`${releasedManifests.digest} IN ${below}`),
  };
}

const other = and(
  eq(manifestReferences.digest, contents.digest),
  sql`NOT (${manifestReferences.repository} = ${repository} AND ${manifestReferences.manifest} = ${digest})`,
);

/** Statements about content that a manifest names. */
export function prepareContentReleases(db: BunSQLiteDatabase) {
  const named = db
    .select({ digest: manifestReferences.digest })
    .from(manifestReferences)
    .where(
      and(eq(manifestReferences.repository, repository), eq(manifestReferences.manifest, digest)),
    );
  return {
    /** What only this manifest names, which is about to be deleted. */
    releaseContents: db
      .update(contents)
      .set({ releasedAt: given("now") })
      .where(
        and(
          inArray(contents.digest, named),
          notExists(db.select({ one: sql`1` }).from(manifestReferences).where(other)),
          isInNoObject(db),
        ),
      )
      .prepare(),
    nameContents: db
      .update(contents)
      .set({ releasedAt: null })
      .where(and(inArray(contents.digest, listed("digests")), isNotNull(contents.releasedAt)))
      .prepare(),
  };
}

/** Statements about the content of an object whose row is written already. */
export function prepareObjectReleases(db: BunSQLiteDatabase) {
  const byDigest = eq(contents.digest, digest);
  const isNamed = db
    .select({ one: sql`1` })
    .from(manifestReferences)
    .where(eq(manifestReferences.digest, contents.digest));
  return {
    release: db
      .update(contents)
      .set({ releasedAt: given("now") })
      .where(and(byDigest, notExists(isNamed), isInNoObject(db)))
      .prepare(),
    name: db
      .update(contents)
      .set({ releasedAt: null })
      .where(and(byDigest, isNotNull(contents.releasedAt)))
      .prepare(),
  };
}

/** For a row of `contents`: no object is made of it. */
export const isInNoObject = (db: BunSQLiteDatabase) =>
  notExists(db.select({ one: sql`1` }).from(objects).where(eq(objects.digest, contents.digest)));
