// Statements of buckets and objects, prepared once.
import { and, asc, eq, gt, gte, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { BucketName } from "../../model/objectNames.ts";
import { prepareContentRow } from "./contentRow.ts";
import { prepareHeld, prepareLink, prepareRepository } from "./linkStatements.ts";
import { buckets, completedUploads, multipartUploads, objects } from "./objectsSchema.ts";
import { prepareObjectReleases } from "./releases.ts";
import { contents } from "./schema.ts";

const placeholder = sql.placeholder;

const byBucketName = eq(buckets.name, placeholder("bucket"));
const inBucket = eq(objects.bucketId, placeholder("bucketId"));
const byName = and(inBucket, eq(objects.name, placeholder("object")));

const record = {
  object: objects.name,
  size: objects.size,
  digest: objects.digest,
  contentType: objects.contentType,
  createdAt: objects.createdAt,
};

/** Statements of the objects' part of the port. */
export type ObjectStatements = ReturnType<typeof prepareObjectStatements>;

/** Prepares all of them. */
export function prepareObjectStatements(db: BunSQLiteDatabase) {
  return {
    ...prepareBuckets(db),
    ...prepareBucketRemoval(db),
    ...prepareReads(db),
    ...preparePages(db),
    ...prepareChanges(db),
    ...prepareCommit(db),
    ...prepareMounts(db),
  };
}

function prepareBuckets(db: BunSQLiteDatabase) {
  const bucket = {
    name: buckets.name,
    createdAt: buckets.createdAt,
    objects: buckets.objectCount,
    bytes: buckets.objectBytes,
  };
  return {
    insertBucket: db
      .insert(buckets)
      .values({ name: placeholder("bucket"), createdAt: placeholder("now") })
      .onConflictDoNothing()
      .returning({ id: buckets.id })
      .prepare(),
    bucket: db.select(bucket).from(buckets).where(byBucketName).prepare(),
    bucketId: db
      .select({ id: buckets.id, objects: buckets.objectCount })
      .from(buckets)
      .where(byBucketName)
      .prepare(),
    bucketPage: db
      .select(bucket)
      .from(buckets)
      .where(gt(buckets.name, placeholder("after")))
      .orderBy(asc(buckets.name))
      .limit(placeholder("limit"))
      .prepare(),
  };
}

function prepareBucketRemoval(db: BunSQLiteDatabase) {
  return {
    anyObject: db.select({ name: objects.name }).from(objects).where(inBucket).limit(1).prepare(),
    uploadsOf: db
      .select({ id: multipartUploads.uploadId, claimOwner: multipartUploads.claimOwner })
      .from(multipartUploads)
      .where(eq(multipartUploads.bucketId, placeholder("bucketId")))
      .orderBy(asc(multipartUploads.uploadId))
      .prepare(),
    removeBucket: db
      .delete(buckets)
      .where(eq(buckets.id, placeholder("bucketId")))
      .prepare(),
    forgetCompletedOf: db
      .delete(completedUploads)
      .where(eq(completedUploads.bucket, placeholder("bucket")))
      .prepare(),
  };
}

function prepareReads(db: BunSQLiteDatabase) {
  return {
    object: db
      .select({
        bucket: buckets.name,
        ...record,
        locator: contents.locator,
        damagedAt: contents.damagedAt,
      })
      .from(buckets)
      .innerJoin(objects, eq(objects.bucketId, buckets.id))
      .innerJoin(contents, eq(contents.digest, objects.digest))
      .where(and(byBucketName, eq(objects.name, placeholder("object"))))
      .prepare(),
    current: db
      .select({ digest: objects.digest, size: objects.size, createdAt: objects.createdAt })
      .from(objects)
      .where(byName)
      .prepare(),
  };
}

/** Both walk the primary key from `from` on, itself included. */
function preparePages(db: BunSQLiteDatabase) {
  const page = (until: SQL | undefined) =>
    db
      .select(record)
      .from(objects)
      .where(and(inBucket, gte(objects.name, placeholder("from")), until))
      .orderBy(asc(objects.name))
      .limit(placeholder("limit"))
      .prepare();
  return {
    objectsFrom: page(undefined),
    objectsBetween: page(lt(objects.name, placeholder("until"))),
  };
}

function prepareChanges(db: BunSQLiteDatabase) {
  return {
    putObject: db
      .insert(objects)
      .values({
        bucketId: placeholder("bucketId"),
        name: placeholder("object"),
        digest: placeholder("digest"),
        size: placeholder("size"),
        contentType: placeholder("contentType"),
        createdAt: placeholder("now"),
      })
      .onConflictDoUpdate({
        target: [objects.bucketId, objects.name],
        set: {
          digest: sql`excluded.digest`,
          size: sql`excluded.size`,
          contentType: sql`excluded.content_type`,
          createdAt: sql`excluded.created_at`,
        },
      })
      .prepare(),
    removeObject: db.delete(objects).where(byName).prepare(),
    count: db
      .update(buckets)
      .set({
        objectCount: sql`${buckets.objectCount} + ${placeholder("objects")}`,
        objectBytes: sql`${buckets.objectBytes} + ${placeholder("bytes")}`,
      })
      .where(eq(buckets.id, placeholder("bucketId")))
      .prepare(),
    ...prepareObjectReleases(db),
  };
}

function prepareCommit(db: BunSQLiteDatabase) {
  return {
    ...prepareContentRow(db),
    ...prepareHeld(db),
    ownedUpload: db
      .select({ id: multipartUploads.id, bucketId: multipartUploads.bucketId })
      .from(multipartUploads)
      .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
      .where(
        and(
          eq(multipartUploads.uploadId, placeholder("id")),
          eq(multipartUploads.claimOwner, placeholder("owner")),
          eq(multipartUploads.objectName, placeholder("object")),
          byBucketName,
        ),
      )
      .prepare(),
    endUpload: db
      .delete(multipartUploads)
      .where(eq(multipartUploads.id, placeholder("rowId")))
      .prepare(),
    complete: db
      .insert(completedUploads)
      .values({
        uploadId: placeholder("id"),
        bucket: placeholder("bucket"),
        objectName: placeholder("object"),
        parts: placeholder("parts"),
        digest: placeholder("digest"),
        size: placeholder("size"),
        contentType: placeholder("contentType"),
        completedAt: placeholder("now"),
      })
      .prepare(),
  };
}

/**
 * Buckets that hold content: steps from each of them to the next along `objects_by_digest`, however many of their objects are made of
 * it.
 */
const holdingBuckets = sql`(
  WITH RECURSIVE holding(bucket_id) AS (
    SELECT min(bucket_id) FROM ${objects} WHERE digest = ${placeholder("digest")}
    UNION ALL
    SELECT (SELECT min(o.bucket_id) FROM ${objects} AS o
      WHERE o.digest = ${placeholder("digest")} AND o.bucket_id > holding.bucket_id)
    FROM holding WHERE holding.bucket_id IS NOT NULL
  )
  SELECT b.name FROM holding CROSS JOIN ${buckets} AS b ON b.id = holding.bucket_id
  WHERE b.name > ${placeholder("after")}
  ORDER BY b.name LIMIT ${placeholder("limit")}
)`;

function prepareMounts(db: BunSQLiteDatabase) {
  return {
    holders: db.select({ name: sql<BucketName>`name` }).from(holdingBuckets).prepare(),
    content: db
      .select({ size: contents.size, locator: contents.locator })
      .from(buckets)
      .innerJoin(objects, eq(objects.bucketId, buckets.id))
      .innerJoin(contents, eq(contents.digest, objects.digest))
      .where(
        and(byBucketName, eq(objects.digest, placeholder("digest")), isNull(contents.damagedAt)),
      )
      .limit(1)
      .prepare(),
    ...prepareRepository(db),
    ...prepareLink(db),
  };
}
