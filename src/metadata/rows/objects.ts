// Objects: each change in one transaction with its precondition, its bucket's counts and the content that it lets go.
import type { BucketName } from "../../model/objectNames.ts";
import type {
  ObjectCommit,
  ObjectCommitOutcome,
  ObjectLink,
  ObjectLinkOutcome,
  ObjectLinkSource,
  ObjectPage,
  ObjectPageRequest,
  ObjectsMetadata,
  ObjectVersion,
  StoredObject,
} from "../objects.ts";
import { type Deed, record } from "./audit.ts";
import { bucketsMetadata } from "./buckets.ts";
import { keepContent } from "./contentRow.ts";
import { held } from "./links.ts";
import { readObjectPage } from "./objectPages.ts";
import * as statements from "./objectStatements.ts";
import { nameContent, releaseContent } from "./releases.ts";
import type { Body, Lane, Rows, Tx } from "./rows.ts";

/** Builds the objects' part of the port. */
export function objectsMetadata(rows: Rows): ObjectsMetadata {
  return { ...bucketsMetadata(rows), ...reads(rows), ...changes(rows) };
}

function reads(rows: Rows): Pick<ObjectsMetadata, "findObject" | "listObjects"> {
  const kept = rows.cache<StoredObject>(
    ({ object, contentType }) => object.length + contentType.length,
  );
  return {
    async findObject(bucket, object) {
      // Names of buckets hold no slash.
      const key = { bucket, object };
      const found = await kept.find(`${bucket}/${object}`, statements.findObject, key);
      if (found !== null) return { kind: "found", object: found };
      // A bucket that was made since was empty at first: the object was absent from it.
      const known = await rows.find(statements.findBucketId, { bucket });
      return { kind: known === null ? "bucketUnknown" : "objectUnknown" };
    },
    listObjects: (bucket, page) => rows.read((tx) => listObjects(tx, bucket, page)),
  };
}

function changes(
  rows: Rows,
): Pick<ObjectsMetadata, "commitObject" | "linkObject" | "removeObject"> {
  return {
    commitObject: (commit) =>
      rows.writeSettled(
        (tx) => commitObject(tx, commit),
        ({ kind }) => kind === "finished",
        laneOf(commit),
      ),
    linkObject: (link) =>
      rows.writeSettled(
        (tx) => linkObject(tx, link),
        ({ kind }) => kind === "linked",
        laneOf(link),
      ),
    removeObject: (removal) =>
      rows.writeSettled(
        (tx) => removeObject(tx, removal),
        ({ kind }) => kind === "removed",
        laneOf(removal),
      ),
  };
}

/** They all change the counts of the bucket. */
const laneOf = ({ bucket }: { readonly bucket: BucketName }): Lane => ({
  name: `bucket ${bucket}`,
  keys: null,
});

function* listObjects(
  tx: Tx,
  bucket: BucketName,
  page: ObjectPageRequest,
): Body<ObjectPage | null> {
  const found = yield* tx.get(statements.findBucketId, { bucket });
  if (found === undefined) return null;
  return yield* readObjectPage(tx, { id: found.id, name: bucket }, page);
}

/** The object as it is inside of the transaction. */
interface Current extends ObjectVersion {
  readonly size: number;
}

function* commitObject(tx: Tx, commit: ObjectCommit): Body<ObjectCommitOutcome> {
  const { bucket, object, upload, digest, size, contentType, now, parts } = commit;
  const owned = yield* tx.get(statements.findOwnedUpload, { ...upload, bucket, object });
  if (owned === undefined) return { kind: "sessionGone" };
  const { id: rowId, bucketId } = owned;
  const current = yield* tx.get(statements.findCurrent, { bucketId, object });
  if (!commit.allows(current ?? null)) return { kind: "refused" };
  // The object keeps it: no lease is needed.
  const locator = yield* keepContent(tx, { ...commit, keptUntil: now });
  if (locator === null) return { kind: "contentGone" };
  putObject(tx, { bucketId, object, digest, size, contentType, now }, current);
  recordPut(tx, { ...commit, digest }, current);
  // Its parts go with the row.
  tx.run(statements.endUpload, { rowId });
  if (parts !== null) {
    const { id } = upload;
    const object = { bucket, object: commit.object, digest, size, contentType, now };
    tx.run(statements.remember, { ...object, id, parts });
  }
  return { kind: "finished", locator };
}

