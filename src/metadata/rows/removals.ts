// Taking tags, manifests and links away: each in one transaction with the checks that may forbid it.
import { and, eq, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { Tag } from "../../model/names.ts";
import type { Signed } from "../audit.ts";
import type { ManifestKey } from "../metadata.ts";
import type {
  LinkRemovalOutcome,
  LockedTag,
  ManifestRemoval,
  RemovalOutcome,
  RemovalsMetadata,
  TagRemoval,
} from "../removals.ts";
import { type Deed, record } from "./audit.ts";
import { releaseBelow, releaseContents, releaseManifest } from "./releases.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { manifestReferences, manifests, repositoryContents, tags } from "./schema.ts";
import { by } from "./spelling.ts";
import { command, type Params, statement } from "./statement.ts";

const isTag = ({ repository, tag }: Params<Pick<TagRemoval, "repository" | "tag">>) =>
  and(eq(tags.repository, repository), eq(tags.name, tag));
const isOfManifest = ({ repository, digest }: Params<ManifestKey>) =>
  and(eq(tags.repository, repository), eq(tags.digest, digest));
const isManifest = ({ repository, digest }: Params<ManifestKey>) =>
  and(eq(manifests.repository, repository), eq(manifests.digest, digest));
const isLink = ({ repository, digest }: Params<ManifestKey>) =>
  and(eq(repositoryContents.repository, repository), eq(repositoryContents.digest, digest));

const findTag = statement((db, given: Params<Pick<TagRemoval, "repository" | "tag">>) =>
  db.select({ digest: tags.digest }).from(tags).where(isTag(given)),
);
const deleteTag = command((db, given: Params<Pick<TagRemoval, "repository" | "tag">>) =>
  db.delete(tags).where(isTag(given)),
);
const tagsOf = statement((db, given: Params<ManifestKey>) =>
  db.select({ name: tags.name }).from(tags).where(isOfManifest(given)),
);
/** Indexes that name the manifest. */
const indexesOf = statement((db, { repository, digest }: Params<ManifestKey>) => {
  const named = manifestReferences;
  return db
    .select({ digest: sql<Digest>`${named.manifest}` })
    .from(by(named, "manifest_references_by_digest"))
    .where(
      and(eq(named.digest, digest), eq(named.repository, repository), eq(named.kind, "child")),
    );
});
const deleteTagsOf = command((db, given: Params<ManifestKey>) =>
  db.delete(tags).where(isOfManifest(given)),
);
const findManifest = statement((db, given: Params<ManifestKey>) =>
  db.select({ digest: manifests.digest }).from(manifests).where(isManifest(given)),
);
const deleteManifest = command((db, given: Params<ManifestKey>) =>
  db.delete(manifests).where(isManifest(given)),
);
const findLink = statement((db, given: Params<ManifestKey>) =>
  db.select({ digest: repositoryContents.digest }).from(repositoryContents).where(isLink(given)),
);
const deleteLink = command((db, given: Params<ManifestKey>) =>
  db.delete(repositoryContents).where(isLink(given)),
);

/** A manifest that names the content, with one of its tags. */
const findUser = statement((db, { repository, digest }: Params<ManifestKey>) => {
  const references = manifestReferences;
  return db
    .select({ manifest: sql<Digest>`${references.manifest}`, tag: tags.name })
    .from(by(references, "manifest_references_by_digest"))
    .leftJoin(
      tags,
      and(eq(tags.repository, references.repository), eq(tags.digest, references.manifest)),
    )
    .where(and(eq(references.repository, repository), eq(references.digest, digest)))
    .limit(1);
});

/** Builds this part of the port. */
export function removalsMetadata(rows: Rows): RemovalsMetadata {
  const remove = <T extends { readonly kind: string }>(body: (tx: Tx) => Body<T>): Promise<T> =>
    rows.writeSettled(body, ({ kind }) => kind === "removed");
  return {
    removeTag: (removal) => remove((tx) => removeTag(tx, removal)),
    removeManifest: (removal) => remove((tx) => removeManifest(tx, removal)),
    removeLink: (repository, digest, by) =>
      remove((tx) => removeLink(tx, { repository, digest }, by)),
  };
}

function* removeTag(tx: Tx, removal: TagRemoval): Body<RemovalOutcome> {
  const { repository, tag, immutable, now } = removal;
  const found = yield* tx.get(findTag, { repository, tag });
  if (found === undefined) return { kind: "unknown" };
  if (removal.names !== undefined && removal.names !== found.digest) return { kind: "changed" };
  const pattern = immutable(repository, tag);
  if (pattern !== null) return { kind: "locked", tag, pattern };
  tx.run(deleteTag, { repository, tag });
  tx.run(releaseManifest, { repository, digest: found.digest, now });
  recordRemoval(tx, removal, { event: "tag.delete", detail: tag, digest: found.digest });
  return { kind: "removed", digest: found.digest, tags: 1 };
}

function* removeManifest(tx: Tx, removal: ManifestRemoval): Body<RemovalOutcome> {
  const { repository, digest, now } = removal;
  if ((yield* tx.get(findManifest, { repository, digest })) === undefined)
    return { kind: "unknown" };
  const names = yield* tx.all(tagsOf, { repository, digest });
  const { expected } = removal;
  if (expected !== undefined) {
    const indexes = yield* tx.all(indexesOf, { repository, digest });
    const isExpected =
      names.every(({ name }) => expected.tags.has(name)) &&
      indexes.every((index) => expected.indexes.has(index.digest));
    if (!isExpected) return { kind: "changed" };
  }
  const locked = findLocked(names, removal);
  if (locked !== null) return locked;
  dropManifest(tx, { repository, digest, now });
  for (const { name } of names) {
    recordRemoval(tx, removal, { event: "tag.delete", detail: name, digest });
  }
  recordRemoval(tx, removal, { event: "manifest.delete", detail: digest, digest });
  return { kind: "removed", digest, tags: names.length };
}

function recordRemoval(
  tx: Tx,
  { repository, by, now }: TagRemoval | ManifestRemoval,
  deed: Omit<Deed, "resource">,
): void {
  if (by !== undefined) record(tx, { ...by, at: now }, { ...deed, resource: repository });
}

/** Removes a manifest with its tags, and notes at what it alone named that it was released at `now`. */
export function dropManifest(
  tx: Tx,
  { repository, digest, now }: Omit<ManifestRemoval, "immutable" | "by">,
): void {
  tx.run(releaseContents, { repository, digest, now });
  tx.run(releaseBelow, { repository, digest, now });
  tx.run(deleteTagsOf, { repository, digest });
  // Its references and its place among the referrers of its subject go with the row.
  tx.run(deleteManifest, { repository, digest });
}

function findLocked(
  names: readonly { readonly name: Tag }[],
  { repository, immutable }: ManifestRemoval,
): LockedTag | null {
  for (const { name } of names) {
    const pattern = immutable(repository, name);
    if (pattern !== null) return { kind: "locked", tag: name, pattern };
  }
  return null;
}

/** What a manifest of the repository refers to stays linked: without it the manifest could no longer be pulled. */
function* removeLink(tx: Tx, key: ManifestKey, by: Signed | undefined): Body<LinkRemovalOutcome> {
  if ((yield* tx.get(findLink, key)) === undefined) return { kind: "unknown" };
  const user = yield* tx.get(findUser, key);
  if (user !== undefined) return { kind: "referenced", ...user };
  tx.run(deleteLink, key);
  const { repository: resource, digest } = key;
  record(tx, by, { event: "blob.delete", resource, detail: digest, digest });
  return { kind: "removed" };
}
