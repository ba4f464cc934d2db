// Statements of upload sessions.
import { and, asc, count, eq, exists, gt, inArray, lt, or, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Advance, UploadSession } from "../metadata.ts";
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
import {
  finishedUploads,
  repositories,
  repositoryContents,
  uploadChunks,
  uploadSessions,
} from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

interface ById {
  readonly id: UploadId;
}
interface InRepository extends ById {
  readonly repository: RepositoryName;
}
interface Owned extends ById {
  readonly owner: string;
}
/** Unix ms. */
interface Now {
  readonly now: number;
}

const session = {
  id: uploadSessions.id,
  repository: uploadSessions.repository,
  offset: uploadSessions.offset,
  staging: uploadSessions.staging,
  algorithm: uploadSessions.algorithm,
  startedAt: uploadSessions.startedAt,
  updatedAt: uploadSessions.updatedAt,
};

const byId = ({ id }: Params<ById>) => eq(uploadSessions.id, id);
const inRepository = (given: Params<InRepository>) =>
  and(byId(given), eq(uploadSessions.repository, given.repository));
const byOwner = (given: Params<Owned>) => and(byId(given), isOwnedBy(uploadSessions, given.owner));

type Start = UploadSession & {
  readonly owner: string | null;
  readonly lease: ClaimLease;
  readonly startedBy: string | null;
};

export const insert = command((db, given: Params<Start>) => {
  const { id, repository, offset, staging, startedAt, updatedAt, algorithm, owner, lease } = given;
  const { startedBy } = given;
  const row = { id, repository, offset, staging, startedAt, updatedAt, algorithm, startedBy };
  return db.insert(uploadSessions).values({ ...row, ...claimedBy(owner, lease) });
});
export const find = statement((db, given: Params<InRepository>) =>
  db.select(session).from(uploadSessions).where(inRepository(given)),
);
export const findOwned = statement((db, given: Params<InRepository & Owned>) =>
  db
    .select({ startedAt: uploadSessions.startedAt })
    .from(uploadSessions)
    .where(and(inRepository(given), byOwner(given))),
);
export const remove = statement((db, given: Params<InRepository>) =>
  db.delete(uploadSessions).where(inRepository(given)).returning(session),
);
export const removeAny = statement((db, given: Params<ById>) =>
  db.delete(uploadSessions).where(byId(given)).returning(session),
);
export const list = statement((db, given: Params<{ after: string; limit: number }>) =>
  db
    .select({
      ...session,
      claimOwner: writerOf(uploadSessions),
      startedBy: uploadSessions.startedBy,
    })
    .from(uploadSessions)
    .where(gt(uploadSessions.id, given.after))
    .orderBy(asc(uploadSessions.id))
    .limit(given.limit),
);
export const total = statement((db, given: Params<{ after: string; limit: number }>) => {
  const { id, offset } = uploadSessions;
  const some = db
    .select({ id, offset })
    .from(uploadSessions)
    .where(gt(id, given.after))
    .orderBy(asc(id))
    .limit(given.limit)
    .as("some");
  return db
    .select({
      uploads: count(),
      bytes: sql<number>`coalesce(sum(${some.offset}), 0)`,
      last: sql<UploadId | null>`max(${some.id})`,
    })
    .from(some);
});

export const claim = statement((db, given: Params<InRepository & Claiming>) =>
  db
    .update(uploadSessions)
    .set(claimedBy(given.owner, given.lease))
    .where(
      and(inRepository(given), or(isFree(uploadSessions), isOwnedBy(uploadSessions, given.owner))),
    )
    .returning(session),
);
export const renew = statement((db, given: Params<ById & Claiming & Now>) =>
  db
    .update(uploadSessions)
    .set({ updatedAt: given.now, ...claimedBy(given.owner, given.lease) })
    .where(byOwner(given))
    .returning({ id: uploadSessions.id }),
);
export const release = command((db, given: Params<Owned>) =>
  db.update(uploadSessions).set(unclaimed).where(byOwner(given)),
);
export const advance = statement((db, given: Params<Owned & Omit<Advance, "prefix">>) =>
  db
    .update(uploadSessions)
    .set({ offset: given.offset, staging: given.staging, updatedAt: given.now, ...unclaimed })
    .where(byOwner(given))
    .returning({ id: uploadSessions.id }),
);

