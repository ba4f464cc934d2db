// Storing a manifest: everything it needs is checked in the transaction that stores it, so that nothing it names
// can be deleted in between.
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type {
  ManifestKey,
  ManifestPut,
  ManifestPutOutcome,
  ManifestReference,
} from "../metadata.ts";
import { record } from "./audit.ts";
import { addReferences, insertReferrer, removeReferrer } from "./derivedRows.ts";
import { notePush } from "./history.ts";
import { insertRepository } from "./links.ts";
import { nameBelow, nameManifest, releaseManifest } from "./releases.ts";
import type { Body, Tx } from "./rows.ts";
import { contents, manifests, repositoryContents, tags } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

interface TagMove extends ManifestKey {
  readonly tag: Tag;
  /** Unix ms. */
  readonly now: number;
}

const isManifest = ({ repository, digest }: Params<ManifestKey>) =>
  and(eq(manifests.repository, repository), eq(manifests.digest, digest));
const excluded = (column: string) => sql.raw(`excluded.${column}`);

const linkedSize = statement((db, { repository, digest }: Params<ManifestKey>) =>
  db
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
    ),
);
const manifestSize = statement((db, given: Params<ManifestKey>) =>
  db.select({ size: manifests.size }).from(manifests).where(isManifest(given)),
);
const taggedDigest = statement(
  (db, { repository, tag }: Params<{ repository: RepositoryName; tag: Tag }>) =>
    db
      .select({ digest: tags.digest })
      .from(tags)
      .where(and(eq(tags.repository, repository), eq(tags.name, tag))),
);
const known = statement((db, given: Params<ManifestKey & Pick<ManifestPut, "body">>) =>
  db
    .select({
      mediaType: manifests.mediaType,
      artifactType: manifests.artifactType,
      subject: manifests.subject,
      isIntact: sql<0 | 1>`CASE WHEN ${manifests.body} = ${given.body} THEN 1 ELSE 0 END`,
    })
    .from(manifests)
    .where(isManifest(given)),
);

type NewManifest = Omit<
  ManifestPut,
  "origin" | "annotations" | "references" | "tags" | "immutable" | "by"
> & {
  readonly size: number;
  readonly pushedBy: string | null;
};

const upsertManifest = command((db, given: Params<NewManifest>) => {
  const { repository, digest, mediaType, artifactType, subject, size, pushedBy, body } = given;
  const row = { repository, digest, mediaType, artifactType, subject, size, pushedBy, body };
  return (
    db
      .insert(manifests)
      .values({ ...row, pushedAt: given.now })
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
  );
});
const touchManifest = command(
  (db, given: Params<Omit<TagMove, "tag"> & { pushedBy: string | null }>) =>
    db
      .update(manifests)
      .set({ pushedAt: given.now, pushedBy: given.pushedBy })
      .where(isManifest(given)),
);
const setTag = command((db, { repository, tag, digest, now }: Params<TagMove>) =>
  db
    .insert(tags)
    .values({ repository, name: tag, digest, updatedAt: now })
    .onConflictDoUpdate({
      target: [tags.repository, tags.name],
      set: { digest: excluded("digest"), updatedAt: excluded("updated_at") },
    }),
);

/** The body of the transaction. */
export function* putManifest(tx: Tx, put: ManifestPut): Body<ManifestPutOutcome> {
  const { repository, digest, now } = put;
  const { refusal: lacking, released } = yield* checkReferences(tx, repository, put.references);
  const refusal = (yield* checkTags(tx, put)) ?? lacking;
  if (refusal !== null) return refusal;
  const stored = yield* tx.get(known, { repository, digest, body: put.body });
  if (stored?.isIntact === 1 && readsAlike(stored, put)) {
    tx.run(touchManifest, { repository, digest, now, pushedBy: put.by?.who ?? null });
  } else {
    insertManifest(tx, put, released);
    // Read as another type, the same bytes may be about nothing, or carry another type of artifact.
    if (stored !== undefined) tx.run(removeReferrer, { repository, digest });
    insertReferrer(tx, put, put);
  }
  if (put.tags.length === 0) {
    tx.run(releaseManifest, { repository, digest, now });
    recordPush(tx, put, { detail: digest, previous: null });
  } else if (stored !== undefined) tx.run(nameManifest, { repository, digest });
  for (const tag of put.tags) {
    const previous = yield* moveTag(tx, { repository, tag, digest, now });
    recordPush(tx, put, { detail: tag, previous });
  }
  notePush(tx, put);
  return { kind: "stored" };
}

/** What the tag named before may have no other name. @returns it; null when the tag names nothing else than before. */
function* moveTag(tx: Tx, { repository, tag, digest, now }: TagMove): Body<Digest | null> {
  const before = (yield* tx.get(taggedDigest, { repository, tag }))?.digest ?? digest;
  tx.run(setTag, { repository, tag, digest, now });
  if (before === digest) return null;
  tx.run(releaseManifest, { repository, digest: before, now });
  return before;
}

function recordPush(
  tx: Tx,
  { repository, digest, by, now }: ManifestPut,
  { detail, previous }: { readonly detail: string; readonly previous: Digest | null },
): void {
  if (by === null) return;
  const event = previous === null ? "push" : "tag.move";
  record(tx, { ...by, at: now }, { event, resource: repository, detail, digest, previous });
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

function insertManifest(tx: Tx, put: ManifestPut, released: readonly Digest[]): void {
  const { repository, digest, now } = put;
  tx.run(insertRepository, { repository, now });
  tx.run(upsertManifest, {
    repository,
    digest,
    mediaType: put.mediaType,
    artifactType: put.artifactType,
    subject: put.subject,
    size: put.body.byteLength,
    now,
    pushedBy: put.by?.who ?? null,
    body: put.body,
  });
  addReferences(tx, put, put.references, released);
  tx.run(nameBelow, { repository, digest });
}

/** @returns the first locked tag that names another manifest; null when none would move. */
function* checkTags(
  tx: Tx,
  { repository, digest, tags, immutable }: ManifestPut,
): Body<ManifestPutOutcome | null> {
  for (const tag of tags) {
    const pattern = immutable(repository, tag);
    if (pattern === null) continue;
    const stored = (yield* tx.get(taggedDigest, { repository, tag }))?.digest ?? digest;
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

function* checkReferences(
  tx: Tx,
  repository: RepositoryName,
  references: readonly ManifestReference[],
): Body<CheckedReferences> {
  const missing = new Set<Digest>();
  const released: Digest[] = [];
  let sizeDiffers: ManifestPutOutcome | null = null;
  for (const { digest, kind, required, size } of references) {
    const stored = yield* findStored(tx, { repository, digest }, kind);
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
function* findStored(
  tx: Tx,
  key: ManifestKey,
  kind: ManifestReference["kind"],
): Body<{ readonly size: number; readonly isNamed: boolean } | null> {
  const manifest = kind === "child" ? yield* tx.get(manifestSize, key) : undefined;
  if (manifest !== undefined) return { size: manifest.size, isNamed: false };
  const content = yield* tx.get(linkedSize, key);
  return content === undefined
    ? null
    : { size: content.size, isNamed: content.releasedAt === null };
}
