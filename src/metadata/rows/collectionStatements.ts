// Statements of the collection. The conditions under which something may be deleted are written once: marking asks them, and the
// transactions that delete ask them again.
import {
  and,
  asc,
  count,
  eq,
  exists,
  gt,
  inArray,
  lte,
  notExists,
  type SQL,
  sql,
} from "drizzle-orm";
import { unionAll } from "drizzle-orm/sqlite-core";
import type { Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { AgeLimits, ContentLink, Discarded, Unreferenced } from "../collection.ts";
import { multipartUploads } from "./objectsSchema.ts";
import { isAwaited, isAwaitedIn } from "./pushes.ts";
import { isInNoManifest, isInNoObject } from "./releases.ts";
import {
  contents,
  manifestReferences,
  repositoryContents,
  trash,
  uploadSessions,
} from "./schema.ts";
import { listed } from "./spelling.ts";
import { type Builder, command, type Params, statement } from "./statement.ts";
import { isUntold } from "./untold.ts";

interface Digests {
  readonly digests: readonly Digest[];
}
interface Locators {
  readonly locators: readonly Locator[];
}
interface Window {
  readonly after: Digest | "";
  readonly limit: number;
}
/** Digests after one, up to another. */
interface Stretch extends AgeLimits {
  readonly after: Digest | "";
  readonly last: Digest;
}

const one = { one: sql`1` };

/** Why content that nothing names stays, or that it may be deleted. */
const stateOf = ({ now, olderThan, pushesSince }: Params<AgeLimits>): SQL<Unreferenced["state"]> =>
  sql`CASE
  WHEN ${contents.keptUntil} > ${now} OR ${isAwaited(pushesSince)} THEN 'leased'
  WHEN ${contents.createdAt} > ${olderThan} OR coalesce(${contents.releasedAt}, 0) > ${now} THEN 'young'
  ELSE 'orphaned' END`;

/** No manifest of any repository names the content, and no object is made of it. */
const isUnreferenced = (db: Builder) => and(isInNoManifest(db), isInNoObject(db));

/** For a link: no manifest of its own repository names its content. */
function isUnused(db: Builder): SQL {
  const { repository, digest } = manifestReferences;
  const isNamed = and(
    eq(digest, repositoryContents.digest),
    eq(repository, repositoryContents.repository),
  );
  return notExists(db.select(one).from(manifestReferences).where(isNamed));
}

/**
 * No manifest of its own repository names the content of the link; the content's lease is over, and the link is old enough. An object
 * keeps bytes and no link: which repository serves them is no matter of a bucket.
 */
function isLoose(db: Builder, { now, olderThan, pushesSince }: Params<AgeLimits>) {
  const leaseIsOver = and(
    eq(contents.digest, repositoryContents.digest),
    lte(contents.keptUntil, now),
    sql`NOT ${isAwaitedIn(pushesSince)}`,
  );
  return and(
    isUnused(db),
    lte(repositoryContents.linkedAt, olderThan),
    exists(db.select(one).from(contents).where(leaseIsOver)),
  );
}

export const countContents = statement((db) =>
  db
    .select({ blobs: count(), bytes: sql<number>`coalesce(sum(${contents.size}), 0)` })
    .from(contents),
);
/** How many rows of content the next window has, and its last digest. */
export const findWindow = statement((db, { after, limit }: Params<Window>) => {
  const window = db
    .select({ digest: contents.digest })
    .from(contents)
    .where(gt(contents.digest, after))
    .orderBy(asc(contents.digest))
    .limit(limit)
    .as("content_window");
  return db
    .select({ total: count(), last: sql<Digest | null>`max(${window.digest})` })
    .from(window);
});
// In two steps, so that what nothing names is found in indexes alone: Postgres would fetch every row of the stretch.
export const listUnreferenced = statement((db, given: Params<Stretch>) => {
  const { digest, size, locator, keptUntil, releasedAt } = contents;
  const within = and(gt(digest, given.after), lte(digest, given.last));
  const unreferenced = db
    .select({ digest })
    .from(contents)
    .where(and(within, isUnreferenced(db)));
  return db
    .select({ digest, size, locator, keptUntil, releasedAt, state: stateOf(given) })
    .from(contents)
    .where(inArray(digest, unreferenced))
    .orderBy(asc(digest));
});
export const listLoose = statement((db, given: Params<Stretch>) => {
  const { repository, digest } = repositoryContents;
  const within = and(gt(digest, given.after), lte(digest, given.last));
  const unused = db
    .select({ repository, digest })
    .from(repositoryContents)
    .where(and(within, isUnused(db)));
  return db
    .select({ repository, digest })
    .from(repositoryContents)
    .where(and(sql`(${repository}, ${digest}) IN ${unused}`, isLoose(db, given)));
});

export const listOrphaned = statement((db, given: Params<AgeLimits & Digests>) => {
  const { digest, locator, size } = contents;
  const isOrphaned = and(isUnreferenced(db), eq(stateOf(given), "orphaned"));
  return db
    .select({ digest, locator, size })
    .from(contents)
    .where(and(inArray(digest, listed(given.digests)), isOrphaned));
});
export const unlinkAll = statement((db, { digests }: Params<Digests>) =>
  db
    .delete(repositoryContents)
    .where(inArray(repositoryContents.digest, listed(digests)))
    .returning({ digest: repositoryContents.digest }),
);
export const deleteContents = command((db, { digests }: Params<Digests>) =>
  db.delete(contents).where(inArray(contents.digest, listed(digests))),
);
/** Deletes one link, if it may still be deleted. */
export const unlink = statement((db, given: Params<AgeLimits & ContentLink>) => {
  const { repository, digest } = repositoryContents;
  const isIt = and(eq(repository, given.repository), eq(digest, given.digest));
  return db
    .delete(repositoryContents)
    .where(and(isIt, isLoose(db, given)))
    .returning({ digest });
});

/** Where transactions run side by side, one that changes the row at the same time is attempted again, or this one. */
export const touchContent = command((db, { digest }: Params<{ digest: Digest }>) =>
  db
    .update(contents)
    .set({ keptUntil: sql`${contents.keptUntil}` })
    .where(eq(contents.digest, digest)),
);

export const addTrash = command((db, given: Params<Discarded & { now: number }>) => {
  const { locator, size, now } = given;
  return db.insert(trash).values({ locator, size, discardedAt: now }).onConflictDoNothing();
});
export const listTrash = statement((db, given: Params<{ after: Locator | ""; limit: number }>) => {
  const { locator, size } = trash;
  return db
    .select({ locator, size })
    .from(trash)
    .where(gt(locator, given.after))
    .orderBy(asc(locator))
    .limit(given.limit);
});
export const emptyTrash = statement((db, { locators }: Params<Locators>) =>
  db
    .delete(trash)
    .where(inArray(trash.locator, listed(locators)))
    .returning({ locator: trash.locator }),
);
/** Rows of content by the digests of stored names, which most names have. */
export const listNamedContents = statement((db, { digests }: Params<Digests>) =>
  db
    .select({ locator: contents.locator })
    .from(contents)
    .where(inArray(contents.digest, listed(digests))),
);
/** Rows of content by the stored names themselves, where those do not tell their digest. */
export const listContentsAt = statement((db, { locators }: Params<Locators>) =>
  db
    .select({ locator: contents.locator })
    .from(contents)
    .where(and(inArray(contents.locator, listed(locators)), isUntold)),
);
export const listNamedTrash = statement((db, { locators }: Params<Locators>) =>
  db
    .select({ locator: trash.locator })
    .from(trash)
    .where(inArray(trash.locator, listed(locators))),
);
/** Those of `owners` that hold a claim, of an upload into a repository or into a bucket: they may be about to name a file. */
export const listHolders = statement((db, { owners }: Params<{ owners: readonly string[] }>) => {
  const claims = (table: typeof uploadSessions | typeof multipartUploads) =>
    db
      .select({ owner: table.claimOwner })
      .from(table)
      .where(inArray(table.claimOwner, listed(owners)));
  return unionAll(claims(uploadSessions), claims(multipartUploads));
});
/** Those of `owners` that are uploads, open or about to end: where a name is an upload's, any of its requests may name it. */
export const listOpenOwners = statement((db, { owners }: Params<{ owners: readonly string[] }>) => {
  const sessions = db
    .select({ owner: sql<string>`${uploadSessions.id}` })
    .from(uploadSessions)
    .where(inArray(uploadSessions.id, listed(owners)));
  const inParts = db
    .select({ owner: sql<string>`${multipartUploads.uploadId}` })
    .from(multipartUploads)
    .where(inArray(multipartUploads.uploadId, listed(owners)));
  return unionAll(sessions, inParts);
});
