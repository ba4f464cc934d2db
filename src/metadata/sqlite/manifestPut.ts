// Storing a manifest: everything it needs is checked in the transaction that stores it, so that nothing it names
// can be deleted in between.
import { and, eq, isNull, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { ManifestPut, ManifestPutOutcome, ManifestReference } from "../metadata.ts";
import { addReferences, insertReferrer, prepareDerivedWrites } from "./derivedRows.ts";
import { prepareRepository } from "./linkStatements.ts";
import { prepareManifestReleases } from "./releases.ts";
import { contents, manifests, repositoryContents, tags } from "./schema.ts";

const placeholder = sql.placeholder;

/** Statements of `putManifest`. */
export type ManifestWrites = ReturnType<typeof prepareManifestWrites>;

/** Prepares the statements of `putManifest`. */
export function prepareManifestWrites(db: BunSQLiteDatabase) {
  return {
    ...prepareRepository(db),
    ...prepareChecks(db),
    ...prepareInserts(db),
    ...prepareDerivedWrites(db),
    ...prepareManifestReleases(db),
  };
}

function prepareChecks(db: BunSQLiteDatabase) {
  const repository = placeholder("repository");
  const digest = placeholder("digest");
  return {
    linkedSize: db
      .select({ size: contents.size, releasedAt: contents.releasedAt })
      .from(repositoryContents)
      .innerJoin(contents, eq(contents.digest, repositoryContents.digest))
      .where(
        and(
          eq(repositoryContents.repository, repository),
          eq(repositoryContents.digest, digest),
          // Damaged content has to be pushed again, so it is asked for.
          isNull(contents.damagedAt),
        ),
      )
      .prepare(),
    manifestSize: db
      .select({ size: manifests.size })
      .from(manifests)
      .where(and(eq(manifests.repository, repository), eq(manifests.digest, digest)))
      .prepare(),
    taggedDigest: db
      .select({ digest: tags.digest })
      .from(tags)
      .where(and(eq(tags.repository, repository), eq(tags.name, placeholder("tag"))))
      .prepare(),
    known: db
      .select({
        mediaType: manifests.mediaType,
        artifactType: manifests.artifactType,
        subject: manifests.subject,
        isIntact: sql<0 | 1>`${manifests.body} = ${placeholder("body")}`,
      })
      .from(manifests)
      .where(and(eq(manifests.repository, repository), eq(manifests.digest, digest)))
      .prepare(),
  };
}

function prepareInserts(db: BunSQLiteDatabase) {
  const excluded = (column: string) => sql.raw(`excluded.${column}`);
  return {
    upsertManifest: db
      .insert(manifests)
      .values({
        repository: placeholder("repository"),
        digest: placeholder("digest"),
        mediaType: placeholder("mediaType"),
        artifactType: placeholder("artifactType"),
        subject: placeholder("subject"),
        size: placeholder("size"),
        pushedAt: placeholder("now"),
        pushedBy: placeholder("pushedBy"),
        body: placeholder("body"),
      })
      // The same digest is the same body, unless the disk damaged it: what was just pushed is right.
      .onConflictDoUpdate({
        target: [manifests.repository, manifests.digest],
        set: {
          mediaType: excluded("media_type"),
          artifactType: excluded("artifact_type"),
          subject: excluded("subject"),
          size: excluded("size"),
          body: excluded("body"),
          pushedAt: excluded("pushed_at"),
          pushedBy: excluded("pushed_by"),
        },
      })
      .prepare(),
    touchManifest: db
      .update(manifests)
      .set({
        pushedAt: sql`${placeholder("now")}`,
        pushedBy: sql`${placeholder("pushedBy")}`,
      })
      .where(
        and(
          eq(manifests.repository, placeholder("repository")),
          eq(manifests.digest, placeholder("digest")),
        ),
      )
      .prepare(),
    moveTag: db
      .insert(tags)
      .values({
        repository: placeholder("repository"),
        name: placeholder("tag"),
        digest: placeholder("digest"),
        updatedAt: placeholder("now"),
      })
      .onConflictDoUpdate({
        target: [tags.repository, tags.name],
        set: { digest: excluded("digest"), updatedAt: excluded("updated_at") },
      })
      .prepare(),
  };
}

/** The body of the transaction. */
export function putManifest(writes: ManifestWrites, put: ManifestPut): ManifestPutOutcome {
  const { repository, digest, now, pushedBy } = put;
  const { refusal: lacking, released } = checkReferences(writes, repository, put.references);
  const refusal = checkTags(writes, put) ?? lacking;
  if (refusal !== null) return refusal;
  const stored = writes.known.get({ repository, digest, body: put.body });
  if (stored?.isIntact === 1 && readsAlike(stored, put)) {
    writes.touchManifest.run({ repository, digest, now, pushedBy });
  } else {
    insertManifest(writes, put, released);
    // Read as another type, the same bytes may be about nothing, or carry another type of artifact.
    if (stored !== undefined) writes.removeReferrer.run({ repository, digest });
    insertReferrer(writes, put, put);
  }
  if (put.tags.length === 0) writes.releaseManifest.run({ repository, digest, now });
  else if (stored !== undefined) writes.nameManifest.run({ repository, digest });
  for (const tag of put.tags) moveTag(writes, { repository, tag, digest, now });
  return { kind: "stored" };
}

/** What the tag named before may have no other name. */
function moveTag(
  writes: ManifestWrites,
  move: Pick<ManifestPut, "repository" | "digest" | "now"> & { readonly tag: Tag },
): void {
  const { repository, tag, digest, now } = move;
  const before = writes.taggedDigest.get({ repository, tag })?.digest ?? digest;
  writes.moveTag.run({ repository, tag, digest, now });
  if (before !== digest) writes.releaseManifest.run({ repository, digest: before, now });
}

type Reading = Pick<ManifestPut, "mediaType" | "artifactType" | "subject">;

/** The same bytes read as the same type have the same references: a push under a further tag need not write them again. */
function readsAlike(stored: Reading, put: Reading): boolean {
  return (
    stored.mediaType === put.mediaType &&
    stored.artifactType === put.artifactType &&
    stored.subject === put.subject
  );
}

function insertManifest(
  writes: ManifestWrites,
  put: ManifestPut,
  released: readonly Digest[],
): void {
  const { repository, digest, now } = put;
  writes.insertRepository.run({ repository, now });
  writes.upsertManifest.run({
    repository,
    digest,
    mediaType: put.mediaType,
    artifactType: put.artifactType,
    subject: put.subject,
    size: put.body.byteLength,
    now,
    pushedBy: put.pushedBy,
    body: put.body,
  });
  addReferences(writes, put, put.references, released);
  writes.nameBelow.run({ repository, digest });
}

/** @returns the first locked tag that names another manifest; null when none would move. */
function checkTags(
  writes: ManifestWrites,
  { repository, digest, tags, immutable }: ManifestPut,
): ManifestPutOutcome | null {
  for (const tag of tags) {
    const pattern = immutable(repository, tag);
    if (pattern === null) continue;
    const stored = writes.taggedDigest.get({ repository, tag })?.digest ?? digest;
    if (stored !== digest) return { kind: "locked", tag, pattern };
  }
  return null;
}

/** What a look at the references found. */
interface CheckedReferences {
  /** Why the manifest cannot be stored: everything that is missing, or else the first wrong size; null when all is well. */
  readonly refusal: ManifestPutOutcome | null;
  /** What other manifests, objects or rows do not name for certain. */
  readonly released: readonly Digest[];
}

function checkReferences(
  writes: ManifestWrites,
  repository: RepositoryName,
  references: readonly ManifestReference[],
): CheckedReferences {
  const missing = new Set<Digest>();
  const released: Digest[] = [];
  let sizeDiffers: ManifestPutOutcome | null = null;
  for (const { digest, kind, required, size } of references) {
    const stored = findStored(writes, repository, digest, kind);
    if (stored !== null && stored.size !== size) {
      sizeDiffers ??= { kind: "sizeDiffers", digest, declared: size, stored: stored.size };
    }
    if (stored === null && required) missing.add(digest);
    if (stored?.isNamed !== true) released.push(digest);
  }
  const refusal = missing.size > 0 ? ({ kind: "missing", digests: [...missing] } as const) : null;
  return { refusal: refusal ?? sizeDiffers, released };
}

/** What the repository holds under `digest`, and whether it is content that something names already; null when it holds nothing. */
function findStored(
  { manifestSize, linkedSize }: ManifestWrites,
  repository: RepositoryName,
  digest: Digest,
  kind: ManifestReference["kind"],
): { readonly size: number; readonly isNamed: boolean } | null {
  const manifest = kind === "child" ? manifestSize.get({ repository, digest }) : undefined;
  if (manifest !== undefined) return { size: manifest.size, isNamed: false };
  const content = linkedSize.get({ repository, digest });
  return content === undefined
    ? null
    : { size: content.size, isNamed: content.releasedAt === null };
}