export const addBoundary = command(
  (db, { id, offset, digest }: Params<ById & { offset: number; digest: Digest }>) =>
    // An empty chunk ends where the one before did.
    db.insert(uploadChunks).values({ session: id, offset, digest }).onConflictDoNothing(),
);
export const boundaries = statement((db, given: Params<ById>) => {
  const { offset, digest } = uploadChunks;
  return db
    .select({ offset, digest })
    .from(uploadChunks)
    .where(eq(uploadChunks.session, given.id))
    .orderBy(asc(offset));
});

export const lowerTimes = statement((db, { now, limit }: Params<Lowering>) => {
  const { id, startedAt, updatedAt } = uploadSessions;
  const ahead = db.select({ id }).from(uploadSessions).where(gt(updatedAt, now)).limit(limit);
  return db
    .update(uploadSessions)
    .set({
      startedAt: sql`CASE WHEN ${startedAt} < ${now} THEN ${startedAt} ELSE ${now} END`,
      updatedAt: now,
    })
    .where(inArray(id, ahead))
    .returning({ id });
});
export const lowerFinished = statement((db, { now, limit }: Params<Lowering>) => {
  const { id, finishedAt } = finishedUploads;
  const ahead = db.select({ id }).from(finishedUploads).where(gt(finishedAt, now)).limit(limit);
  return db
    .update(finishedUploads)
    .set({ finishedAt: now })
    .where(inArray(id, ahead))
    .returning({ id });
});
export const expire = statement((db, given: Params<{ idleSince: number; limit: number }>) => {
  const idle = and(lt(uploadSessions.updatedAt, given.idleSince), isFree(uploadSessions));
  const ids = db.select({ id: uploadSessions.id }).from(uploadSessions).where(idle);
  return db
    .delete(uploadSessions)
    .where(inArray(uploadSessions.id, ids.limit(given.limit)))
    .returning(session);
});

export const end = command((db, given: Params<ById>) =>
  db.delete(uploadSessions).where(byId(given)),
);
export const remember = command(
  (db, given: Params<InRepository & Now & { digest: Digest; size: number }>) => {
    const { id, repository, digest, size, now } = given;
    return db.insert(finishedUploads).values({ id, repository, digest, size, finishedAt: now });
  },
);
export const finished = statement((db, given: Params<InRepository & { since: number }>) => {
  // What was deleted since cannot be promised again.
  const isLinked = db
    .select({ one: sql`1` })
    .from(repositoryContents)
    .where(
      and(
        eq(repositoryContents.repository, finishedUploads.repository),
        eq(repositoryContents.digest, finishedUploads.digest),
      ),
    );
  return db
    .select({ digest: finishedUploads.digest, size: finishedUploads.size })
    .from(finishedUploads)
    .where(
      and(
        eq(finishedUploads.id, given.id),
        eq(finishedUploads.repository, given.repository),
        gt(finishedUploads.finishedAt, given.since),
        exists(isLinked),
      ),
    );
});
export const forgetFinished = command((db, given: Params<{ before: number }>) =>
  db.delete(finishedUploads).where(lt(finishedUploads.finishedAt, given.before)),
);

interface Push extends Now {
  readonly repository: RepositoryName;
  readonly startedAt: number;
  readonly keptUntil: number;
  /** A push that is noted to last until then need not be written again. */
  readonly enough: number;
}

/** Uploads that follow each other are one push; most calls find that said already and write nothing. */
export const notePush = command((db, given: Params<Push>) =>
  db
    .insert(repositories)
    .values({
      name: given.repository,
      createdAt: given.now,
      pushingSince: given.startedAt,
      pushingUntil: given.keptUntil,
    })
    .onConflictDoUpdate({
      target: repositories.name,
      set: {
        pushingSince: sql`CASE WHEN ${repositories.pushingUntil} >= excluded.pushing_since
          THEN ${repositories.pushingSince} ELSE excluded.pushing_since END`,
        pushingUntil: sql`excluded.pushing_until`,
      },
      setWhere: lt(repositories.pushingUntil, given.enough),
    }),
);
