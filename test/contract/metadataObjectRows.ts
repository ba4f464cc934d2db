// Rows of the object store for the metadata contract: short makers with plain defaults.

import type { Metadata } from "../../src/metadata/metadata.ts";
import type {
  MultipartKey,
  MultipartStart,
  MultipartUpload,
} from "../../src/metadata/multipart.ts";
import type { ObjectCommit, ObjectCommitOutcome } from "../../src/metadata/objects.ts";
import { type PartEtag, readPartEtag } from "../../src/model/fingerprint.ts";
import {
  type BucketName,
  type ObjectName,
  parseBucketName,
  parseObjectName,
} from "../../src/model/objectNames.ts";
import type { StagedPart } from "../../src/model/staged.ts";
import { digest, locator, minute, now, uploadId } from "./metadataRows.ts";

export const backups = parseBucketName("backups");
export const builds = parseBucketName("builds");

export function bucket(name: string): BucketName {
  return parseBucketName(name);
}

export function object(name: string): ObjectName {
  return parseObjectName(name);
}

/** An upload in parts that is about to start. It lives for an hour. */
export function start(changes: Partial<MultipartStart> = {}): MultipartStart {
  return {
    id: uploadId(),
    bucket: backups,
    object: object("path/to/file.bin"),
    contentType: "application/x-tar",
    createdAt: now,
    expiresAt: now + 60 * minute,
    ...changes,
  };
}

/** What `start` is once it has started. */
export function started(upload: MultipartStart): MultipartUpload {
  return { ...upload, state: "initiated", updatedAt: upload.createdAt, claimOwner: null };
}

/** The etag of `size` bytes; `content` tells contents of one size apart. */
export function partEtag(size: number, content = 0): PartEtag {
  const etag = readPartEtag(`${content.toString(16).padStart(16, "0")}-${size}`);
  if (etag === null) throw new Error("no etag");
  return etag;
}

/** A part of 100 bytes. */
export function part(number: number, changes: Partial<StagedPart> = {}): StagedPart {
  return {
    number,
    size: 100,
    etag: partEtag(100, number),
    place: {
      name: `tmp/multipart/x/part-${String(number).padStart(5, "0")}`,
      version: Bun.randomUUIDv7(),
    },
    createdAt: now + number,
    ...changes,
  };
}

/** Records a part that nothing objects to. */
export function record({ multipart }: Metadata, key: MultipartKey, staged: StagedPart) {
  const expiresAt = staged.createdAt + 60 * minute;
  return multipart.recordPart(key, { part: staged, expiresAt, accepts: () => {} });
}

/** Opens a database with the bucket `backups`. */
export async function withBucket(open: () => Promise<Metadata>): Promise<Metadata> {
  const metadata = await open();
  await metadata.objects.createBucket(backups, now);
  return metadata;
}

/** Opens a database with an upload in parts into `backups`. */
export async function withUpload(open: () => Promise<Metadata>) {
  const metadata = await withBucket(open);
  const upload = start();
  await metadata.multipartLife.startMultipart(upload, null);
  const { multipart, multipartLife } = metadata;
  return { metadata, multipart, multipartLife, upload };
}

/** What a test says of an object that it puts; `text` names its content. */
export type PutChanges = Partial<Omit<ObjectCommit, "object">>;

/** An object to be stored by an upload that is there. Its size is 100 bytes, its content is called `text`. */
export function commit(
  name: string,
  text: string,
  changes: PutChanges & Pick<ObjectCommit, "upload">,
): ObjectCommit {
  return {
    bucket: backups,
    object: object(name),
    digest: digest(text),
    size: 100,
    contentType: "text/plain",
    allows: () => true,
    locator: locator(`stored-${text}`),
    replaces: null,
    found: false,
    now,
    parts: null,
    ...changes,
  };
}

/** Puts an object that comes whole. */
export async function put(
  { objects, multipartLife }: Metadata,
  name: string,
  text: string,
  changes: PutChanges = {},
): Promise<ObjectCommitOutcome> {
  const upload = { id: uploadId(), owner: "receiver" };
  const made = commit(name, text, { upload, ...changes });
  await multipartLife.startMultipart(
    start({ id: upload.id, bucket: made.bucket, object: made.object }),
    upload.owner,
  );
  return objects.commitObject(made);
}

/** @returns the row of an object in `backups`; null when there is none. */
export async function findRow(metadata: Pick<Metadata, "objects">, name: string) {
  const found = await metadata.objects.findObject(backups, object(name));
  return found.kind === "found" ? found.object : null;
}
