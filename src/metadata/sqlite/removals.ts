// Taking tags, manifests and links away: each in one transaction with the checks that may forbid it.
import { and, eq, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type {
  LinkRemovalOutcome,
  LockedTag,
  ManifestRemoval,
  RemovalOutcome,
  RemovalsMetadata,
  TagRemoval,
} from "../removals.ts";
import type { Connection } from "./connection.ts";
import { by } from "./placeholders.ts";
import { prepareContentReleases, prepareManifestReleases } from "./releases.ts";
import { manifestReferences, manifests, repositoryContents, tags } from "./schema.ts";

const repository = sql.placeholder("repository");
const digest = sql.placeholder("digest");

type Statements = ReturnType<typeof prepare>;

function prepare(db: BunSQLiteDatabase) {
  const link = and(
    eq(repositoryContents.repository, repository),
    eq(repositoryContents.digest, digest),
  );
  return {
    ...prepareTags(db),
    ...prepareManifestDrops(db),
    link: db
      .select({ digest: repositoryContents.digest })
      .from(repositoryContents)
      .where(link)
      .prepare(),
    removeLink: db.delete(repositoryContents).where(link).prepare(),
    user: db
      .select({ manifest: sql<Digest>`${manifestReferences.manifest}`, tag: tags.name })
      .from(by(manifestReferences, "manifest_references_by_digest"))
      .leftJoin(
        tags,
        and(
          eq(tags.repository, manifestReferences.repository),
          eq(tags.digest, manifestReferences.manifest),
        ),
      )
      .where(
        and(eq(manifestReferences.repository, repository), eq(manifestReferences.digest, digest)),
      )
      .limit(1)
      .prepare(),
  };
}

function prepareTags(db: BunSQLiteDatabase) {
  const byName = and(eq(tags.repository, repository), eq(tags.name, sql.placeholder("tag")));
  const ofManifest = and(eq(tags.repository, repository), eq(tags.digest, digest));
  return {
    tag: db.select({ digest: tags.digest }).from(tags).where(byName).prepare(),
    removeTag: db.delete(tags).where(byName).prepare(),
    releaseManifest: prepareManifestReleases(db).releaseManifest,
    tagsOf: db.select({ name: tags.name }).from(tags).where(ofManifest).prepare(),
  };
}

/** Statements of `dropManifest`. */
type ManifestDrops = ReturnType<typeof prepareManifestDrops>;

/** Prepares the statements of `dropManifest`. */
export function prepareManifestDrops(db: BunSQLiteDatabase) {
  const byDigest = and(eq(manifests.repository, repository), eq(manifests.digest, digest));
  return {
    releaseContents: prepareContentReleases(db).releaseContents,
    releaseBelow: prepareManifestReleases(db).releaseBelow,
    manifest: db.select({ digest: manifests.digest }).from(manifests).where(byDigest).prepare(),
    removeTagsOf: db
      .delete(tags)
      .where(and(eq(tags.repository, repository), eq(tags.digest, digest)))
      .prepare(),
    removeManifest: db.delete(manifests).where(byDigest).prepare(),
  };
}

/** Builds this part of the port over one connection. */
export function removalsMetadata(connection: Connection, db: BunSQLiteDatabase): RemovalsMetadata {
  const statements = prepare(db);
  const remove = <T extends { readonly kind: string }>(body: () => T): Promise<T> =>
    connection.writeSettled(body, ({ kind }) => kind === "removed");
  return {
    removeTag: (removal) => remove(() => removeTag(statements, removal)),
    removeManifest: (removal) => remove(() => removeManifest(statements, removal)),
    removeLink: (repository, digest) => remove(() => removeLink(statements, repository, digest)),
  };
}

function removeTag(
  statements: Statements,
  { repository, tag, immutable, now }: TagRemoval,
): RemovalOutcome {
  const found = statements.tag.get({ repository, tag });
  if (found === undefined) return { kind: "unknown" };
  const pattern = immutable(repository, tag);
  if (pattern !== null) return { kind: "locked", tag, pattern };
  statements.removeTag.run({ repository, tag });
  statements.releaseManifest.run({ repository, digest: found.digest, now });
  return { kind: "removed", digest: found.digest, tags: 1 };
}

function removeManifest(statements: Statements, removal: ManifestRemoval): RemovalOutcome {
  const { repository, digest, now } = removal;
  if (statements.manifest.get({ repository, digest }) === undefined) return { kind: "unknown" };
  const names = statements.tagsOf.all({ repository, digest });
  const locked = findLocked(names, removal);
  if (locked !== null) return locked;
  dropManifest(statements, { repository, digest, now });
  return { kind: "removed", digest, tags: names.length };
}

/** Removes a manifest with its tags, and notes at what it alone named that it was released at `now`. */
export function dropManifest(
  statements: ManifestDrops,
  { repository, digest, now }: Omit<ManifestRemoval, "immutable">,
): void {
  statements.releaseContents.run({ repository, digest, now });
  statements.releaseBelow.run({ repository, digest, now });
  statements.removeTagsOf.run({ repository, digest });
  // Its references and its place among the referrers of its subject go with the row.
  statements.removeManifest.run({ repository, digest });
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
function removeLink(
  statements: Statements,
  repository: RepositoryName,
  digest: Digest,
): LinkRemovalOutcome {
  if (statements.link.get({ repository, digest }) === undefined) return { kind: "unknown" };
  const user = statements.user.get({ repository, digest });
  if (user !== undefined) return { kind: "referenced", ...user };
  statements.removeLink.run({ repository, digest });
  return { kind: "removed" };
}
