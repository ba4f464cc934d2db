// Uploads in parts on SQLite. What may happen to an upload is asked inside of the transaction that would do it.
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { StagedPart } from "../../model/staged.ts";
import type { MultipartMetadata, MultipartUpload } from "../multipart.ts";
import type { Connection } from "./connection.ts";
import { type MultipartStatements, prepareMultipartStatements } from "./multipartStatements.ts";

/** No upload has as many parts. */
const allParts = Number.MAX_SAFE_INTEGER;

/** Builds this part of the port over one connection. */
export function multipartMetadata(
  connection: Connection,
  db: BunSQLiteDatabase,
): MultipartMetadata {
  const statements = prepareMultipartStatements(db);
  return {
    ...reads(connection, statements),
    ...parts(connection, statements),
    ...claims(connection, statements),
    ...endings(connection, statements),
    startMultipart: (start, owner) => {
      const body = (): boolean => {
        const bucket = statements.bucketId.get({ bucket: start.bucket });
        if (bucket === undefined) return false;
        const whole = owner === null ? 0 : 1;
        statements.insert.run({ ...start, bucketId: bucket.id, owner, whole });
        return true;
      };
      return owner === null
        ? connection.writeDurably(body, (started) => started)
        : connection.write(body);
    },
  };
}

function reads(
  connection: Connection,
  statements: MultipartStatements,
): Pick<
  MultipartMetadata,
  | "findMultipart"
  | "peekMultipart"
  | "listMultipart"
  | "listParts"
  | "partsOf"
  | "knownMultipart"
  | "countMultipart"
> {
  return {
    findMultipart: (key) =>
      connection.readSettled(() => {
        const row = statements.findStaged.get({ ...key });
        return row === undefined ? null : listedUpload(row);
      }),
    peekMultipart: (key) => connection.read(() => statements.find.get({ ...key })?.upload ?? null),
    listMultipart: (bucket, { after, limit, prefix }) =>
      connection.read(() => {
        const found = statements.bucketId.get({ bucket });
        if (found === undefined) return null;
        const page = { bucketId: found.id, after: after ?? "", prefix, limit: limit + 1 };
        const rows = statements.page.all(page);
        const uploads = rows.slice(0, limit).map(listedUpload);
        return { uploads, more: limit > 0 && rows.length > limit };
      }),
    listParts: (key, { after, limit }) =>
      connection.readSettled(() => {
        const found = statements.find.get({ ...key });
        if (found === undefined) return null;
        return statements.parts.all({ rowId: found.rowId, after, limit }).map(stagedPart);
      }),
    partsOf: (id) => connection.readSettled(() => statements.partsOf.all({ id }).map(stagedPart)),
    knownMultipart: (ids) =>
      connection.read(
        () => new Set(statements.known.all({ ids: JSON.stringify(ids) }).map(({ id }) => id)),
      ),
    countMultipart: () => connection.read(() => statements.count.get() ?? { uploads: 0, bytes: 0 }),
  };
}

function parts(
  connection: Connection,
  statements: MultipartStatements,
): Pick<MultipartMetadata, "recordPart" | "removeMultipart"> {
  return {
    recordPart: (key, { part, expiresAt, accepts }) =>
      connection.writeDurably(
        () => {
          const found = statements.find.get({ ...key });
          if (found === undefined) return "unknown";
          accepts(found.upload);
          const { rowId } = found;
          const { place, number, createdAt } = part;
          const before = statements.part.get({ rowId, number });
          statements.putPart.run({ ...part, ...place, rowId });
          const moreParts = before === undefined ? 1 : 0;
          const moreBytes = part.size - (before?.size ?? 0);
          statements.noteUploading.run({ rowId, expiresAt, createdAt, moreParts, moreBytes });
          return { replaced: before === undefined ? null : stagedPart(before) };
        },
        (outcome) => outcome !== "unknown",
      ),
    removeMultipart: (key, accepts) =>
      connection.writeSettled(
        () => {
          const found = statements.find.get({ ...key });
          if (found === undefined) return null;
          accepts(found.upload);
          // Its parts go with the row.
          statements.remove.run({ rowId: found.rowId });
          return found.upload;
        },
        (upload) => upload !== null,
      ),
  };
}

function claims(
  connection: Connection,
  statements: MultipartStatements,
): Pick<MultipartMetadata, "claimMultipart" | "holdsMultipart" | "releaseMultipart"> {
  return {
    claimMultipart: (key, owner, choose) =>
      connection.write(() => {
        const found = statements.find.get({ ...key });
        if (found === undefined) return "unknown";
        const { rowId, upload } = found;
        const rows = statements.parts.all({ rowId, after: 0, limit: allParts });
        const chosen = choose(upload, rows.map(stagedPart));
        statements.claim.run({ rowId, owner });
        return { upload: { ...upload, claimOwner: owner }, chosen };
      }),
    holdsMultipart: (id, owner) =>
      connection.read(() => statements.owned.get({ id, owner }) !== undefined),
    releaseMultipart: (id, owner) =>
      connection.write(() => {
        statements.release.run({ id, owner });
      }),
  };
}

/** Ways an upload ends without an object, and what is remembered of those that ended with one. */
function endings(
  connection: Connection,
  statements: MultipartStatements,
): Pick<
  MultipartMetadata,
  | "findCompleted"
  | "removeWhole"
  | "noteAlive"
  | "lowerTimes"
  | "expireMultipart"
  | "forgetCompleted"
> {
  return {
    findCompleted: (key, since) =>
      connection.readSettled(() => statements.completed.get({ ...key, since }) ?? null),
    removeWhole: (id, owner) =>
      connection.write(() => {
        statements.removeWhole.run({ id, owner });
      }),
    noteAlive: (id, life) =>
      connection.write(() => {
        statements.noteAlive.run({ id, ...life });
      }),
    lowerTimes: (now) =>
      connection.write(() => {
        statements.lowerTimes.run({ now });
        statements.lowerCompleted.run({ now });
      }),
    expireMultipart: (expiry) =>
      connection.writeDurably(
        () => {
          const spared = JSON.stringify(expiry.spared ?? []);
          const rows = statements.expired.all({ ...expiry, spared });
          const rowIds = rows.map(({ rowId }) => rowId);
          statements.removeListed.run({ rowIds: JSON.stringify(rowIds) });
          return rows.map((row) => ({ ...listedUpload(row), whole: row.whole === 1 }));
        },
        (expired) => expired.length > 0,
      ),
    forgetCompleted: (before) =>
      connection.write(() => {
        statements.forgetCompleted.run({ before });
      }),
  };
}

type StagedRow = NonNullable<ReturnType<MultipartStatements["findStaged"]["get"]>>;
type PartRow = NonNullable<ReturnType<MultipartStatements["part"]["get"]>>;

function listedUpload({ rowId, whole, ...upload }: StagedRow) {
  return upload satisfies MultipartUpload;
}

function stagedPart({ path, version, ...part }: PartRow): StagedPart {
  return { ...part, place: { path, version } };
}
