// Statements of the inspection, prepared once.
import { and, asc, count, eq, gt, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import { objects } from "../rows/objectsSchema.ts";
import { contents, manifestReferences, manifests, referrers, trash } from "../rows/schema.ts";
import { by, given } from "./placeholders.ts";

const placeholder = sql.placeholder;

const inspected = {
  digest: contents.digest,
  size: contents.size,
  locator: contents.locator,
  damagedAt: contents.damagedAt,
};

/** Statements of the inspection's half of the port. */
export type InspectionStatements = ReturnType<typeof prepareInspection>;

/** Prepares all of them. */
export function prepareInspection(db: BunSQLiteDatabase) {
  return {
    ...prepareContents(db),
    ...prepareMarks(db),
    ...prepareManifests(db),
  };
}

function prepareContents(db: BunSQLiteDatabase) {
  // What was stored or read after the last due time is not due; a time that lies in the future proves nothing.
  const lastKnown = sql`coalesce(${contents.verifiedAt}, ${contents.createdAt})`;
  const unverified = and(
    isNull(contents.damagedAt),
    or(lt(lastKnown, placeholder("since")), gt(lastKnown, placeholder("now"))),
  );
  const bytes = sql<number>`coalesce(sum(${contents.size}), 0)`;
  return {
    total: db.select({ contents: count(), bytes }).from(contents).prepare(),
    objectTotal: db.select({ objects: count() }).from(objects).prepare(),
    manifestTotal: db.select({ manifests: count() }).from(manifests).prepare(),
    page: db
      .select(inspected)
      .from(contents)
      .where(gt(contents.digest, placeholder("after")))
      .orderBy(asc(contents.digest))
      .limit(placeholder("limit"))
      .prepare(),
    row: db
      .select(inspected)
      .from(contents)
      .where(eq(contents.digest, placeholder("digest")))
      .prepare(),
    // Without an index on purpose: the scrub asks once for thousands, and every push would pay for it.
    unverified: db
      .select(inspected)
      .from(contents)
      .where(unverified)
      .orderBy(asc(lastKnown), asc(contents.digest))
      .limit(placeholder("limit"))
      .prepare(),
    trashInUse: db
      .select({ digest: contents.digest, locator: contents.locator })
      .from(trash)
      .innerJoin(contents, eq(contents.locator, trash.locator))
      .limit(placeholder("limit"))
      .prepare(),
  };
}

function prepareMarks(db: BunSQLiteDatabase) {
  const same = and(
    eq(contents.digest, placeholder("digest")),
    eq(contents.locator, placeholder("locator")),
  );
  return {
    markDamaged: db
      .update(contents)
      .set({ damagedAt: given("now") })
      .where(and(same, isNull(contents.damagedAt)))
      .returning({ digest: contents.digest })
      .prepare(),
    markSound: db
      .update(contents)
      .set({ damagedAt: null, verifiedAt: given("now") })
      .where(and(same, isNotNull(contents.damagedAt)))
      .returning({ digest: contents.digest })
      .prepare(),
    noteVerified: db
      .update(contents)
      .set({ verifiedAt: given("now") })
      .where(and(same, isNull(contents.damagedAt)))
      .prepare(),
    keepTrash: db
      .delete(trash)
      .where(eq(trash.locator, placeholder("locator")))
      .prepare(),
  };
}

function prepareManifests(db: BunSQLiteDatabase) {
  const { repository, manifest, digest, kind, size, required } = manifestReferences;
  return {
    manifestPage: db
      .select({
        repository: manifests.repository,
        digest: manifests.digest,
        mediaType: manifests.mediaType,
        artifactType: manifests.artifactType,
        subject: manifests.subject,
        size: manifests.size,
        body: manifests.body,
      })
      .from(manifests)
      .where(
        sql`(${manifests.repository}, ${manifests.digest}) > (${placeholder("repository")}, ${placeholder("digest")})`,
      )
      .orderBy(asc(manifests.repository), asc(manifests.digest))
      .limit(placeholder("limit"))
      .prepare(),
    manifestBody: db
      .select({ mediaType: manifests.mediaType, body: manifests.body })
      .from(manifests)
      .where(
        and(
          eq(manifests.repository, placeholder("repository")),
          eq(manifests.digest, placeholder("digest")),
        ),
      )
      .prepare(),
    references: db
      .select({ digest, kind, size, required })
      .from(manifestReferences)
      .where(and(eq(repository, placeholder("repository")), eq(manifest, placeholder("digest"))))
      .prepare(),
    referrersOf: db
      .select({
        subject: sql<Digest>`${referrers.subject}`,
        artifactType: sql<string | null>`${referrers.artifactType}`,
      })
      .from(by(referrers, "referrers_by_manifest"))
      .where(
        and(
          eq(referrers.repository, placeholder("repository")),
          eq(referrers.digest, placeholder("digest")),
        ),
      )
      .prepare(),
  };
}
