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

/** The ended sessions, and the number of those spared because a request writes to them. */
export interface DroppedUploads {
  readonly dropped: readonly UploadSession[];
  readonly spared: number;
}

/** Rows read or removed at a time: a running server waits for a few milliseconds at most. */
const batch = 200;

/** Every open session, the oldest first. */
export async function listAllUploads(deps: OperateDeps): Promise<readonly UploadOverview[]> {
  const found: UploadOverview[] = [];
  let after: UploadId | null = null;
  for (;;) {
    const now = deps.clock();
    const page: readonly ListedUpload[] = await deps.metadata.listUploads({
      after,
      limit: batch,
    });
    for (const session of page) found.push(overview(session, now));
    after = page.at(-1)?.id ?? null;
    if (page.length < batch) return found.sort((a, b) => a.startedAt - b.startedAt);
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

/** The sessions that received nothing for `idleMs` (null: every session), also those that a request writes to. */
export async function listIdleUploads(
  deps: OperateDeps,
  idleMs: number | null,
): Promise<readonly UploadOverview[]> {
  const all = await listAllUploads(deps);
  return idleMs === null ? all : all.filter((upload) => upload.idleMs > idleMs);
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

/**
 * Ends every session that received nothing for `idleMs` (null: every session) and that no request writes to.
 * @throws why bytes could not be deleted, after all sessions have ended: the server's cleanup tries again.
 */
export async function dropUploads(
  deps: OperateDeps,
  idleMs: number | null,
): Promise<DroppedUploads> {
  const dropped: UploadSession[] = [];
  const failures: unknown[] = [];
  // A last byte that lies in the future is no reason to keep a session when all are meant.
  const idleSince = idleMs === null ? Number.MAX_SAFE_INTEGER : deps.clock() - idleMs;
  for (;;) {
    const expiry = { idleSince, limit: batch };
    const gone = await deps.metadata.expireUploads(expiry);
    // Row first, then the bytes: what is interrupted here is found by the server's cleanup.
    for (const { id, staging } of gone) {
      await deps.storage.staging
        .discard(id, staging)
        .catch((error: unknown) => failures.push(error));
    }
    dropped.push(...gone);
    if (gone.length === batch) continue;
    if (failures.length > 0) throw failures[0];
    const left = await listIdleUploads(deps, idleMs);
    return { dropped, spared: left.filter(({ writing }) => writing).length };
  }
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
