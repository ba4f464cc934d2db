// What the inspection asks of objects, their buckets' counts and uploads in parts, and what it repairs.
import { type SQL, sql } from "drizzle-orm";
import type { BucketName, ObjectKey } from "../../model/objectNames.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type {
  BucketCounts,
  MiscountedBucket,
  MisfitObject,
  NamelessContent,
  ObjectInspection,
  OpenMultipart,
  PartKey,
} from "../inspectionObjects.ts";
import { isFree } from "./claims.ts";
import { buckets, multipartParts, multipartUploads, objects } from "./objectsSchema.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents, manifestReferences, trash } from "./schema.ts";
import { type Given, type Params, rawStatement } from "./statement.ts";

interface Limit {
  readonly limit: number;
}
interface OfBucket {
  readonly bucket: BucketName;
}

const listMisfits = rawStatement<Limit, ObjectKey & Omit<MisfitObject, "object">>(
  ({ limit }) => sql`
    SELECT b.name AS bucket, o.name AS object, o.digest, o.size, c.size AS "contentSize"
    FROM ${objects} AS o JOIN ${buckets} AS b ON b.id = o.bucket_id
    JOIN ${contents} AS c ON c.digest = o.digest
    WHERE o.size <> c.size LIMIT ${limit}`,
);

/** What a bucket's rows say together. */
const countOf = (bucketId: SQL): SQL =>
  sql`(SELECT count(*) FROM ${objects} AS o WHERE o.bucket_id = ${bucketId})`;
const bytesOf = (bucketId: SQL): SQL =>
  sql`(SELECT coalesce(sum(o.size), 0) FROM ${objects} AS o WHERE o.bucket_id = ${bucketId})`;

const listMiscounted = rawStatement<
  Limit,
  BucketCounts & OfBucket & { readonly count: number; readonly sum: number }
>(
  ({ limit }) => sql`
    SELECT * FROM (
      SELECT b.name AS bucket, b.object_count AS objects, b.object_bytes AS bytes,
        ${countOf(sql`b.id`)} AS count, ${bytesOf(sql`b.id`)} AS sum
      FROM ${buckets} AS b
    ) AS both_counts WHERE objects <> count OR bytes <> sum LIMIT ${limit}`,
);
const listOpenMultipart = rawStatement<{ after: UploadId | "" } & Limit, OpenMultipart>(
  ({ after, limit }) => sql`
    SELECT b.name AS bucket, u.upload_id AS id, u.object_name AS object
    FROM ${multipartUploads} AS u JOIN ${buckets} AS b ON b.id = u.bucket_id
    WHERE u.upload_id > ${after} ORDER BY u.upload_id LIMIT ${limit}`,
);

/** For a row of `buckets`. */
const [count, bytes] = [countOf(sql`${buckets.id}`), bytesOf(sql`${buckets.id}`)];
const isRight = sql`object_count = ${count} AND object_bytes = ${bytes}`;
const hasLost = sql`(object_count > ${count} OR object_bytes > ${bytes})`;

const recounting = (condition: SQL) =>
  rawStatement(
    ({ bucket }: Params<OfBucket>) => sql`
      UPDATE ${buckets} SET object_count = ${count}, object_bytes = ${bytes}
      WHERE name = ${bucket} AND ${condition}`,
  );
const recount = recounting(sql`true`);
const recountUnlessLost = recounting(sql`NOT ${hasLost}`);
const finding = (condition: SQL) =>
  rawStatement(
    ({ bucket }: Params<OfBucket>) =>
      sql`SELECT 1 FROM ${buckets} WHERE name = ${bucket} AND ${condition}`,
  );
const findRight = finding(isRight);
const findLost = finding(hasLost);
const fitObject = rawStatement(
  ({ bucket, object }: Params<ObjectKey>) => sql`
    UPDATE ${objects}
    SET size = coalesce((SELECT c.size FROM ${contents} AS c WHERE c.digest = ${objects.digest}), size)
    WHERE bucket_id = (SELECT id FROM ${buckets} WHERE name = ${bucket}) AND name = ${object}`,
);
const keepUnnamed = rawStatement(
  ({ until }: Params<{ until: number }>) => sql`
    UPDATE ${contents} SET kept_until = ${until}
    WHERE kept_until < ${until}
      AND NOT EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.digest = ${contents.digest})
      AND NOT EXISTS (SELECT 1 FROM ${manifestReferences} AS r WHERE r.digest = ${contents.digest})`,
);

