// Commands on open upload sessions, with a running server or without one: list them, end them.

import type {
  ListedUpload,
  UploadSession,
  UploadSweepMetadata,
  UploadsMetadata,
} from "../metadata/metadata.ts";
import { readUploadId, type UploadId } from "../model/uploadId.ts";
import type { Staging } from "../storage/staging.ts";

/** The dependencies of these functions. */
export interface OperateDeps {
  readonly metadata: Pick<
    UploadsMetadata & UploadSweepMetadata,
    "listUploads" | "removeUpload" | "expireUploads"
  >;
  readonly storage: { readonly staging: Pick<Staging, "discard"> };
  /** Unix ms. */
  readonly clock: () => number;
}

/** An open session as an operator sees it. */
export interface UploadOverview {
  readonly id: UploadId;
  readonly repository: string;
  /** Unix ms. */
  readonly startedAt: number;
  /** Since its start; ms, never negative. */
  readonly ageMs: number;
  /** Since its last byte, or since its start; ms, never negative. */
  readonly idleMs: number;
  /** Bytes that were acknowledged: a request that is running adds its own when it ends. */
  readonly bytes: number;
  /** True while a request writes to it. */
  readonly writing: boolean;
  /** Who began it, as `user:ann`; null: nobody had to log in. */
  readonly startedBy: string | null;
}

/** What sessions add up to. */
export interface UploadSums {
  /** Sessions that no request writes to, and their bytes. */
  readonly open: number;
  readonly bytes: number;
  /** Sessions that a request writes to. */
  readonly writing: number;
}

/** Some sessions that have ended. */
export interface DroppedPage {
  readonly sessions: readonly UploadSession[];
  /** Why bytes of one could not be deleted: the server's cleanup tries again. null when all were. */
  readonly failure: Error | null;
}

/** Rows read or removed at a time: a running server waits for a few milliseconds at most. */
const batch = 200;
/** Of a folder and its files nearly all the time is spent in waiting for another thread. */
const discardsAtOnce = 8;

/** Every open session, page by page in the order of their ids, which is that of their starts. */
export async function* openUploads({
  metadata,
  clock,
}: Pick<OperateDeps, "metadata" | "clock">): AsyncGenerator<readonly UploadOverview[]> {
  let after: UploadId | null = null;
  for (;;) {
    const page: readonly ListedUpload[] = await metadata.listUploads({ after, limit: batch });
    const now = clock();
    if (page.length > 0) yield page.map((session) => overview(session, now));
    after = page.at(-1)?.id ?? null;
    if (page.length < batch) return;
  }
}

/** A page of open sessions, in the order of their ids. @returns as well whether others follow. */
export async function listUploadsPage(
  {
    metadata,
    clock,
  }: Pick<OperateDeps, "clock"> & {
    readonly metadata: Pick<UploadSweepMetadata, "listUploads">;
  },
  { after, limit }: { readonly after: UploadId | null; readonly limit: number },
): Promise<{ readonly uploads: readonly UploadOverview[]; readonly more: boolean }> {
  const found = await metadata.listUploads({ after, limit: limit + 1 });
  const now = clock();
  const uploads = found.slice(0, limit).map((session) => overview(session, now));
  return { uploads, more: found.length > limit };
}

/** Adds up the sessions that received nothing for `idleMs` (null: every session). */
export async function sumUploads(deps: OperateDeps, idleMs: number | null): Promise<UploadSums> {
  let [open, bytes, writing] = [0, 0, 0];
  for await (const page of openUploads(deps)) {
    for (const upload of page) {
      if (idleMs !== null && upload.idleMs <= idleMs) continue;
      if (upload.writing) writing += 1;
      else [open, bytes] = [open + 1, bytes + upload.bytes];
    }
  }
  return { open, bytes, writing };
}

/**
 * Ends one session, also while a request writes to it: that request is then answered with 404.
 * @param text its id as it was typed. @returns null when there is no such session.
 */
export async function dropUpload(deps: OperateDeps, text: string): Promise<UploadSession | null> {
  const id = readUploadId(text);
  const session = id === null ? null : await deps.metadata.removeUpload(id, null);
  if (session !== null) await deps.storage.staging.discard(session.id, session.staging);
  return session;
}

/** Ends every session that received nothing for `idleMs` (null: every session) and that no request writes to, page by page. */
export async function* dropUploads(
  deps: OperateDeps,
  idleMs: number | null,
): AsyncGenerator<DroppedPage> {
  // A last byte that lies in the future is no reason to keep a session when all are meant.
  const idleSince = idleMs === null ? Number.MAX_SAFE_INTEGER : deps.clock() - idleMs;
  for (let full = true; full; ) {
    const sessions = await deps.metadata.expireUploads({ idleSince, limit: batch });
    // Row first, then the bytes: what is interrupted here is found by the server's cleanup.
    yield { sessions, failure: await discardAll(deps, sessions) };
    full = sessions.length === batch;
  }
}

/** @returns why some bytes could not be deleted; null when all were. */
async function discardAll(
  { storage }: Pick<OperateDeps, "storage">,
  sessions: readonly UploadSession[],
): Promise<Error | null> {
  const waiting = sessions.values();
  const failures: Error[] = [];
  const discardSome = async (): Promise<void> => {
    for (const { id, staging } of waiting) {
      await storage.staging.discard(id, staging).catch((error: unknown) => {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      });
    }
  };
  await Promise.all(Array.from({ length: discardsAtOnce }, discardSome));
  return failures[0] ?? null;
}

function overview(session: ListedUpload, now: number): UploadOverview {
  const { id, repository, startedAt, updatedAt, offset, writing, startedBy } = session;
  const ageMs = Math.max(0, now - startedAt);
  return {
    id,
    repository,
    startedAt,
    ageMs,
    idleMs: Math.min(ageMs, Math.max(0, now - updatedAt)),
    bytes: offset,
    writing,
    startedBy,
  };
}
