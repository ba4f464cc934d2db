// Rows that are derived from a manifest's bytes: its references, its place among the referrers. A push writes them, a repair writes
// them again.
import { and, eq, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { ManifestKey, ManifestPut, ManifestReference } from "../metadata.ts";
import { prepareContentReleases } from "./releases.ts";
import { manifestReferences, referrers } from "./schema.ts";

const placeholder = sql.placeholder;

/** Statements of derived rows. */
export type DerivedWrites = ReturnType<typeof prepareDerivedWrites>;

/** Prepares them. */
export function prepareDerivedWrites(db: BunSQLiteDatabase) {
  return {
    insertReference: db
      .insert(manifestReferences)
      .values({
        repository: placeholder("repository"),
        manifest: placeholder("manifest"),
        digest: placeholder("digest"),
        kind: placeholder("kind"),
        size: placeholder("size"),
        required: placeholder("required"),
      })
      .onConflictDoNothing()
      .prepare(),
    nameContents: prepareContentReleases(db).nameContents,
    insertReferrer: db
      .insert(referrers)
      .values({
        repository: placeholder("repository"),
        subject: placeholder("subject"),
        digest: placeholder("digest"),
        artifactType: placeholder("artifactType"),
        annotations: placeholder("annotations"),
      })
      .prepare(),
    removeReferrer: db
      .delete(referrers)
      .where(
        and(
          eq(referrers.repository, placeholder("repository")),
          eq(referrers.digest, placeholder("digest")),
        ),
      )
      .prepare(),
  };
}

/**
 * References are only ever added: what an earlier reading of the same bytes found stays kept. What they name is released no more.
 * @param released digests of them that may be; by default all.
 */
export function addReferences(
  writes: Pick<DerivedWrites, "insertReference" | "nameContents">,
  { repository, digest: manifest }: ManifestKey,
  references: readonly ManifestReference[],
  released: readonly Digest[] = references.map(({ digest }) => digest),
): void {
  for (const { digest, kind, size, required } of references) {
    const row = { repository, manifest, digest, kind, size, required: required ? 1 : 0 };
    writes.insertReference.run(row);
  }
  if (released.length > 0) writes.nameContents.run({ digests: JSON.stringify(released) });
}

/** A manifest about nothing is no referrer. */
export function insertReferrer(
  writes: Pick<DerivedWrites, "insertReferrer">,
  { repository, digest }: ManifestKey,
  {
    subject,
    artifactType,
    annotations,
  }: Pick<ManifestPut, "subject" | "artifactType" | "annotations">,
): void {
  if (subject === null) return;
  writes.insertReferrer.run({ repository, subject, digest, artifactType, annotations });
}