const insertContent = rawStatement(
  ({
    digest,
    locator,
    size,
    now,
    keptUntil,
  }: Params<NamelessContent & { now: number; keptUntil: number }>) => sql`
    INSERT INTO ${contents} (digest, size, locator, created_at, kept_until)
    SELECT ${digest}, ${size}, ${locator}, ${now}, ${keptUntil}
    WHERE NOT EXISTS (SELECT 1 FROM ${trash} WHERE locator = ${locator})
    ON CONFLICT DO NOTHING RETURNING digest`,
);

const isPart = ({ number, version }: Params<PartKey>): SQL =>
  sql`${multipartParts} WHERE part_number = ${number} AND version = ${version}`;
const rowOf = (upload: Given<UploadId>): SQL =>
  sql`SELECT id FROM ${multipartUploads} WHERE upload_id = ${upload}`;
const deletePart = rawStatement<PartKey, { readonly size: number }>(
  (given) => sql`
    DELETE FROM ${isPart(given)} AND upload_id = (${rowOf(given.upload)} AND ${isFree(multipartUploads)})
    RETURNING size_bytes AS size`,
);
const countPartOut = rawStatement(
  ({ upload, size }: Params<{ upload: UploadId; size: number }>) => sql`
    UPDATE ${multipartUploads} SET part_count = part_count - 1, staged_bytes = staged_bytes - ${size}
    WHERE upload_id = ${upload}`,
);
const findPart = rawStatement(
  (given: Params<PartKey>) =>
    sql`SELECT 1 FROM ${isPart(given)} AND upload_id = (${rowOf(given.upload)})`,
);

/** Builds this part of the port. */
export function objectInspection(rows: Rows): ObjectInspection {
  return {
    async listMisfits(limit) {
      const found = await rows.list(listMisfits, { limit });
      return found.map(({ bucket, object, ...row }) => ({ object: { bucket, object }, ...row }));
    },
    async listMiscounted(limit) {
      return (await rows.list(listMiscounted, { limit })).map(toMiscounted);
    },
    listOpenMultipart: ({ after, limit }) =>
      rows.list(listOpenMultipart, { after: after ?? "", limit }),
    refitObject: (object) => rows.write((tx) => refitObject(tx, object)),
    recountBucket: (bucket, lostUntil) => rows.write((tx) => recountBucket(tx, bucket, lostUntil)),
    nameContent: async ({ digest, locator, size }, now, keptUntil) =>
      (await rows.change(insertContent, { digest, locator, size, now, keptUntil })) !== null,
    forgetPart: (part) => rows.write((tx) => forgetPart(tx, part)),
  };
}

function toMiscounted({
  bucket,
  objects,
  bytes,
  count,
  sum,
}: BucketCounts & OfBucket & { readonly count: number; readonly sum: number }): MiscountedBucket {
  return { bucket, noted: { objects, bytes }, counted: { objects: count, bytes: sum } };
}

/** A total that was right stays right; one that was not may tell of lost objects. */
function* refitObject(tx: Tx, { bucket, object }: ObjectKey): Body<void> {
  const wasRight = (yield* tx.get(findRight, { bucket })) !== undefined;
  tx.run(fitObject, { bucket, object });
  tx.run(wasRight ? recount : recountUnlessLost, { bucket });
}

/** The guard of the collection is lifted in the transaction that gives a lease to what it guarded. */
function* recountBucket(tx: Tx, bucket: BucketName, lostUntil: number | null): Body<boolean> {
  if ((yield* tx.get(findLost, { bucket })) !== undefined) {
    if (lostUntil === null) return false;
    tx.run(keepUnnamed, { until: lostUntil });
  }
  tx.run(recount, { bucket });
  return true;
}

function* forgetPart(tx: Tx, { upload, number, version }: PartKey): Body<boolean> {
  const part = { upload, number, version };
  const gone = yield* tx.get(deletePart, part);
  if (gone !== undefined) tx.run(countPartOut, { upload, size: gone.size });
  return (yield* tx.get(findPart, part)) === undefined;
}
