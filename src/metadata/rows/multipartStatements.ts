// Statements of uploads in parts. Objects that come whole have rows among them, which most statements leave out.
import { and, asc, count, eq, gt, inArray, lt, notInArray, type SQL, sql } from "drizzle-orm";
import type { OpenState } from "../../model/multipartState.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { MultipartKey, MultipartStart } from "../multipart.ts";
import {
  type Claiming,
  type ClaimLease,
  claimedBy,
  isFree,
  isOwnedBy,
  unclaimed,
  writerOf,
} from "./claims.ts";
import type { Lowering } from "./lowering.ts";
import { buckets, completedUploads, multipartUploads, objects } from "./objectsSchema.ts";
import { listed, listedNumbers } from "./spelling.ts";
import { type Builder, command, type Params, statement } from "./statement.ts";

interface ById {
  readonly id: UploadId;
}
interface Owned extends ById {
  readonly owner: string;
}
interface ByRow {
  readonly rowId: number;
}
/** Unix ms. */
interface Now {
  readonly now: number;
}

const upload = {
  rowId: multipartUploads.id,
  id: multipartUploads.uploadId,
  bucket: buckets.name,
  object: multipartUploads.objectName,
  contentType: multipartUploads.contentType,
  createdAt: multipartUploads.createdAt,
  expiresAt: multipartUploads.expiresAt,
  state: multipartUploads.state,
  updatedAt: multipartUploads.updatedAt,
  claimOwner: writerOf(multipartUploads),
};
const staged = {
  ...upload,
  parts: multipartUploads.partCount,
  bytes: multipartUploads.stagedBytes,
  whole: multipartUploads.whole,
};
const inParts = eq(multipartUploads.whole, 0);
const byRow = ({ rowId }: Params<ByRow>) => eq(multipartUploads.id, rowId);
const byId = ({ id }: Params<ById>) => eq(multipartUploads.uploadId, id);
const byOwner = (given: Params<Owned>) =>
  and(byId(given), isOwnedBy(multipartUploads, given.owner));
const byKey = (given: Params<MultipartKey>) =>
  and(byId(given), inParts, eq(buckets.name, given.bucket));

type New = Omit<MultipartStart, "bucket"> & {
  readonly bucketId: number;
  readonly owner: string | null;
  readonly lease: ClaimLease;
  readonly whole: 0 | 1;
  readonly startedBy: string | null;
};

export const insert = command((db, given: Params<New>) => {
  const { id, bucketId, object, expiresAt, createdAt, contentType, owner, lease, whole } = given;
  const { startedBy } = given;
  return db.insert(multipartUploads).values({
    ...{ bucketId, expiresAt, createdAt, updatedAt: createdAt, contentType, whole, startedBy },
    ...{ uploadId: id, objectName: object, state: "initiated", ...claimedBy(owner, lease) },
  });
});
export const find = statement((db, given: Params<MultipartKey>) =>
  db
    .select(upload)
    .from(multipartUploads)
    .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
    .where(byKey(given)),
);
export const remove = command((db, given: Params<ByRow>) =>
  db.delete(multipartUploads).where(byRow(given)),
);

/** Uploads that `which` picks, each with what was staged for it. */
const selectStaged = (db: Builder, which: SQL | undefined) =>
  db
    .select(staged)
    .from(multipartUploads)
    .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
    .where(which);

export const findStaged = statement((db, given: Params<MultipartKey>) =>
  selectStaged(db, byKey(given)),
);

interface Page {
  readonly bucketId: number;
  readonly after: string;
  readonly prefix: string;
  readonly limit: number;
}

export const page = statement((db, { bucketId, after, prefix, limit }: Params<Page>) =>
  selectStaged(
    db,
    and(
      eq(multipartUploads.bucketId, bucketId),
      gt(multipartUploads.uploadId, after),
      inParts,
      sql`substr(${multipartUploads.objectName}, 1, length(${prefix})) = ${prefix}`,
    ),
  )
    .orderBy(asc(multipartUploads.uploadId))
    .limit(limit),
);

export const open = statement((db, { after, limit }: Params<{ after: string; limit: number }>) =>
  db
    .select({ ...staged, startedBy: multipartUploads.startedBy })
    .from(multipartUploads)
    .innerJoin(buckets, eq(buckets.id, multipartUploads.bucketId))
    .where(and(gt(multipartUploads.uploadId, after), inParts))
    .orderBy(asc(multipartUploads.uploadId))
    .limit(limit),
);

interface Expiry {
  readonly expiredBefore: number;
  readonly spared: readonly UploadId[];
  readonly limit: number;
}

