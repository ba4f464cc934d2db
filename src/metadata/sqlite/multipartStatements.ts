// Statements of uploads in parts, prepared once. Objects that come whole have rows among them, which most statements leave out.
import {
  and,
  asc,
  count,
  eq,
  gt,
  inArray,
  isNull,
  lt,
  notInArray,
  type SQL,
  sql,
} from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { OpenState } from "../../model/multipartState.ts";
import {
  buckets,
  completedUploads,
  multipartParts,
  multipartUploads,
  objects,
} from "./objectsSchema.ts";
import { given, listed } from "./placeholders.ts";

const placeholder = sql.placeholder;

const upload = {
  id: multipartUploads.uploadId,
  bucket: buckets.name,
  object: multipartUploads.objectName,
  contentType: multipartUploads.contentType,
  createdAt: multipartUploads.createdAt,
  expiresAt: multipartUploads.expiresAt,
  state: multipartUploads.state,
  updatedAt: multipartUploads.updatedAt,
  claimOwner: multipartUploads.claimOwner,
};
const staged = { parts: multipartUploads.partCount, bytes: multipartUploads.stagedBytes };
const part = {
  number: multipartParts.partNumber,
  size: multipartParts.sizeBytes,
  etag: multipartParts.etag,
  path: multipartParts.tempPath,
  version: multipartParts.version,
  createdAt: multipartParts.createdAt,
};

const inParts = eq(multipartUploads.whole, 0);
const ofUpload = eq(multipartParts.uploadId, placeholder("rowId"));
const byRow = eq(multipartUploads.id, placeholder("rowId"));
const byId = eq(multipartUploads.uploadId, placeholder("id"));
const byOwner = and(byId, eq(multipartUploads.claimOwner, placeholder("owner")));
const byKey = and(byId, inParts, eq(buckets.name, placeholder("bucket")));

/** Statements of this part of the port. */
export type MultipartStatements = ReturnType<typeof prepareMultipartStatements>;

/** Prepares all of them. */
export function prepareMultipartStatements(db: BunSQLiteDatabase) {
  return {
    ...prepareUploads(db),
    ...prepareLists(db),
    ...prepareParts(db),
    ...prepareClaims(db),
    ...prepareEndings(db),
  };
}

function prepareUploads(db: BunSQLiteDatabase) {
  return {
    bucketId: db
      .select({ id: buckets.id })
      .from(buckets)
      .where(eq(buckets.name, placeholder("bucket")))
      .prepare(),
    insert: db
      .insert(multipartUploads)
      .values({
        uploadId: placeholder("id"),
        bucketId: placeholder("bucketId"),
        objectName: placeholder("object"),
        state: sql<OpenState>`'initiated'`,
        expiresAt: placeholder("expiresAt"),
        createdAt: placeholder("createdAt"),
        updatedAt: placeholder("createdAt"),
        contentType: placeholder("contentType"),
        claimOwner: placeholder("owner"),
        whole: placeholder("whole"),
      })
      .prepare(),
    find: db
      .select({ rowId: multipartUploads.id, upload })
      .from(multipartUploads)
      .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
      .where(byKey)
      .prepare(),
    remove: db.delete(multipartUploads).where(byRow).prepare(),
  };
}

/** Uploads that `which` picks, each with what was staged for it. */
function selectStaged(db: BunSQLiteDatabase, which: SQL | undefined) {
  return db
    .select({ ...upload, ...staged, rowId: multipartUploads.id, whole: multipartUploads.whole })
    .from(multipartUploads)
    .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
    .where(which);
}

function prepareLists(db: BunSQLiteDatabase) {
  const prefix = placeholder("prefix");
  return {
    findStaged: selectStaged(db, byKey).prepare(),
    page: selectStaged(
      db,
      and(
        eq(multipartUploads.bucketId, placeholder("bucketId")),
        gt(multipartUploads.uploadId, placeholder("after")),
        inParts,
        sql`substr(${multipartUploads.objectName}, 1, length(${prefix})) = ${prefix}`,
      ),
    )
      .orderBy(asc(multipartUploads.uploadId))
      .limit(placeholder("limit"))
      .prepare(),
    expired: selectStaged(
      db,
      inArray(
        multipartUploads.id,
        db
          .select({ id: multipartUploads.id })
          .from(multipartUploads)
          .where(
            and(
              lt(multipartUploads.expiresAt, placeholder("expiredBefore")),
              isNull(multipartUploads.claimOwner),
              notInArray(multipartUploads.uploadId, listed("spared")),
            ),
          )
          .orderBy(asc(multipartUploads.expiresAt))
          .limit(placeholder("limit")),
      ),
    )
      .orderBy(asc(multipartUploads.expiresAt), asc(multipartUploads.id))
      .prepare(),
    count: db
      .select({
        uploads: count(),
        bytes: sql<number>`coalesce(sum(${multipartUploads.stagedBytes}), 0)`,
      })
      .from(multipartUploads)
      .where(inParts)
      .prepare(),
  };
}

