// Statements of upload sessions, prepared once.
import { and, asc, count, eq, exists, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { prepareContentRow } from "./contentRow.ts";
import { prepareLink } from "./linkStatements.ts";
import { given } from "./placeholders.ts";
import {
  contents,
  finishedUploads,
  repositories,
  repositoryContents,
  uploadChunks,
  uploadSessions,
} from "./schema.ts";

const placeholder = sql.placeholder;

const session = {
  id: uploadSessions.id,
  repository: uploadSessions.repository,
  offset: uploadSessions.offset,
  staging: uploadSessions.staging,
  algorithm: uploadSessions.algorithm,
  startedAt: uploadSessions.startedAt,
  updatedAt: uploadSessions.updatedAt,
};

const byId = eq(uploadSessions.id, placeholder("id"));
const inRepository = and(byId, eq(uploadSessions.repository, placeholder("repository")));
const byOwner = and(byId, eq(uploadSessions.claimOwner, placeholder("owner")));
const unclaimed = { claimOwner: null };

/** Statements of the sessions' half of the port. */
export type UploadStatements = ReturnType<typeof prepareUploadStatements>;

/** Prepares all of them. */
export function prepareUploadStatements(db: BunSQLiteDatabase) {
  return {
    ...prepareSessions(db),
    ...prepareClaims(db),
    ...prepareBoundaries(db),
    ...prepareEndings(db),
    ...prepareFinish(db),
  };
}

function prepareSessions(db: BunSQLiteDatabase) {
  return {
    insert: db
      .insert(uploadSessions)
      .values({
        id: placeholder("id"),
        repository: placeholder("repository"),
        offset: placeholder("offset"),
        staging: placeholder("staging"),
        startedAt: placeholder("startedAt"),
        updatedAt: placeholder("updatedAt"),
        claimOwner: placeholder("owner"),
        algorithm: placeholder("algorithm"),
      })
      .prepare(),
    find: db.select(session).from(uploadSessions).where(inRepository).prepare(),
    owned: db
      .select({ startedAt: uploadSessions.startedAt })
      .from(uploadSessions)
      .where(and(inRepository, byOwner))
      .prepare(),
    remove: db.delete(uploadSessions).where(inRepository).returning(session).prepare(),
    removeAny: db.delete(uploadSessions).where(byId).returning(session).prepare(),
    list: db
      .select({ ...session, claimOwner: uploadSessions.claimOwner })
      .from(uploadSessions)
      .where(gt(uploadSessions.id, placeholder("after")))
      .orderBy(asc(uploadSessions.id))
      .limit(placeholder("limit"))
      .prepare(),
    delete: db.delete(uploadSessions).where(byId).prepare(),
    count: db
      .select({
        sessions: count(),
        bytes: sql<number>`coalesce(sum(${uploadSessions.offset}), 0)`,
      })
      .from(uploadSessions)
      .prepare(),
  };
}

function prepareClaims(db: BunSQLiteDatabase) {
  return {
    claim: db
      .update(uploadSessions)
      .set({ claimOwner: given("owner") })
      .where(
        and(
          inRepository,
          or(
            isNull(uploadSessions.claimOwner),
            eq(uploadSessions.claimOwner, placeholder("owner")),
          ),
        ),
      )
      .returning(session)
      .prepare(),
    renew: db
      .update(uploadSessions)
      .set({ updatedAt: given("now") })
      .where(byOwner)
      .returning({ id: uploadSessions.id })
      .prepare(),
    release: db.update(uploadSessions).set(unclaimed).where(byOwner).prepare(),
    advance: db
      .update(uploadSessions)
      .set({
        offset: given("offset"),
        staging: given("staging"),
        updatedAt: given("now"),
        ...unclaimed,
      })
      .where(byOwner)
      .returning({ id: uploadSessions.id })
      .prepare(),
  };
}

function prepareBoundaries(db: BunSQLiteDatabase) {
  const { session: ofSession, offset, digest } = uploadChunks;
  return {
    // An empty chunk ends where the one before did.
    bound: db
      .insert(uploadChunks)
      .values({
        session: placeholder("id"),
        offset: placeholder("offset"),
        digest: placeholder("digest"),
      })
      .onConflictDoNothing()
      .prepare(),
    boundaries: db
      .select({ offset, digest })
      .from(uploadChunks)
      .where(eq(ofSession, placeholder("id")))
      .orderBy(asc(offset))
      .prepare(),
  };
}

function prepareEndings(db: BunSQLiteDatabase) {
  const idle = db
    .select({ id: uploadSessions.id })
    .from(uploadSessions)
    .where(
      and(
        lt(uploadSessions.updatedAt, placeholder("idleSince")),
        isNull(uploadSessions.claimOwner),
      ),
    )
    .limit(placeholder("limit"));
  const now = placeholder("now");
  return {
    lowerTimes: db
      .update(uploadSessions)
      .set({ startedAt: sql`min(${uploadSessions.startedAt}, ${now})`, updatedAt: given("now") })
      .where(gt(uploadSessions.updatedAt, now))
      .prepare(),
    lowerFinished: db
      .update(finishedUploads)
      .set({ finishedAt: given("now") })
      .where(gt(finishedUploads.finishedAt, now))
      .prepare(),
    expire: db
      .delete(uploadSessions)
      .where(inArray(uploadSessions.id, idle))
      .returning(session)
      .prepare(),
    finish: db
      .insert(finishedUploads)
      .values({
        id: placeholder("id"),
        repository: placeholder("repository"),
        digest: placeholder("digest"),
        size: placeholder("size"),
        finishedAt: placeholder("now"),
      })
      .prepare(),
    finished: db
      .select({ digest: finishedUploads.digest, size: finishedUploads.size })
      .from(finishedUploads)
      .where(
        and(
          eq(finishedUploads.id, placeholder("id")),
          eq(finishedUploads.repository, placeholder("repository")),
          gt(finishedUploads.finishedAt, placeholder("since")),
          // What was deleted since cannot be promised again.
          exists(
            db
              .select({ one: sql`1` })
              .from(repositoryContents)
              .where(
                and(
                  eq(repositoryContents.repository, finishedUploads.repository),
                  eq(repositoryContents.digest, finishedUploads.digest),
                ),
              ),
          ),
        ),
      )
      .prepare(),
    forgetFinished: db
      .delete(finishedUploads)
      .where(lt(finishedUploads.finishedAt, placeholder("before")))
      .prepare(),
  };
}

function prepareFinish(db: BunSQLiteDatabase) {
  const byDigest = eq(contents.digest, placeholder("digest"));
  return {
    content: db
      .select({ size: contents.size, locator: contents.locator })
      .from(contents)
      .where(and(byDigest, isNull(contents.damagedAt)))
      .prepare(),
    /** Uploads that follow each other are one push; most calls find that said already and write nothing. */
    notePush: db
      .insert(repositories)
      .values({
        name: placeholder("repository"),
        createdAt: placeholder("now"),
        pushingSince: placeholder("startedAt"),
        pushingUntil: placeholder("keptUntil"),
      })
      .onConflictDoUpdate({
        target: repositories.name,
        set: {
          pushingSince: sql`CASE WHEN ${repositories.pushingUntil} >= excluded.pushing_since
            THEN ${repositories.pushingSince} ELSE excluded.pushing_since END`,
          pushingUntil: sql`excluded.pushing_until`,
        },
        setWhere: lt(repositories.pushingUntil, placeholder("enough")),
      })
      .prepare(),
    ...prepareContentRow(db),
    ...prepareLink(db),
  };
}
