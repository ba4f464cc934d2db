// What the inspection asks of objects, on SQLite: each question is one statement, so that it sees one moment beside a server.
import { type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { ObjectKey } from "../../model/objectNames.ts";
import type {
  BucketCounts,
  MiscountedBucket,
  MisfitObject,
  ObjectsInspection,
  OpenMultipart,
} from "../inspectionObjects.ts";
import { buckets, multipartParts, multipartUploads, objects } from "../rows/objectsSchema.ts";
import { contents, manifestReferences, trash } from "../rows/schema.ts";
import type { Connection } from "./connection.ts";

/** The part of the port that is about objects. */
export function inspectObjects(connection: Connection, db: BunSQLiteDatabase): ObjectsInspection {
  return {
    listMisfits: (limit) => connection.read(() => listMisfits(db, limit)),
    listMiscounted: (limit) => connection.read(() => listMiscounted(db, limit)),
    listOpenMultipart: ({ after, limit }) =>
      connection.read(() =>
        db.all<OpenMultipart>(sql`
          SELECT b.name AS bucket, u.upload_id AS id, u.object_name AS object
          FROM ${multipartUploads} AS u JOIN ${buckets} AS b ON b.id = u.bucket_id
          WHERE u.upload_id > ${after ?? ""} ORDER BY u.upload_id LIMIT ${limit}`),
      ),
    refitObject: (object) => connection.writeDurably(() => refitObject(db, object)),
    recountBucket: (bucket, lostUntil) =>
      connection.writeDurably(() => recountBucket(db, bucket, lostUntil)),
    nameContent: ({ digest, locator, size }, now, keptUntil) =>
      connection.writeDurably(
        () =>
          db.all(sql`
            INSERT INTO ${contents} (digest, size, locator, created_at, kept_until)
            SELECT ${digest}, ${size}, ${locator}, ${now}, ${keptUntil}
            WHERE NOT EXISTS (SELECT 1 FROM ${trash} WHERE locator = ${locator})
            ON CONFLICT DO NOTHING RETURNING digest`).length > 0,
        (named) => named,
      ),
    forgetPart: ({ upload, number, version }) =>
      connection.writeDurably(() => {
        const part = sql`${multipartParts} WHERE part_number = ${number} AND version = ${version}`;
        const row = sql`SELECT id FROM ${multipartUploads} WHERE upload_id = ${upload}`;
        const [gone] = db.all<{ readonly size: number }>(sql`
          DELETE FROM ${part} AND upload_id = (${row} AND claim_owner IS NULL) RETURNING size_bytes AS size`);
        if (gone !== undefined) {
          db.run(sql`
            UPDATE ${multipartUploads} SET part_count = part_count - 1, staged_bytes = staged_bytes - ${gone.size}
            WHERE upload_id = ${upload}`);
        }
        return db.get(sql`SELECT 1 FROM ${part} AND upload_id = (${row})`) === undefined;
      }),
  };
}

function listMisfits(db: BunSQLiteDatabase, limit: number): readonly MisfitObject[] {
  const rows = db.all<ObjectKey & Omit<MisfitObject, "object">>(sql`
    SELECT b.name AS bucket, o.name AS object, o.digest, o.size, c.size AS contentSize
    FROM ${objects} AS o JOIN ${buckets} AS b ON b.id = o.bucket_id
    JOIN ${contents} AS c ON c.digest = o.digest
    WHERE o.size <> c.size LIMIT ${limit}`);
  return rows.map(({ bucket, object, ...row }) => ({ object: { bucket, object }, ...row }));
}

/** What a bucket's rows say together. */
const countOf = (bucketId: SQL) =>
  sql`(SELECT count(*) FROM ${objects} AS o WHERE o.bucket_id = ${bucketId})`;
const bytesOf = (bucketId: SQL) =>
  sql`(SELECT coalesce(sum(o.size), 0) FROM ${objects} AS o WHERE o.bucket_id = ${bucketId})`;

function listMiscounted(db: BunSQLiteDatabase, limit: number): readonly MiscountedBucket[] {
  const rows = db.all<
    BucketCounts &
      Pick<MiscountedBucket, "bucket"> & { readonly count: number; readonly sum: number }
  >(sql`
    SELECT * FROM (
      SELECT b.name AS bucket, b.object_count AS objects, b.object_bytes AS bytes,
        ${countOf(sql`b.id`)} AS count, ${bytesOf(sql`b.id`)} AS sum
      FROM ${buckets} AS b
    ) WHERE objects <> count OR bytes <> sum LIMIT ${limit}`);
  return rows.map(({ bucket, objects, bytes, count, sum }) => ({
    bucket,
    noted: { objects, bytes },
    counted: { objects: count, bytes: sum },
  }));
}

/** For a row of `buckets`. */
const [count, bytes] = [countOf(sql`${buckets.id}`), bytesOf(sql`${buckets.id}`)];
const isRight = sql`object_count = ${count} AND object_bytes = ${bytes}`;
const hasLost = sql`(object_count > ${count} OR object_bytes > ${bytes})`;

const recount = (bucket: string, condition: SQL): SQL => sql`
  UPDATE ${buckets} SET object_count = ${count}, object_bytes = ${bytes} WHERE name = ${bucket} AND ${condition}`;

const isBucket = (db: BunSQLiteDatabase, bucket: string, condition: SQL): boolean =>
  db.get(sql`SELECT 1 FROM ${buckets} WHERE name = ${bucket} AND ${condition}`) !== undefined;

/** The body of the transaction. A total that was right stays right; one that was not may tell of lost objects. */
function refitObject(db: BunSQLiteDatabase, { bucket, object }: ObjectKey): void {
  const wasRight = isBucket(db, bucket, isRight);
  db.run(sql`
    UPDATE ${objects}
    SET size = coalesce((SELECT c.size FROM ${contents} AS c WHERE c.digest = ${objects.digest}), size)
    WHERE bucket_id = (SELECT id FROM ${buckets} WHERE name = ${bucket}) AND name = ${object}`);
  db.run(recount(bucket, wasRight ? sql`true` : sql`NOT ${hasLost}`));
}

/** The body of the transaction: the guard of the collection never goes before what it guarded has a lease. */
function recountBucket(db: BunSQLiteDatabase, bucket: string, lostUntil: number | null): boolean {
  if (isBucket(db, bucket, hasLost)) {
    if (lostUntil === null) return false;
    db.run(sql`
      UPDATE ${contents} SET kept_until = ${lostUntil}
      WHERE kept_until < ${lostUntil}
        AND NOT EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.digest = ${contents.digest})
        AND NOT EXISTS (SELECT 1 FROM ${manifestReferences} AS r WHERE r.digest = ${contents.digest})`);
  }
  db.run(recount(bucket, sql`true`));
  return true;
}
