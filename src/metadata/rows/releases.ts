// What answered requests leave without a name, and what they name again. The collection's brake counts only what lost its names in
// another way: every statement that gives or takes names runs with one of these in its transaction.
import { and, eq, inArray, isNotNull, notExists, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { ManifestKey } from "../metadata.ts";
import { objects } from "./objectsSchema.ts";
import {
  contents,
  manifestReferences,
  manifests,
  referrers,
  releasedManifests,
  tags,
} from "./schema.ts";
import { listed } from "./spelling.ts";
import { type Builder, type Command, command, type Params } from "./statement.ts";

/** True for a manifest that counts as gone already. */
export type Gone = (repository: SQL, digest: SQL) => SQL;

/** None does. */
export const never: Gone = () => sql`false`;
/** This one does. */
const isDropped =
  (digest: SQL): Gone =>
  (_repository, gone) =>
    sql`${gone} = ${digest}`;

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

interface Release extends ManifestKey {
  /** Unix ms. */
  readonly now: number;
}

/** Digests of what a manifest names as children, and of what has it as its subject. */
const below = ({ repository, digest }: Params<ManifestKey>): SQL => sql`(
  SELECT r.digest FROM ${manifestReferences} AS r
  WHERE r.repository = ${repository} AND r.manifest = ${digest} AND r.kind = 'child'
  UNION
  SELECT f.digest FROM ${referrers} AS f WHERE f.repository = ${repository} AND f.subject = ${digest}
)`;

const releasing = (which: (given: Params<Release>) => SQL): Command<Release> =>
  command((db, given: Params<Release>) =>
    db
      .insert(releasedManifests)
      .select(sql`
        SELECT m.repository, m.digest, ${given.now} FROM ${manifests} AS m
        WHERE m.repository = ${given.repository} AND ${which(given)}
      `)
      .onConflictDoNothing(),
  );
const naming = (which: (given: Params<ManifestKey>) => SQL): Command<ManifestKey> =>
  command((db, given: Params<ManifestKey>) =>
    db
      .delete(releasedManifests)
      .where(and(eq(releasedManifests.repository, given.repository), which(given))),
  );

/** The manifest, if nothing names it. */
export const releaseManifest = releasing(
  ({ digest }) => sql`m.digest = ${digest} AND ${isUnnamed(never)}`,
);
/** What only this manifest names, which is about to be deleted. */
export const releaseBelow = releasing(
  (given) => sql`m.digest IN ${below(given)} AND ${isUnnamed(isDropped(given.digest))}`,
);
export const nameManifest = naming(({ digest }) => eq(releasedManifests.digest, digest));
export const nameBelow = naming((given) => sql`${releasedManifests.digest} IN ${below(given)}`);

const one = { one: sql`1` };

/** For a row of `contents`: no object is made of it. */
export const isInNoObject = (db: Builder): SQL =>
  notExists(db.select(one).from(objects).where(eq(objects.digest, contents.digest)));

/** For a row of `contents`: no manifest names it, but for those that `besides` leaves out. */
export const isInNoManifest = (db: Builder, besides?: SQL): SQL =>
  notExists(
    db
      .select(one)
      .from(manifestReferences)
      .where(and(eq(manifestReferences.digest, contents.digest), besides)),
  );

/** Content that only this manifest names, which is about to be deleted. */
export const releaseContents = command((db, { repository, digest, now }: Params<Release>) => {
  const { repository: named, manifest } = manifestReferences;
  const own = and(eq(named, repository), eq(manifest, digest));
  const references = db.select({ digest: manifestReferences.digest }).from(manifestReferences);
  return db
    .update(contents)
    .set({ releasedAt: now })
    .where(
      and(
        inArray(contents.digest, references.where(own)),
        isInNoManifest(db, sql`NOT (${named} = ${repository} AND ${manifest} = ${digest})`),
        isInNoObject(db),
      ),
    );
});
export const nameContents = command((db, { digests }: Params<{ digests: readonly Digest[] }>) =>
  db
    .update(contents)
    .set({ releasedAt: null })
    .where(and(inArray(contents.digest, listed(digests)), isNotNull(contents.releasedAt))),
);

/** The content of an object whose row is gone, or names other content. */
export const releaseContent = command(
  (db, { digest, now }: Params<{ digest: Digest; now: number }>) =>
    db
      .update(contents)
      .set({ releasedAt: now })
      .where(and(eq(contents.digest, digest), isInNoManifest(db), isInNoObject(db))),
);
/** The content of an object whose row is written. */
export const nameContent = command((db, { digest }: Params<{ digest: Digest }>) =>
  db
    .update(contents)
    .set({ releasedAt: null })
    .where(and(eq(contents.digest, digest), isNotNull(contents.releasedAt))),
);