function* linkObject(tx: Tx, link: ObjectLink): Body<ObjectLinkOutcome> {
  const { bucket, object, contentType, from, now } = link;
  const { digest } = from;
  const found = yield* tx.get(statements.findBucketId, { bucket });
  if (found === undefined) return { kind: "bucketUnknown" };
  const { id: bucketId } = found;
  const current = yield* tx.get(statements.findCurrent, { bucketId, object });
  if (!link.allows(current ?? null)) return { kind: "refused" };
  const held = yield* findHeld(tx, from);
  if (held === undefined) return { kind: "contentGone" };
  const { size } = held;
  putObject(tx, { bucketId, object, digest, size, contentType, now }, current);
  recordPut(tx, { ...link, digest }, current);
  return {
    kind: "linked",
    record: { bucket, object, size, digest, contentType, createdAt: now },
  };
}

/** @returns the content, in bytes; undefined when its holder has it no longer. */
function* findHeld(tx: Tx, from: ObjectLinkSource): Body<{ readonly size: number } | undefined> {
  const { digest, locator } = from;
  if ("repository" in from)
    return yield* tx.get(held, { source: from.repository, digest, locator });
  const found = yield* tx.get(statements.findObject, from.copyOf);
  const isSame = found?.digest === digest && found.locator === locator;
  return isSame && found.damagedAt === null ? found : undefined;
}

function* removeObject(
  tx: Tx,
  removal: Parameters<ObjectsMetadata["removeObject"]>[0],
): Body<Awaited<ReturnType<ObjectsMetadata["removeObject"]>>> {
  const { bucket, object, allows, now } = removal;
  const found = yield* tx.get(statements.findBucketId, { bucket });
  if (found === undefined) return { kind: "bucketUnknown" };
  const { id: bucketId } = found;
  const current = yield* tx.get(statements.findCurrent, { bucketId, object });
  if (current === undefined) return { kind: "objectUnknown" };
  if (!allows(current)) return { kind: "refused" };
  tx.run(statements.deleteObject, { bucketId, object });
  tx.run(statements.count, { bucketId, objects: -1, bytes: -current.size });
  tx.run(releaseContent, { digest: current.digest, now });
  recordObject(tx, removal, { event: "object.delete", previous: current.digest });
  return { kind: "removed" };
}

/** A change of an object, as far as it is written down. */
type Change = Pick<ObjectLink, "bucket" | "object" | "now" | "by">;

function recordPut(
  tx: Tx,
  put: Change & Pick<ObjectCommit, "digest">,
  current: Current | undefined,
): void {
  const { digest } = put;
  recordObject(
    tx,
    put,
    current === undefined
      ? { event: "object.put", digest }
      : { event: "object.replace", digest, previous: current.digest },
  );
}

function recordObject(
  tx: Tx,
  { bucket, object, by, now }: Change,
  deed: Omit<Deed, "resource">,
): void {
  if (by === undefined) return;
  record(tx, { ...by, at: now }, { ...deed, resource: `bucket:${bucket}/${object}` });
}

/** Object, bucket's counts, and the time at which what the name was before was let go. */
function putObject(tx: Tx, put: statements.NewObject, current: Current | undefined): void {
  const { bucketId, digest, size, now } = put;
  tx.run(statements.upsertObject, put);
  const objects = current === undefined ? 1 : 0;
  const bytes = size - (current?.size ?? 0);
  if (objects !== 0 || bytes !== 0) tx.run(statements.count, { bucketId, objects, bytes });
  tx.run(nameContent, { digest });
  if (current !== undefined && current.digest !== digest) {
    tx.run(releaseContent, { digest: current.digest, now });
  }
}