function prepareParts(db: BunSQLiteDatabase) {
  const { partNumber } = multipartParts;
  return {
    part: db
      .select(part)
      .from(multipartParts)
      .where(and(ofUpload, eq(partNumber, placeholder("number"))))
      .prepare(),
    parts: db
      .select(part)
      .from(multipartParts)
      .where(and(ofUpload, gt(partNumber, placeholder("after"))))
      .orderBy(asc(partNumber))
      .limit(placeholder("limit"))
      .prepare(),
    partsOf: db
      .select(part)
      .from(multipartParts)
      .innerJoin(multipartUploads, eq(multipartUploads.id, multipartParts.uploadId))
      .where(byId)
      .orderBy(asc(partNumber))
      .prepare(),
    putPart: db
      .insert(multipartParts)
      .values({
        uploadId: placeholder("rowId"),
        partNumber: placeholder("number"),
        sizeBytes: placeholder("size"),
        etag: placeholder("etag"),
        tempPath: placeholder("path"),
        version: placeholder("version"),
        createdAt: placeholder("createdAt"),
      })
      .onConflictDoUpdate({
        target: [multipartParts.uploadId, partNumber],
        set: {
          sizeBytes: sql`excluded.size_bytes`,
          etag: sql`excluded.etag`,
          tempPath: sql`excluded.temp_path`,
          version: sql`excluded.version`,
          createdAt: sql`excluded.created_at`,
        },
      })
      .prepare(),
    noteUploading: db
      .update(multipartUploads)
      .set({
        state: sql<OpenState>`'uploading'`,
        expiresAt: given("expiresAt"),
        updatedAt: given("createdAt"),
        partCount: sql`${multipartUploads.partCount} + ${placeholder("moreParts")}`,
        stagedBytes: sql`${multipartUploads.stagedBytes} + ${placeholder("moreBytes")}`,
      })
      .where(byRow)
      .prepare(),
  };
}

function prepareClaims(db: BunSQLiteDatabase) {
  return {
    claim: db
      .update(multipartUploads)
      .set({ claimOwner: given("owner") })
      .where(byRow)
      .prepare(),
    owned: db.select({ id: multipartUploads.id }).from(multipartUploads).where(byOwner).prepare(),
    release: db.update(multipartUploads).set({ claimOwner: null }).where(byOwner).prepare(),
  };
}

function prepareEndings(db: BunSQLiteDatabase) {
  const now = placeholder("now");
  return {
    completed: db
      .select({
        parts: completedUploads.parts,
        record: {
          bucket: completedUploads.bucket,
          object: completedUploads.objectName,
          size: completedUploads.size,
          digest: completedUploads.digest,
          contentType: objects.contentType,
          createdAt: objects.createdAt,
        },
      })
      .from(completedUploads)
      .innerJoin(buckets, eq(buckets.name, completedUploads.bucket))
      // Deleted, or replaced by other bytes since, it is not what was made. Its time says nothing: that of an upload is lowered
      // after the clock was ahead.
      .innerJoin(
        objects,
        and(
          eq(objects.bucketId, buckets.id),
          eq(objects.name, completedUploads.objectName),
          eq(objects.digest, completedUploads.digest),
        ),
      )
      .where(
        and(
          eq(completedUploads.uploadId, placeholder("id")),
          eq(completedUploads.bucket, placeholder("bucket")),
          gt(completedUploads.completedAt, placeholder("since")),
        ),
      )
      .prepare(),
    noteAlive: db
      .update(multipartUploads)
      .set({ expiresAt: given("expiresAt"), updatedAt: given("now") })
      .where(and(byId, lt(multipartUploads.expiresAt, placeholder("expiresAt"))))
      .prepare(),
    lowerTimes: db
      .update(multipartUploads)
      .set({
        expiresAt: sql`${multipartUploads.expiresAt} - ${multipartUploads.updatedAt} + ${now}`,
        createdAt: sql`min(${multipartUploads.createdAt}, ${now})`,
        updatedAt: given("now"),
      })
      .where(and(gt(multipartUploads.expiresAt, now), gt(multipartUploads.updatedAt, now)))
      .prepare(),
    lowerCompleted: db
      .update(completedUploads)
      .set({ completedAt: given("now") })
      .where(gt(completedUploads.completedAt, now))
      .prepare(),
    forgetCompleted: db
      .delete(completedUploads)
      .where(lt(completedUploads.completedAt, placeholder("before")))
      .prepare(),
    removeWhole: db
      .delete(multipartUploads)
      .where(and(byOwner, eq(multipartUploads.whole, 1)))
      .prepare(),
    removeListed: db
      .delete(multipartUploads)
      .where(inArray(multipartUploads.id, listed("rowIds")))
      .prepare(),
    known: db
      .select({ id: multipartUploads.uploadId })
      .from(multipartUploads)
      .where(inArray(multipartUploads.uploadId, listed("ids")))
      .prepare(),
  };
}
