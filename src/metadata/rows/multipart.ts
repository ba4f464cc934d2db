// Uploads in parts. What may happen to an upload is asked inside of the transaction that would do it.
import type { BucketName } from "../../model/objectNames.ts";
import type { StagedPart } from "../../model/staged.ts";
import type {
  MultipartKey,
  MultipartLifeMetadata,
  MultipartMetadata,
  MultipartUpload,
} from "../multipart.ts";
import { noUploads } from "../uploadPage.ts";
import type { ClaimLease } from "./claims.ts";
import { stillHolds } from "./locks.ts";
import { lowerAll, rowsAtOnce } from "./lowering.ts";
import * as statements from "./multipartStatements.ts";
import { findBucketId } from "./objectStatements.ts";
import * as partStatements from "./partStatements.ts";
import type { Body, Rows, Tx } from "./rows.ts";

/** No upload has as many parts. */
const allParts = Number.MAX_SAFE_INTEGER;

/** Builds this part of the port. */
export function multipartMetadata(rows: Rows): MultipartMetadata {
  return {
    ...reads(rows),
    ...claims(rows),
    recordPart: (key, record) =>
      rows.write(
        (tx) => recordPart(tx, key, record),
        (outcome) => outcome !== "unknown",
        { name: `upload ${key.id}`, keys: null },
      ),
    findCompleted: (key, since) => rows.findSettled(statements.completed, { ...key, since }),
  };
}

function reads(
  rows: Rows,
): Pick<
  MultipartMetadata,
  "findMultipart" | "peekMultipart" | "listMultipart" | "listParts" | "partsOf"
> {
  return {
    async findMultipart(key) {
      const row = await rows.findSettled(statements.findStaged, key);
      return row === null ? null : listedUpload(row);
    },
    async peekMultipart(key) {
      const row = await rows.find(statements.find, key);
      return row === null ? null : openUpload(row);
    },
    listMultipart: (bucket, page) => rows.read((tx) => listMultipart(tx, bucket, page)),
    listParts: (key, page) => rows.readSettled((tx) => listParts(tx, key, page)),
    partsOf: (id) =>
      rows.readSettled(function* (tx) {
        return (yield* tx.all(partStatements.partsOf, { id })).map(stagedPart);
      }),
  };
}

function* listMultipart(
  tx: Tx,
  bucket: BucketName,
  { after, limit, prefix }: Parameters<MultipartMetadata["listMultipart"]>[1],
): Body<Awaited<ReturnType<MultipartMetadata["listMultipart"]>>> {
  const found = yield* tx.get(findBucketId, { bucket });
  if (found === undefined) return null;
  const page = { bucketId: found.id, after: after ?? "", prefix, limit: limit + 1 };
  const rows = yield* tx.all(statements.page, page);
  const uploads = rows.slice(0, limit).map(listedUpload);
  return { uploads, more: limit > 0 && rows.length > limit };
}

function* listParts(
  tx: Tx,
  key: MultipartKey,
  { after, limit }: { readonly after: number; readonly limit: number },
): Body<readonly StagedPart[] | null> {
  const found = yield* tx.get(statements.find, key);
  if (found === undefined) return null;
  const rows = yield* tx.all(partStatements.partPage, { rowId: found.rowId, after, limit });
  return rows.map(stagedPart);
}

function* startMultipart(
  tx: Tx,
  start: Parameters<MultipartLifeMetadata["startMultipart"]>[0],
  given: {
    readonly owner: string | null;
    readonly lease: ClaimLease;
    readonly startedBy: string | null;
  },
): Body<boolean> {
  const bucket = yield* tx.get(findBucketId, start);
  if (bucket === undefined) return false;
  const whole = given.owner === null ? 0 : 1;
  tx.run(statements.insert, { ...start, ...given, bucketId: bucket.id, whole });
  return true;
}

function* recordPart(
  tx: Tx,
  key: MultipartKey,
  { part, expiresAt, accepts }: Parameters<MultipartMetadata["recordPart"]>[1],
): Body<Awaited<ReturnType<MultipartMetadata["recordPart"]>>> {
  const found = yield* tx.get(statements.find, key);
  if (found === undefined) return "unknown";
  accepts(openUpload(found));
  const { rowId } = found;
  const { place, number, createdAt } = part;
  const before = yield* tx.get(partStatements.findPart, { rowId, number });
  tx.run(partStatements.upsertPart, { ...part, ...place, rowId });
  const moreParts = before === undefined ? 1 : 0;
  const moreBytes = part.size - (before?.size ?? 0);
  tx.run(statements.noteUploading, { rowId, expiresAt, createdAt, moreParts, moreBytes });
  return { replaced: before === undefined ? null : stagedPart(before) };
}

