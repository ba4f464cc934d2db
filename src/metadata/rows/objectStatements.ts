// Statements of buckets and objects.
import { and, asc, eq, gt, gte, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { BucketName, ObjectKey, ObjectName } from "../../model/objectNames.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { isOwnedBy, writerOf } from "./claims.ts";
import { buckets, completedUploads, multipartUploads, objects } from "./objectsSchema.ts";
import { contents } from "./schema.ts";
import { type Builder, command, type Params, statement } from "./statement.ts";

interface ByBucket {
  readonly bucket: BucketName;
}
interface InBucket {
  readonly bucketId: number;
}
interface OfContent extends ByBucket {
  readonly digest: Digest;
}
interface ByName extends InBucket {
  readonly object: ObjectName;
}
interface After {
  readonly after: string;
  readonly limit: number;
}

/** An object's row as it is to be. */
export interface NewObject extends ByName {
  readonly digest: Digest;
  readonly size: number;
  readonly contentType: string;
  /** Unix ms. */
  readonly now: number;
}

const isBucket = ({ bucket }: Params<ByBucket>) => eq(buckets.name, bucket);
const inBucket = ({ bucketId }: Params<InBucket>) => eq(objects.bucketId, bucketId);
const isObject = (given: Params<ByName>) => and(inBucket(given), eq(objects.name, given.object));

const bucketRow = {
  name: buckets.name,
  createdAt: buckets.createdAt,
  objects: buckets.objectCount,
  bytes: buckets.objectBytes,
};
const record = {
  object: objects.name,
  size: objects.size,
  digest: objects.digest,
  contentType: objects.contentType,
  createdAt: objects.createdAt,
};

export const insertBucket = statement((db, given: Params<ByBucket & { now: number }>) =>
  db
    .insert(buckets)
    .values({ name: given.bucket, createdAt: given.now })
    .onConflictDoNothing()
    .returning({ id: buckets.id }),
);
export const findBucket = statement((db, given: Params<ByBucket>) =>
  db.select(bucketRow).from(buckets).where(isBucket(given)),
);
export const findBucketId = statement((db, given: Params<ByBucket>) =>
  db.select({ id: buckets.id, objects: buckets.objectCount }).from(buckets).where(isBucket(given)),
);
export const bucketPage = statement((db, { after, limit }: Params<After>) =>
  db
    .select(bucketRow)
    .from(buckets)
    .where(gt(buckets.name, after))
    .orderBy(asc(buckets.name))
    .limit(limit),
);

export const anyObject = statement((db, given: Params<InBucket>) =>
  db.select({ name: objects.name }).from(objects).where(inBucket(given)).limit(1),
);
export const uploadsOf = statement((db, { bucketId }: Params<InBucket>) =>
  db
    .select({ id: multipartUploads.uploadId, claimOwner: writerOf(multipartUploads) })
    .from(multipartUploads)
    .where(eq(multipartUploads.bucketId, bucketId))
    .orderBy(asc(multipartUploads.uploadId)),
);
export const deleteBucket = command((db, { bucketId }: Params<InBucket>) =>
  db.delete(buckets).where(eq(buckets.id, bucketId)),
);
export const forgetCompletedOf = command((db, { bucket }: Params<ByBucket>) =>
  db.delete(completedUploads).where(eq(completedUploads.bucket, bucket)),
);

export const findObject = statement((db, given: Params<ObjectKey>) =>
  db
    .select({
      bucket: buckets.name,
      ...record,
      locator: contents.locator,
      damagedAt: contents.damagedAt,
    })
    .from(buckets)
    .innerJoin(objects, eq(objects.bucketId, buckets.id))
    .innerJoin(contents, eq(contents.digest, objects.digest))
    .where(and(isBucket(given), eq(objects.name, given.object))),
);
export const findCurrent = statement((db, given: Params<ByName>) =>
  db
    .select({ digest: objects.digest, size: objects.size, createdAt: objects.createdAt })
    .from(objects)
    .where(isObject(given)),
);

/** Walks the primary key from `from` on, itself included. */
interface Stretch extends InBucket {
  readonly from: string;
  readonly limit: number;
}

const page = (db: Builder, given: Params<Stretch>, until?: SQL) =>
  db
    .select(record)
    .from(objects)
    .where(and(inBucket(given), gte(objects.name, given.from), until))
    .orderBy(asc(objects.name))
    .limit(given.limit);
export const objectsFrom = statement((db, given: Params<Stretch>) => page(db, given));
export const objectsBetween = statement((db, given: Params<Stretch & { until: string }>) =>
  page(db, given, lt(objects.name, given.until)),
);

export const upsertObject = command((db, given: Params<NewObject>) => {
  const { bucketId, object, digest, size, contentType, now } = given;
  return db
    .insert(objects)
    .values({ bucketId, name: object, digest, size, contentType, createdAt: now })
    .onConflictDoUpdate({
      target: [objects.bucketId, objects.name],
      set: {
        digest: sql`excluded.digest`,
        size: sql`excluded.size`,
        contentType: sql`excluded.content_type`,
        createdAt: sql`excluded.created_at`,
      },
    });
});
export const deleteObject = command((db, given: Params<ByName>) =>
  db.delete(objects).where(isObject(given)),
);
/** Adds to a bucket's counts. */
export const count = command((db, given: Params<InBucket & { objects: number; bytes: number }>) =>
  db
    .update(buckets)
    .set({
      objectCount: sql`${buckets.objectCount} + ${given.objects}`,
      objectBytes: sql`${buckets.objectBytes} + ${given.bytes}`,
    })
    .where(eq(buckets.id, given.bucketId)),
);

export const findOwnedUpload = statement(
  (db, given: Params<ObjectKey & { id: UploadId; owner: string }>) =>
    db
      .select({ id: multipartUploads.id, bucketId: multipartUploads.bucketId })
      .from(multipartUploads)
      .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
      .where(
        and(
          eq(multipartUploads.uploadId, given.id),
          isOwnedBy(multipartUploads, given.owner),
          eq(multipartUploads.objectName, given.object),
          isBucket(given),
        ),
      ),
);
export const endUpload = command((db, { rowId }: Params<{ rowId: number }>) =>
  db.delete(multipartUploads).where(eq(multipartUploads.id, rowId)),
);

type Completed = Omit<NewObject, "bucketId"> &
  ByBucket & { readonly id: UploadId; readonly parts: string };

export const remember = command((db, given: Params<Completed>) => {
  const { id, bucket, object, parts, digest, size, contentType, now } = given;
  const row = { bucket, parts, digest, size, contentType, completedAt: now };
  return db.insert(completedUploads).values({ ...row, uploadId: id, objectName: object });
});

/**
 * Buckets that hold content: steps from each of them to the next along `objects_by_digest`, however many of their objects are made of
 * it.
 */
export const holders = statement(
  (db, { digest, after, limit }: Params<After & { digest: Digest }>) =>
    db.select({ name: sql<BucketName>`name` }).from(sql`(
      WITH RECURSIVE holding(bucket_id) AS (
        SELECT min(bucket_id) FROM ${objects} WHERE digest = ${digest}
        UNION ALL
        SELECT (SELECT min(o.bucket_id) FROM ${objects} AS o
          WHERE o.digest = ${digest} AND o.bucket_id > holding.bucket_id)
        FROM holding WHERE holding.bucket_id IS NOT NULL
      )
      SELECT b.name FROM holding CROSS JOIN ${buckets} AS b ON b.id = holding.bucket_id
      WHERE b.name > ${after}
      ORDER BY b.name LIMIT ${limit}
    ) AS held`),
);
export const findContent = statement((db, given: Params<OfContent>) =>
  db
    .select({ size: contents.size, locator: contents.locator })
    .from(buckets)
    .innerJoin(objects, eq(objects.bucketId, buckets.id))
    .innerJoin(contents, eq(contents.digest, objects.digest))
    .where(and(isBucket(given), eq(objects.digest, given.digest), isNull(contents.damagedAt)))
    .limit(1),
);
