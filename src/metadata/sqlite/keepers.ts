// Who keeps what, on SQLite. Asked by people, one digest at a time.
import { and, asc, count, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { HeldManifests, KeepersMetadata, MadeObjects, Some } from "../keepers.ts";
import { buckets, objects } from "../rows/objectsSchema.ts";
import { isUnnamed, never } from "../rows/releases.ts";
import {
  contents,
  manifestReferences,
  manifests,
  repositories,
  repositoryContents,
  tags,
} from "../rows/schema.ts";
import type { Connection } from "./connection.ts";
import { by } from "./placeholders.ts";
import { createPushes, findAwaiting, gatherPushes } from "./pushes.ts";

const manifest = {
  repository: manifests.repository,
  digest: manifests.digest,
  mediaType: manifests.mediaType,
  subject: manifests.subject,
};

/** For rows of `manifests`, which are found by their repository: a look into each of them instead of one at every manifest. */
const inAnyRepository = sql`${manifests.repository} IN (SELECT name FROM ${repositories})`;

/** Greater than any hexadecimal digit. */
const afterHex = "~";

/** Builds this part of the port over one connection. */
export function keepersMetadata(connection: Connection, db: BunSQLiteDatabase): KeepersMetadata {
  createPushes(db);
  return {
    ...manifestQuestions(connection, db),
    findDigests: (prefix, limit) =>
      connection.read(() => {
        const begins = (digest: SQLiteColumn) =>
          and(gte(digest, prefix), lt(digest, prefix + afterHex));
        const found = [contents, manifests, manifestReferences, objects].flatMap((table) => {
          const { digest } = table;
          const condition = and(begins(digest), table === manifests ? inAnyRepository : undefined);
          const rows = db.selectDistinct({ digest }).from(table).where(condition);
          return rows.limit(limit).all();
        });
        return [...new Set(found.map(({ digest }) => digest))].slice(0, limit);
      }),
    findAges: (digest) =>
      connection.read(() => {
        const { size, createdAt, keptUntil, releasedAt, damagedAt } = contents;
        const ages = { size, createdAt, keptUntil, releasedAt, damagedAt };
        return db.select(ages).from(contents).where(eq(contents.digest, digest)).get() ?? null;
      }),
    findPush: (digest, limits) =>
      connection.read(() => {
        gatherPushes(db, limits);
        return findAwaiting(db, digest, limits);
      }),
    listLinks: (digest, limit) =>
      connection.read(() => {
        const links = db
          .select({ repository: repositoryContents.repository })
          .from(repositoryContents)
          .where(eq(repositoryContents.digest, digest))
          .orderBy(asc(repositoryContents.repository))
          .limit(limit + 1)
          .all();
        return cut(
          links.map(({ repository }) => repository),
          limit,
        );
      }),
    findTagged: (repository, tag) =>
      connection.read(() => {
        const named = and(eq(tags.repository, repository), eq(tags.name, tag));
        return db.select({ digest: tags.digest }).from(tags).where(named).get()?.digest ?? null;
      }),
    describeRepository: (repository, limit) =>
      connection.read(() => describeRepository(db, repository, limit)),
    listObjects: (digest, limit) => connection.read(() => listObjectsOf(db, digest, limit)),
  };
}

function describeRepository(
  db: BunSQLiteDatabase,
  repository: RepositoryName,
  limit: number,
): HeldManifests | null {
  const held = eq(manifests.repository, repository);
  if (db.select({ one: sql`1` }).from(manifests).where(held).limit(1).get() === undefined) {
    return null;
  }
  const names = db
    .select({ name: tags.name })
    .from(tags)
    .where(eq(tags.repository, repository))
    .orderBy(asc(tags.name))
    .limit(limit + 1)
    .all();
  const untagged = db.all<{ digest: Digest; pushedAt: number }>(sql`
    SELECT m.digest, m.pushed_at AS pushedAt FROM ${manifests} AS m
    WHERE m.repository = ${repository} AND ${isUnnamed(never)}
    ORDER BY m.pushed_at DESC, m.digest LIMIT ${limit + 1}
  `);
  return {
    tags: cut(
      names.map(({ name }) => name),
      limit,
    ),
    untagged: cut(untagged, limit),
  };
}

/** Objects that are made of the content, by name, at most `limit`. */
export function listObjectsOf(db: BunSQLiteDatabase, digest: Digest, limit: number): MadeObjects {
  const some = db
    .select({ bucket: buckets.name, object: objects.name })
    .from(objects)
    .innerJoin(buckets, eq(buckets.id, objects.bucketId))
    .where(eq(objects.digest, digest))
    .orderBy(asc(buckets.name), asc(objects.name))
    .limit(limit)
    .all();
  if (some.length < limit) return { some, others: 0 };
  const all = db.select({ total: count() }).from(objects).where(eq(objects.digest, digest)).get();
  return { some, others: (all?.total ?? some.length) - some.length };
}

function manifestQuestions(
  connection: Connection,
  db: BunSQLiteDatabase,
): Pick<KeepersMetadata, "listManifests" | "listNaming" | "listTagsOf"> {
  const listNaming = (condition: SQL | undefined, limit: number) =>
    db
      .selectDistinct(manifest)
      .from(by(manifestReferences, "manifest_references_by_digest"))
      .innerJoin(
        manifests,
        and(
          eq(manifests.repository, manifestReferences.repository),
          eq(manifests.digest, manifestReferences.manifest),
        ),
      )
      .where(condition)
      .limit(limit + 1)
      .all();
  return {
    listManifests: (digest, limit) =>
      connection.read(() => {
        const found = db
          .select(manifest)
          .from(manifests)
          .where(and(inAnyRepository, eq(manifests.digest, digest)));
        return cut(found.limit(limit + 1).all(), limit);
      }),
    listNaming: (digest, repository, limit) =>
      connection.read(() => {
        const named = eq(manifestReferences.digest, digest);
        const inRepository =
          repository === null ? named : and(named, eq(manifestReferences.repository, repository));
        return cut(listNaming(inRepository, limit), limit);
      }),
    listTagsOf: (repository, digest, limit) =>
      connection.read(() => {
        const found = db
          .select({ name: sql<Tag>`${tags.name}` })
          .from(by(tags, "tags_by_manifest"))
          .where(and(eq(tags.repository, repository), eq(tags.digest, digest)))
          .orderBy(sql`name`)
          .limit(limit + 1)
          .all();
        return cut(
          found.map(({ name }) => name),
          limit,
        );
      }),
  };
}

/** One row more was asked for, to know whether there is one. */
function cut<T>(rows: readonly T[], limit: number): Some<T> {
  return { some: rows.slice(0, limit), more: rows.length > limit };
}