function* removeMultipart(
  tx: Tx,
  key: MultipartKey,
  accepts: (upload: MultipartUpload) => void,
): Body<MultipartUpload | null> {
  const found = yield* tx.get(statements.find, key);
  if (found === undefined) return null;
  const upload = openUpload(found);
  accepts(upload);
  // Its parts go with the row.
  tx.run(statements.remove, { rowId: found.rowId });
  return upload;
}

function claims(
  rows: Rows,
): Pick<MultipartMetadata, "claimMultipart" | "renewMultipart" | "releaseMultipart"> {
  return {
    claimMultipart: (key, owner, choose) =>
      rows.writeLazily(function* (tx) {
        const found = yield* tx.get(statements.find, key);
        if (found === undefined) return "unknown";
        const { rowId } = found;
        const upload = openUpload(found);
        const parts = yield* tx.all(partStatements.partPage, { rowId, after: 0, limit: allParts });
        const chosen = choose(upload, parts.map(stagedPart));
        tx.run(statements.claim, { rowId, owner, lease: rows.claimLease });
        return { upload: { ...upload, claimOwner: owner }, chosen };
      }),
    renewMultipart: async (id, owner) =>
      (await rows.changeLazily(statements.renew, { id, owner, lease: rows.claimLease })) !== null,
    releaseMultipart: (id, owner) => rows.runLazily(statements.release, { id, owner }),
  };
}

/** Builds the port's part for how uploads begin and end. */
export function multipartLifeMetadata(rows: Rows): MultipartLifeMetadata {
  return {
    startMultipart(start, owner, startedBy = null) {
      const lease = owner === null ? null : rows.claimLease;
      const body = (tx: Tx) => startMultipart(tx, start, { owner, lease, startedBy });
      return owner === null ? rows.write(body, (started) => started) : rows.writeLazily(body);
    },
    listOpen: async ({ after, limit }) =>
      (await rows.list(statements.open, { after: after ?? "", limit })).map(listedUpload),
    removeMultipart: (key, accepts) =>
      rows.writeSettled(
        (tx) => removeMultipart(tx, key, accepts),
        (upload) => upload !== null,
      ),
    removeWhole: (id, owner) => rows.runLazily(statements.removeWhole, { id, owner }),
    noteAlive: (id, life) => rows.runLazily(statements.noteAlive, { id, ...life }),
    async lowerTimes(now) {
      await lowerUploads(rows, now);
      await lowerAll(rows, statements.lowerCompleted, now);
    },
    expireMultipart: ({ hold = null, ...expiry }) =>
      rows.write(
        function* (tx) {
          if (hold !== null && !(yield* stillHolds(tx, hold))) return [];
          const expired = yield* tx.all(statements.expired, { spared: [], ...expiry });
          tx.run(statements.removeListed, { rowIds: expired.map(({ rowId }) => rowId) });
          return expired.map((row) => ({ ...listedUpload(row), whole: row.whole === 1 }));
        },
        (expired) => expired.length > 0,
      ),
    forgetCompleted: (before) => rows.runLazily(statements.forgetCompleted, { before }),
    knownMultipart: async (ids) =>
      new Set((await rows.list(statements.known, { ids })).map(({ id }) => id)),
    countMultipart: async ({ after, limit }) =>
      (await rows.find(statements.total, { after: after ?? "", limit })) ?? noUploads,
  };
}

/** Looks first: in most stores no time lies in the future, and then nothing is locked. */
async function lowerUploads(rows: Rows, now: number): Promise<void> {
  for (let after: number | null = 0; after !== null; ) {
    const given: { after: number; now: number; limit: number } = { after, now, limit: rowsAtOnce };
    const ahead = await rows.list(statements.ahead, given);
    const rowIds = ahead.map(({ rowId }) => rowId);
    if (rowIds.length > 0) await rows.runLazily(statements.lowerListed, { now, rowIds });
    after = rowIds.length < rowsAtOnce ? null : (rowIds.at(-1) ?? null);
  }
}

function openUpload<T extends { readonly rowId: number }>({ rowId, ...upload }: T) {
  return upload;
}

function listedUpload<T extends { readonly rowId: number; readonly whole: number }>({
  rowId,
  whole,
  ...upload
}: T) {
  return upload;
}

type PartRow = Omit<StagedPart, "place"> & StagedPart["place"];

function stagedPart({ name, version, ...part }: PartRow): StagedPart {
  return { ...part, place: { name, version } };
}
