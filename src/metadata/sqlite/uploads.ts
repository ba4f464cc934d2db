// The upload sessions' half of the port on SQLite.
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { UploadFinish, UploadFinishOutcome, UploadsMetadata } from "../metadata.ts";
import type { Connection } from "./connection.ts";
import { keepContent } from "./contentRow.ts";
import { prepareUploadStatements, type UploadStatements } from "./uploadStatements.ts";

/** Builds the sessions' half of the port over one connection. */
export function uploadsMetadata(connection: Connection, db: BunSQLiteDatabase): UploadsMetadata {
  const statements = prepareUploadStatements(db);
  return {
    ...claims(connection, statements),
    ...endings(connection, statements),
    startUpload: (session, owner) =>
      connection.write(() => {
        statements.insert.run({ ...session, owner });
      }),
    findUpload: (id, repository) =>
      connection.readSettled(() => statements.find.get({ id, repository }) ?? null),
    advanceUpload: (id, owner, { prefix, ...to }) =>
      connection.writeDurably(
        () => {
          if (statements.advance.get({ id, owner, ...to }) === undefined) return false;
          if (prefix !== null) statements.bound.run({ id, offset: to.offset, digest: prefix });
          return true;
        },
        (advanced) => advanced,
      ),
    listBoundaries: (id) => connection.read(() => statements.boundaries.all({ id })),
    findContent: (digest) => connection.read(() => statements.content.get({ digest }) ?? null),
    finishUpload: (finish) =>
      connection.writeDurably(
        () => finishUpload(statements, finish),
        ({ kind }) => kind === "finished",
      ),
    countUploads: () => connection.read(() => statements.count.get() ?? { sessions: 0, bytes: 0 }),
  };
}

/** Ways a session ends other than well, and what is remembered of those that did. */
function endings(
  connection: Connection,
  statements: UploadStatements,
): Pick<
  UploadsMetadata,
  | "findFinished"
  | "raiseLease"
  | "removeUpload"
  | "lowerTimes"
  | "expireUploads"
  | "forgetFinished"
  | "listUploads"
> {
  return {
    findFinished: (id, repository, since) =>
      connection.readSettled(() => statements.finished.get({ id, repository, since }) ?? null),
    raiseLease: (digest, keptUntil) =>
      connection.writeDurably(() => {
        statements.raiseLease.run({ digest, keptUntil });
      }),
    removeUpload: (id, repository) =>
      connection.writeDurably(
        () =>
          (repository === null
            ? statements.removeAny.get({ id })
            : statements.remove.get({ id, repository })) ?? null,
        (session) => session !== null,
      ),
    lowerTimes: (now) =>
      connection.write(() => {
        statements.lowerTimes.run({ now });
        statements.lowerFinished.run({ now });
      }),
    expireUploads: (expiry) =>
      connection.writeDurably(
        () => statements.expire.all({ ...expiry }),
        (expired) => expired.length > 0,
      ),
    forgetFinished: (before) =>
      connection.write(() => {
        statements.forgetFinished.run({ before });
      }),
    listUploads: ({ after, limit }) =>
      connection.read(() =>
        statements.list
          .all({ after: after ?? "", limit })
          .map(({ claimOwner, ...session }) => ({ ...session, writing: claimOwner !== null })),
      ),
  };
}

function claims(
  connection: Connection,
  statements: UploadStatements,
): Pick<UploadsMetadata, "claimUpload" | "renewClaim" | "releaseUpload"> {
  return {
    claimUpload: (id, repository, owner) =>
      connection.write(() => {
        const session = statements.claim.get({ id, repository, owner });
        if (session !== undefined) return { kind: "claimed", session } as const;
        const known = statements.find.get({ id, repository }) !== undefined;
        return { kind: known ? "busy" : "unknown" } as const;
      }),
    renewClaim: (id, owner, now) =>
      connection.write(() => statements.renew.get({ id, owner, now }) !== undefined),
    releaseUpload: (id, owner) =>
      connection.write(() => {
        statements.release.run({ id, owner });
      }),
  };
}

/** The body of the transaction: content, link, lease and the end of the session, or nothing. */
function finishUpload(statements: UploadStatements, finish: UploadFinish): UploadFinishOutcome {
  const { session, repository, digest, now, keptUntil } = finish;
  const owned = session === null ? null : statements.owned.get({ ...session, repository });
  if (owned === undefined) return { kind: "sessionGone" };
  const locator = keepContent(statements, finish);
  if (locator === null) return { kind: "contentGone" };
  statements.raiseLease.run({ digest, keptUntil });
  const startedAt = owned?.startedAt ?? now;
  // Nine tenths left are enough, so that it need not be written for each upload.
  const enough = keptUntil - Math.floor((keptUntil - now) / 10);
  statements.notePush.run({ repository, now, startedAt, keptUntil, enough });
  statements.link.run({ repository, digest, now });
  if (session !== null) {
    statements.delete.run({ id: session.id });
    statements.finish.run({ id: session.id, repository, digest, size: finish.size, now });
  }
  return { kind: "finished", locator };
}
