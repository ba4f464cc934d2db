// Rows that are derived from a manifest's bytes: its references, its place among the referrers. A push writes them, a repair writes
// them again.
import { and, eq } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { ManifestKey, ManifestPut, ManifestReference } from "../metadata.ts";
import { nameContents } from "./releases.ts";
import type { Tx } from "./rows.ts";
import { manifestReferences, referrers } from "./schema.ts";
import { command, type Params } from "./statement.ts";

interface ReferenceRow extends Pick<ManifestReference, "digest" | "kind" | "size"> {
  readonly repository: RepositoryName;
  readonly manifest: Digest;
  readonly required: 0 | 1;
}

type Described = Pick<ManifestPut, "subject" | "artifactType" | "annotations">;

const insertReference = command((db, given: Params<ReferenceRow>) => {
  const { repository, manifest, digest, kind, size, required } = given;
  const row = { repository, manifest, digest, kind, size, required };
  return db.insert(manifestReferences).values(row).onConflictDoNothing();
});
const insertReferrerRow = command(
  (
    db,
    { repository, subject, digest, artifactType, annotations }: Params<ManifestKey & Described>,
  ) => db.insert(referrers).values({ repository, subject, digest, artifactType, annotations }),
);

/** The manifest is no referrer any more. */
export const removeReferrer = command((db, { repository, digest }: Params<ManifestKey>) =>
  db
    .delete(referrers)
    .where(and(eq(referrers.repository, repository), eq(referrers.digest, digest))),
);

/**
 * References are only ever added: what an earlier reading of the same bytes found stays kept. What they name is released no more.
 * @param released digests of them that may be; by default all.
 */
export function addReferences(
  tx: Tx,
  { repository, digest: manifest }: ManifestKey,
  references: readonly ManifestReference[],
  released: readonly Digest[] = references.map(({ digest }) => digest),
): void {
  const rows = references.map(({ required, ...reference }): ReferenceRow => {
    return { repository, manifest, ...reference, required: required ? 1 : 0 };
  });
  tx.runEach(insertReference, rows);
  if (released.length > 0) tx.run(nameContents, { digests: released });
}

/** A manifest about nothing is no referrer. */
export function insertReferrer(
  tx: Tx,
  { repository, digest }: ManifestKey,
  { subject, artifactType, annotations }: Described,
): void {
  if (subject === null) return;
  tx.run(insertReferrerRow, { repository, subject, digest, artifactType, annotations });
}
