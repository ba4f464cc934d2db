// Uploads in parts of all buckets, as operators see them.
import type { OpenMultipart } from "../metadata/multipart.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { ObjectsDeps } from "./deps.ts";
import { assertMayBecome } from "./state.ts";

/** An open upload with the bytes of its parts. */
export interface PartsOverview
  extends Pick<OpenMultipart, "id" | "bucket" | "object" | "parts" | "bytes" | "startedBy"> {
  /** Unix ms. */
  readonly startedAt: number;
  /** Unix ms: it ends then if no part comes. */
  readonly expiresAt: number;
  /** Since its last part, or since its start; ms, never negative. */
  readonly idleMs: number;
  /** True while a request completes it. */
  readonly completing: boolean;
}

/** A page of open uploads, in the order of their ids. @returns as well whether others follow. */
export async function listOpenParts(
  { multipartLife, clock }: Pick<ObjectsDeps, "multipartLife" | "clock">,
  { after, limit }: { readonly after: UploadId | null; readonly limit: number },
): Promise<{ readonly uploads: readonly PartsOverview[]; readonly more: boolean }> {
  const found = await multipartLife.listOpen({ after, limit: limit + 1 });
  const now = clock();
  const uploads = found.slice(0, limit).map((upload) => overview(upload, now));
  return { uploads, more: found.length > limit };
}

/** Uploads that are looked through at a time. */
const batch = 200;

/** All of them, page by page in the order of their ids. */
export async function* openParts(
  deps: Pick<ObjectsDeps, "multipartLife" | "clock">,
): AsyncGenerator<readonly PartsOverview[]> {
  for (let after: UploadId | null = null; ; ) {
    const page = await listOpenParts(deps, { after, limit: batch });
    if (page.uploads.length > 0) yield page.uploads;
    after = page.uploads.at(-1)?.id ?? null;
    if (!page.more) return;
  }
}

/**
 * Ends one upload and drops its parts, beside a server that runs: a part that is arriving is refused at its end.
 * @param text its id as it was typed. @returns null when there is no such upload. @throws RegistryError MULTIPART_COMPLETING.
 */
export async function dropParts(
  deps: Pick<ObjectsDeps, "multipartLife" | "clock" | "storage">,
  text: string,
): Promise<PartsOverview | null> {
  const found = await findOpenParts(deps, text.toLowerCase());
  if (found === null) return null;
  const { multipartLife, storage } = deps;
  const removed = await multipartLife.removeMultipart(found, (upload) =>
    assertMayBecome(upload, "aborted", null),
  );
  if (removed === null) return null;
  await storage.parts.discard(found.id);
  return found;
}

async function findOpenParts(
  deps: Pick<ObjectsDeps, "multipartLife" | "clock">,
  wanted: string,
): Promise<PartsOverview | null> {
  for await (const page of openParts(deps)) {
    const found = page.find(({ id }) => id === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

function overview({ createdAt, updatedAt, claimOwner, ...upload }: OpenMultipart, now: number) {
  const { id, bucket, object, parts, bytes, startedBy, expiresAt } = upload;
  return {
    ...{ id, bucket, object, parts, bytes, startedBy, expiresAt, startedAt: createdAt },
    idleMs: Math.max(0, now - Math.max(createdAt, updatedAt)),
    completing: claimOwner !== null,
  };
}
