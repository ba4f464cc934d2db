// An object in parts: what the server holds already, what is sent, and the end. Of the file nothing is known here but its pieces.
import { type BucketAddress, objectPath, showAddress, uploadsPath } from "./address.ts";
import {
  type Limits,
  type ObjectInfo,
  readObjectInfo,
  readPartInfo,
  readStarted,
  type UploadInfo,
} from "./answers.ts";
import type { Client } from "./client.ts";
import { listParts, listUploads } from "./lists.ts";
import { bodyOf, type Piece } from "./pieces.ts";
import { CommandError, RefusedError } from "./problems.ts";
import { type Patience, persist } from "./retry.ts";

/** An open upload. */
export interface Upload {
  readonly id: string;
  /** Etags of the parts that the server holds, by number. */
  readonly stored: Map<number, string>;
}

/** The dependencies of an upload. */
export interface PutDeps {
  readonly client: Client;
  readonly patience: Patience;
  readonly target: BucketAddress;
  readonly contentType: string;
  /** Receives the bytes that were sent, and, negative, those that must be sent again. */
  readonly onBytes: (count: number) => void;
}

/** How often a part is sent that arrives as something else. */
export const rounds = 3;

/** The advice after that. */
export const changedOnTheWay = (): CommandError =>
  new CommandError(
    "The server received other bytes than were sent: something on the way changes them.",
  );

/** Assembling what is left to assemble may take the server this long without a word, ms. */
const completeQuietMs = 900_000;

/** The newest open upload of exactly this object and content type. @throws as `persist`. */
export function findOpen(deps: PutDeps): Promise<UploadInfo | null> {
  const { client, target, contentType, patience } = deps;
  return persist(patience, async () => {
    let newest: UploadInfo | null = null;
    const pages = listUploads(client, target.bucket, { prefix: target.object });
    for await (const uploads of pages) {
      for (const upload of uploads) {
        const isOurs = upload.object === target.object && upload.content_type === contentType;
        const isNewer = newest === null || upload.created_at >= newest.created_at;
        if (isOurs && isNewer) newest = upload;
      }
    }
    return newest;
  });
}

/** The parts of an open upload; none when it was deleted meanwhile. */
export function partsOf({ client, target, patience }: PutDeps, { upload_id }: UploadInfo) {
  return persist(patience, () =>
    listParts(client, target.bucket, upload_id).catch((error: unknown) => {
      if (error instanceof RefusedError && error.status === 404) return [];
      throw error;
    }),
  );
}

/** Starts an upload. */
export async function initiate(
  deps: PutDeps,
): Promise<{ readonly upload: Upload; readonly limits: Limits }> {
  const { client, target, contentType, patience } = deps;
  const { id, limits } = await persist(patience, async () =>
    readStarted(
      await client.json(uploadsPath(target.bucket), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ object: target.object, content_type: contentType }),
        stop: patience.stop,
      }),
    ),
  );
  return { upload: { id, stored: new Map() }, limits };
}

/** Sends one part until the server holds it. */
export async function sendPart(
  deps: PutDeps,
  upload: Upload,
  { number, piece }: { readonly number: number; readonly piece: Piece },
): Promise<void> {
  const path = `${uploadsPath(deps.target.bucket, upload.id)}/parts/${number}`;
  const part = readPartInfo(await sendPiece(deps, piece, { path, headers: {} }));
  upload.stored.set(number, part.etag);
}

/**
 * Sends everything in one request until the server holds it, which stores nothing that has another digest.
 * @param digest `sha256:…` of the piece. @param conditions headers such as `if-match`.
 */
export async function sendWhole(
  deps: PutDeps,
  piece: Piece,
  digest: string,
  conditions: Readonly<Record<string, string>> = {},
): Promise<ObjectInfo> {
  const base64 = Buffer.from(digest.slice("sha256:".length), "hex").toString("base64");
  const headers = {
    ...{ "content-type": deps.contentType, "content-digest": `sha-256=:${base64}:` },
    ...conditions,
  };
  const stored = readObjectInfo(
    await sendPiece(deps, piece, { path: objectPath(deps.target), headers }),
  );
  assertStored(deps, stored, digest);
  return stored;
}

/** For a whole that the server does not take in one request (http.maxBody); of what a proxy takes nothing is known. @throws other errors. */
export function nullIfTooLarge(error: unknown): null {
  if (error instanceof RefusedError && error.status === 413 && error.code === "SIZE_INVALID") {
    return null;
  }
  throw error;
}

/** Repeats the request as needed. @returns the server's answer. */
function sendPiece(
  { client, patience, onBytes }: PutDeps,
  piece: Piece,
  { path, headers }: { readonly path: string; readonly headers: Readonly<Record<string, string>> },
): Promise<unknown> {
  return persist(patience, async () => {
    let handed = 0;
    const content = bodyOf(piece, (count) => {
      handed += count;
      onBytes(count);
    });
    try {
      return await client.json(path, {
        method: "PUT",
        headers: { ...headers, ...content.headers },
        body: content.body,
        stop: patience.stop,
      });
    } catch (error) {
      onBytes(-handed);
      throw error;
    }
  });
}

/** Completes the upload. @param digest the expected digest: the server compares before the object can be read. */
export async function complete(deps: PutDeps, upload: Upload, digest: string): Promise<ObjectInfo> {
  const { client, target, patience } = deps;
  const parts = [...upload.stored]
    .sort(([one], [other]) => one - other)
    .map(([part_number, etag]) => ({ part_number, etag }));
  const stored = await persist(patience, async () =>
    readObjectInfo(
      await client.json(`${uploadsPath(target.bucket, upload.id)}/complete`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ parts, digest }),
        stop: patience.stop,
        quietMs: completeQuietMs,
      }),
    ),
  );
  assertStored(deps, stored, digest);
  return stored;
}

/** Aborts an upload, without waiting for long: it expires anyway. */
export async function abandon({ client, target }: PutDeps, { id }: Upload): Promise<void> {
  const call = { method: "DELETE", quietMs: 5_000 } as const;
  await client.done(uploadsPath(target.bucket, id), call).catch(() => {});
}

/** The server has it, and it is what was read here. @throws CommandError */
function assertStored(deps: PutDeps, found: ObjectInfo, digest: string): void {
  if (found.digest === digest) return;
  throw new CommandError(
    `The server stored ${found.digest} as ${showAddress(deps.target)}, and what was read here is ${digest}: send it again.`,
  );
}
