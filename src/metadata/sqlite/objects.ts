// Objects on SQLite: each change in one transaction with its precondition, its bucket's counts and the content that it lets go.
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { ObjectName } from "../../model/objectNames.ts";
import type {
  ObjectCommit,
  ObjectCommitOutcome,
  ObjectLink,
  ObjectLinkOutcome,
  ObjectLinkSource,
  ObjectMount,
  ObjectsMetadata,
  ObjectVersion,
} from "../objects.ts";
import { bucketsMetadata } from "./buckets.ts";
import type { Connection } from "./connection.ts";
import { keepContent } from "./contentRow.ts";
import { readObjectPage } from "./objectPages.ts";
import { type ObjectStatements, prepareObjectStatements } from "./objectStatements.ts";

/** Builds the objects' part of the port over one connection. */
export function objectsMetadata(connection: Connection, db: BunSQLiteDatabase): ObjectsMetadata {
  const statements = prepareObjectStatements(db);
  return {
    ...bucketsMetadata(connection, statements),
    ...reads(connection, statements),
    ...changes(connection, statements),
  };
}

function reads(
  connection: Connection,
  statements: ObjectStatements,
): Pick<ObjectsMetadata, "findObject" | "listObjects" | "listObjectHolders" | "findObjectContent"> {
  return {
    findObject: (bucket, object) =>
      connection.read(() => {
        const row = statements.object.get({ bucket, object });
        if (row !== undefined) {
          const { damagedAt, ...found } = row;
          return { kind: "found", object: { ...found, damaged: damagedAt !== null } } as const;
        }
        const known = statements.bucketId.get({ bucket }) !== undefined;
        return { kind: known ? "objectUnknown" : "bucketUnknown" } as const;
      }),
    listObjects: (bucket, page) =>
      connection.read(() => {
        const found = statements.bucketId.get({ bucket });
        if (found === undefined) return null;
        return readObjectPage(statements, { id: found.id, name: bucket }, page);
      }),
    listObjectHolders: (digest, { after, limit }) =>
      connection.read(() =>
        statements.holders.all({ digest, after: after ?? "", limit }).map(({ name }) => name),
      ),
    findObjectContent: (bucket, digest) =>
      connection.read(() => statements.content.get({ bucket, digest }) ?? null),
  };
}

function changes(
  connection: Connection,
  statements: ObjectStatements,
): Pick<ObjectsMetadata, "commitObject" | "linkObject" | "removeObject" | "mountObject"> {
  return {
    commitObject: (commit) =>
      connection.writeSettled(
        () => commitObject(statements, commit),
        ({ kind }) => kind === "finished",
      ),
    linkObject: (link) =>
      connection.writeSettled(
        () => linkObject(statements, link),
        ({ kind }) => kind === "linked",
      ),
    removeObject: (removal) =>
      connection.writeSettled(
        () => removeObject(statements, removal),
        ({ kind }) => kind === "removed",
      ),
    mountObject: (mount) =>
      connection.writeDurably(
        () => mountObject(statements, mount),
        (mounted) => mounted,
      ),
  };
}

/** The object as it is inside of the transaction. */
interface Current extends ObjectVersion {
  readonly size: number;
}

/** An object's row as it is to be. */
interface NewObject {
  readonly bucketId: number;
  readonly object: ObjectName;
  readonly digest: Digest;
  readonly size: number;
  readonly contentType: string;
  readonly now: number;
}

function commitObject(statements: ObjectStatements, commit: ObjectCommit): ObjectCommitOutcome {
  const { bucket, object, upload, digest, size, contentType, now, parts } = commit;
  const owned = statements.ownedUpload.get({ ...upload, bucket, object });
  if (owned === undefined) return { kind: "sessionGone" };
  const { id: rowId, bucketId } = owned;
  const current = statements.current.get({ bucketId, object });
  if (!commit.allows(current ?? null)) return { kind: "refused" };
  // The object keeps it: no lease is needed.
  const locator = keepContent(statements, { ...commit, keptUntil: now });
  if (locator === null) return { kind: "contentGone" };
  putObject(statements, { bucketId, object, digest, size, contentType, now }, current);
  // Its parts go with the row.
  statements.endUpload.run({ rowId });
  if (parts !== null) {
    statements.complete.run({
      id: upload.id,
      bucket,
      object,
      parts,
      digest,
      size,
      contentType,
      now,
    });
  }
  return { kind: "finished", locator };
}

function linkObject(statements: ObjectStatements, link: ObjectLink): ObjectLinkOutcome {
  const { bucket, object, contentType, from, now } = link;
  const { digest } = from;
  const found = statements.bucketId.get({ bucket });
  if (found === undefined) return { kind: "bucketUnknown" };
  const { id: bucketId } = found;
  const current = statements.current.get({ bucketId, object });
  if (!link.allows(current ?? null)) return { kind: "refused" };
  const held = findHeld(statements, from);
  if (held === undefined) return { kind: "contentGone" };
  const { size } = held;
  putObject(statements, { bucketId, object, digest, size, contentType, now }, current);
  return {
    kind: "linked",
    record: { bucket, object, size, digest, contentType, createdAt: now },
  };
}

/** @returns the content, in bytes; undefined when its holder has it no longer. */
function findHeld(
  statements: ObjectStatements,
  from: ObjectLinkSource,
): { readonly size: number } | undefined {
  const { digest, locator } = from;
  if ("repository" in from)
    return statements.held.get({ source: from.repository, digest, locator });
  const found = statements.object.get({ ...from.copyOf });
  const isSame = found?.digest === digest && found.locator === locator;
  return isSame && found.damagedAt === null ? found : undefined;
}

function removeObject(
  statements: ObjectStatements,
  { bucket, object, allows, now }: Parameters<ObjectsMetadata["removeObject"]>[0],
): Awaited<ReturnType<ObjectsMetadata["removeObject"]>> {
  const found = statements.bucketId.get({ bucket });
  if (found === undefined) return { kind: "bucketUnknown" };
  const { id: bucketId } = found;
  const current = statements.current.get({ bucketId, object });
  if (current === undefined) return { kind: "objectUnknown" };
  if (!allows(current)) return { kind: "refused" };
  statements.removeObject.run({ bucketId, object });
  statements.count.run({ bucketId, objects: -1, bytes: -current.size });
  statements.release.run({ digest: current.digest, now });
  return { kind: "removed" };
}

/** Object, bucket's counts, and the time at which what the name was before was let go. */
function putObject(
  statements: ObjectStatements,
  put: NewObject,
  current: Current | undefined,
): void {
  const { bucketId, digest, size, now } = put;
  statements.putObject.run({ ...put });
  const objects = current === undefined ? 1 : 0;
  const bytes = size - (current?.size ?? 0);
  if (objects !== 0 || bytes !== 0) statements.count.run({ bucketId, objects, bytes });
  statements.name.run({ digest });
  if (current !== undefined && current.digest !== digest) {
    statements.release.run({ digest: current.digest, now });
  }
}

function mountObject(
  statements: ObjectStatements,
  { repository, digest, bucket, locator, now, keptUntil }: ObjectMount,
): boolean {
  if (statements.content.get({ bucket, digest })?.locator !== locator) return false;
  statements.raiseLease.run({ digest, keptUntil });
  statements.insertRepository.run({ repository, now });
  statements.link.run({ repository, digest, now });
  return true;
}