export const expired = statement((db, given: Params<Expiry>) => {
  const ids = db
    .select({ id: multipartUploads.id })
    .from(multipartUploads)
    .where(
      and(
        lt(multipartUploads.expiresAt, given.expiredBefore),
        isFree(multipartUploads),
        notInArray(multipartUploads.uploadId, listed(given.spared)),
      ),
    )
    .orderBy(asc(multipartUploads.expiresAt))
    .limit(given.limit);
  return selectStaged(db, inArray(multipartUploads.id, ids)).orderBy(
    asc(multipartUploads.expiresAt),
    asc(multipartUploads.id),
  );
});
export const total = statement((db, given: Params<{ after: string; limit: number }>) => {
  const { uploadId, stagedBytes } = multipartUploads;
  const some = db
    .select({ uploadId, stagedBytes })
    .from(multipartUploads)
    .where(and(gt(uploadId, given.after), inParts))
    .orderBy(asc(uploadId))
    .limit(given.limit)
    .as("some");
  return db
    .select({
      uploads: count(),
      bytes: sql<number>`coalesce(sum(${some.stagedBytes}), 0)`,
      last: sql<UploadId | null>`max(${some.uploadId})`,
    })
    .from(some);
});
export const known = statement((db, { ids }: Params<{ ids: readonly UploadId[] }>) =>
  db
    .select({ id: multipartUploads.uploadId })
    .from(multipartUploads)
    .where(inArray(multipartUploads.uploadId, listed(ids))),
);

interface Uploading extends ByRow {
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly moreParts: number;
  readonly moreBytes: number;
}

export const noteUploading = command((db, given: Params<Uploading>) =>
  db
    .update(multipartUploads)
    .set({
      state: sql<OpenState>`'uploading'`,
      expiresAt: given.expiresAt,
      updatedAt: given.createdAt,
      partCount: sql`${multipartUploads.partCount} + ${given.moreParts}`,
      stagedBytes: sql`${multipartUploads.stagedBytes} + ${given.moreBytes}`,
    })
    .where(byRow(given)),
);

export const claim = command((db, given: Params<ByRow & Claiming>) =>
  db.update(multipartUploads).set(claimedBy(given.owner, given.lease)).where(byRow(given)),
);
export const renew = statement((db, given: Params<ById & Claiming>) =>
  db
    .update(multipartUploads)
    .set(claimedBy(given.owner, given.lease))
    .where(byOwner(given))
    .returning({ id: multipartUploads.id }),
);
export const release = command((db, given: Params<Owned>) =>
  db.update(multipartUploads).set(unclaimed).where(byOwner(given)),
);

export const completed = statement((db, given: Params<MultipartKey & { since: number }>) =>
  db
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
        eq(completedUploads.uploadId, given.id),
        eq(completedUploads.bucket, given.bucket),
        gt(completedUploads.completedAt, given.since),
      ),
    ),
);
export const noteAlive = command((db, given: Params<ById & Now & { expiresAt: number }>) =>
  db
    .update(multipartUploads)
    .set({ expiresAt: given.expiresAt, updatedAt: given.now })
    .where(and(byId(given), lt(multipartUploads.expiresAt, given.expiresAt))),
);
/** Times of parts have no index, which each part would have to change: so it looks through all uploads, and nobody waits for a reader. */
export const ahead = statement((db, given: Params<Lowering & { after: number }>) => {
  const { id, updatedAt } = multipartUploads;
  return db
    .select({ rowId: id })
    .from(multipartUploads)
    .where(and(gt(id, given.after), gt(updatedAt, given.now)))
    .orderBy(asc(id))
    .limit(given.limit);
});
export const lowerListed = command(
  (db, { now, rowIds }: Params<Now & { rowIds: readonly number[] }>) => {
    const { id, expiresAt, createdAt, updatedAt } = multipartUploads;
    return db
      .update(multipartUploads)
      .set({
        expiresAt: sql`${expiresAt} - ${updatedAt} + ${now}`,
        createdAt: sql`CASE WHEN ${createdAt} < ${now} THEN ${createdAt} ELSE ${now} END`,
        updatedAt: now,
      })
      .where(and(inArray(id, listedNumbers(rowIds)), gt(updatedAt, now)));
  },
);
export const lowerCompleted = statement((db, { now, limit }: Params<Lowering>) => {
  const { uploadId, completedAt } = completedUploads;
  const some = db.select({ uploadId }).from(completedUploads).where(gt(completedAt, now));
  return db
    .update(completedUploads)
    .set({ completedAt: now })
    .where(inArray(uploadId, some.limit(limit)))
    .returning({ uploadId });
});
export const forgetCompleted = command((db, { before }: Params<{ before: number }>) =>
  db.delete(completedUploads).where(lt(completedUploads.completedAt, before)),
);
export const removeWhole = command((db, given: Params<Owned>) =>
  db.delete(multipartUploads).where(and(byOwner(given), eq(multipartUploads.whole, 1))),
);
export const removeListed = command((db, { rowIds }: Params<{ rowIds: readonly number[] }>) =>
  db.delete(multipartUploads).where(inArray(multipartUploads.id, listedNumbers(rowIds))),
);
