// Statements of the collection, prepared once. The conditions under which something may go stand here, once for marking and once
// more, the same, in the transactions that delete.
import { and, asc, count, eq, exists, gt, inArray, lte, notExists, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { unionAll } from "drizzle-orm/sqlite-core";
import type { Digest } from "../../model/digest.ts";
import type { Unreferenced } from "../collection.ts";
import { multipartUploads } from "../rows/objectsSchema.ts";
import { isInNoObject } from "../rows/releases.ts";
import {
  contents,
  manifestReferences,
  repositoryContents,
  trash,
  uploadSessions,
} from "../rows/schema.ts";
import { listed } from "./placeholders.ts";
import { createPushes, isAwaited, isAwaitedIn } from "./pushes.ts";

const placeholder = sql.placeholder;
const now = placeholder("now");
const olderThan = placeholder("olderThan");
const pushesSince = placeholder("pushesSince");

/** Statements of the collection's part of the port. */
export type CollectionStatements = ReturnType<typeof prepareCollectionStatements>;

/** Prepares all of them. */
export function prepareCollectionStatements(db: BunSQLiteDatabase) {
  createPushes(db);
  return { ...prepareMarking(db), ...prepareSweeping(db), ...prepareTrash(db) };
}

/** Why content that nothing names stays, or that it may go. */
const stateOf = sql<Unreferenced["state"]>`CASE
  WHEN ${contents.keptUntil} > ${now} OR ${isAwaited(pushesSince)} THEN 'leased'
  WHEN ${contents.createdAt} > ${olderThan} OR coalesce(${contents.releasedAt}, 0) > ${now} THEN 'young'
  ELSE 'orphaned' END`;

/** No manifest of any repository names the content, and no object is made of it. */
function isUnreferenced(db: BunSQLiteDatabase) {
  const isNamed = db
    .select({ one: sql`1` })
    .from(manifestReferences)
    .where(eq(manifestReferences.digest, contents.digest));
  return and(notExists(isNamed), isInNoObject(db));
}

/**
 * No manifest of its own repository names what the link is to; the content's lease is over, and the link is old enough. An object keeps
 * bytes and no link: which repository serves them is no matter of a bucket.
 */
function isLoose(db: BunSQLiteDatabase) {
  const { repository, digest } = manifestReferences;
  const leaseIsOver = db
    .select({ one: sql`1` })
    .from(contents)
    .where(
      and(
        eq(contents.digest, repositoryContents.digest),
        lte(contents.keptUntil, now),
        sql`NOT ${isAwaitedIn(pushesSince)}`,
      ),
    );
  return and(
    notExists(
      db
        .select({ one: sql`1` })
        .from(manifestReferences)
        .where(
          and(eq(digest, repositoryContents.digest), eq(repository, repositoryContents.repository)),
        ),
    ),
    lte(repositoryContents.linkedAt, olderThan),
    exists(leaseIsOver),
  );
}

function prepareMarking(db: BunSQLiteDatabase) {
  const window = db
    .select({ digest: contents.digest })
    .from(contents)
    .where(gt(contents.digest, placeholder("after")))
    .orderBy(asc(contents.digest))
    .limit(placeholder("limit"))
    .as("content_window");
  const link = { repository: repositoryContents.repository, digest: repositoryContents.digest };
  const within = (column: typeof contents.digest | typeof repositoryContents.digest) =>
    and(gt(column, placeholder("after")), lte(column, placeholder("last")));
  return {
    countContents: db
      .select({ blobs: count(), bytes: sql<number>`coalesce(sum(${contents.size}), 0)` })
      .from(contents)
      .prepare(),
    window: db
      .select({ total: count(), last: sql<Digest | null>`max(${window.digest})` })
      .from(window)
      .prepare(),
    unreferenced: db
      .select({
        digest: contents.digest,
        size: contents.size,
        locator: contents.locator,
        keptUntil: contents.keptUntil,
        releasedAt: contents.releasedAt,
        state: stateOf,
      })
      .from(contents)
      .where(and(within(contents.digest), isUnreferenced(db)))
      .orderBy(asc(contents.digest))
      .prepare(),
    links: db
      .select(link)
      .from(repositoryContents)
      .where(and(within(repositoryContents.digest), isLoose(db)))
      .prepare(),
  };
}

function prepareSweeping(db: BunSQLiteDatabase) {
  return {
    orphaned: db
      .select({ digest: contents.digest, locator: contents.locator, size: contents.size })
      .from(contents)
      .where(
        and(
          inArray(contents.digest, listed("digests")),
          isUnreferenced(db),
          eq(stateOf, "orphaned"),
        ),
      )
      .prepare(),
    unlinkAll: db
      .delete(repositoryContents)
      .where(inArray(repositoryContents.digest, listed("digests")))
      .returning({ digest: repositoryContents.digest })
      .prepare(),
    deleteContents: db
      .delete(contents)
      .where(inArray(contents.digest, listed("digests")))
      .prepare(),
    unlink: db
      .delete(repositoryContents)
      .where(
        and(
          eq(repositoryContents.repository, placeholder("repository")),
          eq(repositoryContents.digest, placeholder("digest")),
          isLoose(db),
        ),
      )
      .returning({ digest: repositoryContents.digest })
      .prepare(),
  };
}

function prepareTrash(db: BunSQLiteDatabase) {
  const named = (table: typeof contents | typeof trash) =>
    db.select({ locator: table.locator }).from(table);
  const claimedBy = (table: typeof uploadSessions | typeof multipartUploads) =>
    db
      .select({ owner: table.claimOwner })
      .from(table)
      .where(inArray(table.claimOwner, listed("owners")));
  return {
    discard: db
      .insert(trash)
      .values({
        locator: placeholder("locator"),
        size: placeholder("size"),
        discardedAt: placeholder("now"),
      })
      .onConflictDoNothing()
      .prepare(),
    listTrash: db
      .select({ locator: trash.locator, size: trash.size })
      .from(trash)
      .where(gt(trash.locator, placeholder("after")))
      .orderBy(asc(trash.locator))
      .limit(placeholder("limit"))
      .prepare(),
    emptyTrash: db
      .delete(trash)
      .where(inArray(trash.locator, listed("locators")))
      .prepare(),
    /** Rows of content are found by their digest: a stored name says which. */
    namedContents: named(contents)
      .where(inArray(contents.digest, listed("digests")))
      .prepare(),
    namedTrash: named(trash)
      .where(inArray(trash.locator, listed("locators")))
      .prepare(),
    /** Of uploads into repositories and into buckets: whoever holds a claim may be about to name a file. */
    holders: unionAll(claimedBy(uploadSessions), claimedBy(multipartUploads)).prepare(),
    trashInUse: db
      .select({ locator: contents.locator })
      .from(contents)
      .where(inArray(contents.locator, db.select({ locator: trash.locator }).from(trash)))
      .limit(1)
      .prepare(),
  };
}
