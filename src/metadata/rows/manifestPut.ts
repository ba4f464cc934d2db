// Storing a manifest: everything it needs is checked in the transaction that stores it, so that nothing it names
// can be deleted in between.
import { and, eq, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { Tag } from "../../model/names.ts";
import type { ManifestKey, ManifestPut, ManifestPutOutcome } from "../metadata.ts";
import { record } from "./audit.ts";
import { addReferences, insertReferrer, removeReferrer } from "./derivedRows.ts";
import { notePush } from "./history.ts";
import { insertRepository } from "./links.ts";
import { askBefore, type Before, type ManifestBefore } from "./manifestPutReads.ts";
import { nameBelow, nameManifest, releaseManifest } from "./releases.ts";
import type { Body, Tx } from "./rows.ts";
import { manifests, tags } from "./schema.ts";
import { command, type Params } from "./statement.ts";

interface TagMove extends ManifestKey {
  readonly tag: Tag;
  /** Unix ms. */
  readonly now: number;
}

const isManifest = ({ repository, digest }: Params<ManifestKey>) =>
  and(eq(manifests.repository, repository), eq(manifests.digest, digest));
const excluded = (column: string) => sql.raw(`excluded.${column}`);

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
  const before = yield* askBefore(tx, put);
  const refusal = findLocked(put, before.tags) ?? before.references.refusal;
  if (refusal !== null) return refusal;
  store(tx, put, before);
  for (const tag of before.tags) moveTag(tx, put, tag);
  if (put.tags.length === 0) {
    tx.run(releaseManifest, put);
    recordPush(tx, put, { detail: put.digest, previous: null });
    notePush(tx, put, "", before.surplus);
  }
  return { kind: "stored" };
}

/** Writes what the bytes say, unless it is written. */
function store(tx: Tx, put: ManifestPut, { manifest, references }: Before): void {
  const { repository, digest, now } = put;
  const isStored = manifest.mediaType !== null;
  if (manifest.isIntact === 1 && readsAlike(manifest, put)) {
    tx.run(touchManifest, { repository, digest, now, pushedBy: put.by?.who ?? null });
  } else {
    if (!references.isRepositoryKnown) tx.run(insertRepository, { repository, now });
    insertManifest(tx, put);
    addReferences(tx, put, put.references, references.released);
    const hasChildren = put.references.some(({ kind }) => kind === "child");
    // What an earlier reading named counts as well.
    if (isStored || hasChildren || manifest.isSubject === 1)
      tx.run(nameBelow, { repository, digest });
    // Read as another type, the same bytes may be about nothing, or carry another type of artifact.
    if (isStored) tx.run(removeReferrer, { repository, digest });
    insertReferrer(tx, put, put);
  }
  if (isStored && put.tags.length > 0) tx.run(nameManifest, { repository, digest });
}

/** What the tag named before may have no other name. */
function moveTag(
  tx: Tx,
  put: ManifestPut,
  { tag, digest: before, surplus }: Before["tags"][number],
): void {
  const { repository, digest, now } = put;
  tx.run(setTag, { repository, tag, digest, now });
  const previous = before === digest ? null : before;
  if (previous !== null) tx.run(releaseManifest, { repository, digest: previous, now });
  recordPush(tx, put, { detail: tag, previous });
  notePush(tx, put, tag, surplus);
}

function recordPush(
  tx: Tx,
  { repository, digest, by, now, mediaType, body }: ManifestPut,
  { detail, previous }: { readonly detail: string; readonly previous: Digest | null },
): void {
  if (by === null) return;
  const event = previous === null ? "push" : "tag.move";
  const deed = { event, resource: repository, detail, digest, previous, mediaType } as const;
  record(tx, { ...by, at: now }, { ...deed, size: body.byteLength });
}

/** The same bytes read as the same type have the same references: a push under a further tag need not write them again. */
function readsAlike(stored: ManifestBefore, put: ManifestPut): boolean {
  return (
    stored.mediaType === put.mediaType &&
    stored.artifactType === put.artifactType &&
    stored.subject === put.subject
  );
}

function insertManifest(tx: Tx, put: ManifestPut): void {
  const { repository, digest, mediaType, artifactType, subject, body, now } = put;
  tx.run(upsertManifest, {
    ...{ repository, digest, mediaType, artifactType, subject, now, body },
    size: body.byteLength,
    pushedBy: put.by?.who ?? null,
  });
}

/** @returns the first locked tag that names another manifest; null when none would move. */
function findLocked(
  { repository, digest, immutable }: ManifestPut,
  tags: Before["tags"],
): ManifestPutOutcome | null {
  for (const { tag, digest: before } of tags) {
    if (before === null || before === digest) continue;
    const pattern = immutable(repository, tag);
    if (pattern !== null) return { kind: "locked", tag, pattern };
  }
  return null;
}
