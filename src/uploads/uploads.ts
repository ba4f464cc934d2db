// Upload sessions: start, append, status, finish, cancel. An offset that was answered is on disk.
import type { HeldClaim, OverdueReleases } from "../content/claim.ts";
import { leaseAt } from "../content/lease.ts";
import { RegistryError } from "../errors.ts";
import type { ContentsMetadata } from "../metadata/contents.ts";
import type { UploadSession, UploadsMetadata } from "../metadata/metadata.ts";
import { type Algorithm, algorithmOf, type Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import { makeUploadId, type UploadId } from "../model/uploadId.ts";
import type { Appended, AppendOptions } from "../storage/staging.ts";
import type { Storage } from "../storage/storage.ts";
import { holding, withClaim } from "./claim.ts";
import { commit, drop } from "./ending.ts";
import { acceptChunk, type Chunk, declaredLength, emptyBody } from "./session.ts";

/** The dependencies of this room's functions. */
export interface UploadsDeps {
  readonly metadata: UploadsMetadata;
  readonly contents: Pick<ContentsMetadata, "findContent" | "raiseLease">;
  readonly storage: Storage;
  readonly overdue: OverdueReleases;
  /** Lower-case UUIDv7. */
  readonly newId: () => string;
  /** Unix ms. */
  readonly clock: () => number;
  /** The clock for ages, Unix ms; null while it is in doubt: then nothing expires. */
  readonly ageNow: () => number | null;
  /** The lease of pushed content (`gc.minAge`), in ms. */
  readonly leaseMs: number;
}

/** An upload that ended well; size in bytes. */
export interface FinishedUpload {
  readonly digest: Digest;
  readonly size: number;
}

/** A chunk for a session. */
export interface ChunkRequest {
  readonly repository: RepositoryName;
  readonly id: UploadId;
  readonly chunk: Chunk;
}

/** A blob that comes in one request. */
interface WholeBlob extends Omit<ChunkRequest, "id"> {
  readonly digest: Digest;
  /** As `user:ann`; null for nobody. */
  readonly startedBy?: string | null;
}

/** How long a closing request may be repeated after its answer was lost; ms. */
const repeatableMs = 15 * 60_000;

/**
 * Opens a session. Source: OCI distribution-spec, "Pushing blobs", POST.
 * @param algorithm hashes the bytes as they come; who closes with another one waits until they are read again.
 * @param startedBy as `user:ann`; null for nobody.
 */
export function startUpload(
  deps: UploadsDeps,
  repository: RepositoryName,
  algorithm: Algorithm = "sha256",
  startedBy: string | null = null,
): Promise<UploadSession> {
  return openSession(deps, { repository, algorithm }, { owner: null, startedBy });
}

async function openSession(
  { metadata, storage, clock, newId }: UploadsDeps,
  of: Pick<UploadSession, "repository" | "algorithm">,
  { owner, startedBy }: { readonly owner: string | null; readonly startedBy: string | null },
): Promise<UploadSession> {
  const id = makeUploadId(newId());
  const startedAt = clock();
  const staging = await storage.staging.begin(id, startedAt);
  const session = { id, ...of, offset: 0, staging, startedAt, updatedAt: startedAt };
  await metadata.startUpload(session, owner, startedBy);
  return session;
}

/** @throws RegistryError UPLOAD_UNKNOWN, also for a session of another repository. */
export async function uploadStatus(
  { metadata }: UploadsDeps,
  repository: RepositoryName,
  id: UploadId,
): Promise<UploadSession> {
  const session = await metadata.findUpload(id, repository);
  if (session === null) throw new RegistryError("UPLOAD_UNKNOWN");
  return session;
}

/**
 * Appends a chunk of any length. A body that breaks keeps what arrived: status reports it, the client resumes there.
 * @returns the new offset, which is durable.
 * @throws RegistryError UPLOAD_UNKNOWN, UPLOAD_BUSY, CHUNK_OUT_OF_ORDER, CHUNK_SIZE_MISMATCH, DISK_FULL, READ_ONLY; the error
 * the body broke with.
 */
export async function appendChunk(
  deps: UploadsDeps,
  { repository, id, chunk }: ChunkRequest,
): Promise<{ readonly offset: number }> {
  return withClaim(deps, { repository, id }, async (session, hold) => {
    await accept(deps, session, chunk);
    const staged = await receive(deps, session, chunk, { hold, resumable: true });
    await advance(deps, hold, staged);
    if (staged.cut !== null) throw staged.cut;
    return { offset: staged.offset };
  });
}

/**
 * Ends a session: appends what the closing PUT carries, verifies the whole, publishes it and links it to the repository. The same
 * request, repeated within 15 minutes because its answer was lost, is answered again.
 * @throws as `appendChunk`, and RegistryError DIGEST_INVALID; then the session is deleted and nothing is published.
 */
export async function finishUpload(
  deps: UploadsDeps,
  request: ChunkRequest & { readonly digest: Digest },
): Promise<FinishedUpload> {
  try {
    return await withClaim(deps, request, (session, hold) => finish(deps, request, session, hold));
  } catch (error) {
    const finished = isUnknown(error) ? await finishAgain(deps, request) : null;
    if (finished === null) throw error;
    return finished;
  }
}

/** The client of a repeated request lost the first answer: the lease begins anew. @returns null when there is nothing to repeat. */
async function finishAgain(
  { metadata, contents, clock, ageNow, leaseMs }: UploadsDeps,
  { repository, id, digest }: ChunkRequest & { readonly digest: Digest },
): Promise<FinishedUpload | null> {
  const now = ageNow();
  const since = now === null ? 0 : now - repeatableMs;
  const find = () => metadata.findFinished(id, repository, since);
  if ((await find())?.digest !== digest) return null;
  await contents.raiseLease(digest, leaseAt(clock(), leaseMs).until);
  // A collection may have taken the row before the lease was written.
  return find();
}

async function finish(
  deps: UploadsDeps,
  { repository, id, chunk, digest }: ChunkRequest & { readonly digest: Digest },
  session: UploadSession,
  hold: HeldClaim,
): Promise<FinishedUpload> {
  await accept(deps, session, chunk);
  const staged = await receive(deps, session, chunk, { hold, resumable: false });
  if (staged.cut !== null) {
    await advance(deps, hold, staged);
    throw staged.cut;
  }
  await commit(deps, staged, digest, { session: { id, owner: hold.owner }, repository });
  hold.released = true;
  return { digest, size: staged.offset };
}

/**
 * A whole blob in one request. It has a session like any other, so that nothing mistakes its bytes for leftovers.
 * @throws RegistryError DIGEST_INVALID, DISK_FULL, READ_ONLY; the error the body broke with. Nothing is left behind.
 */
export async function uploadInOneRequest(
  deps: UploadsDeps,
  { repository, digest, chunk, startedBy = null }: WholeBlob,
): Promise<FinishedUpload> {
  const owner = deps.newId();
  const of = { repository, algorithm: algorithmOf(digest) };
  const session = await openSession(deps, of, { owner, startedBy });
  const { id } = session;
  // Newer than the row's once bytes are staged.
  let { staging } = session;
  try {
    return await holding(deps, id, owner, async (hold) => {
      acceptChunk(0, chunk);
      const staged = await receive(deps, session, chunk, {
        ...{ hold, resumable: false, isWhole: true },
      });
      staging = staged.staging;
      if (staged.cut !== null) throw staged.cut;
      await commit(deps, staged, digest, { session: { id, owner }, repository });
      hold.released = true;
      return { digest, size: staged.offset };
    });
  } catch (error) {
    // Later if it cannot be now: why it came to this is what counts.
    await deps.overdue.settle(() => drop(deps, { id, repository, staging }));
    throw error;
  }
}

/** Cancels a session and removes its bytes. @throws RegistryError UPLOAD_UNKNOWN. */
export async function cancelUpload(
  deps: UploadsDeps,
  repository: RepositoryName,
  id: UploadId,
): Promise<void> {
  if (!(await drop(deps, { id, repository }))) throw new RegistryError("UPLOAD_UNKNOWN");
}

/** Ends a session whose staged bytes are no longer what was received. */
export async function dropDamaged(
  deps: Pick<UploadsDeps, "metadata" | "storage">,
  id: UploadId,
): Promise<void> {
  await drop(deps, { id, repository: null });
}

/**
 * Makes the new offset known, durably, with the digest of everything before it, and gives up the claim.
 * @throws RegistryError UPLOAD_UNKNOWN when the session was deleted.
 */
async function advance({ metadata, clock }: UploadsDeps, hold: HeldClaim, staged: Appended) {
  const { id, offset, staging, digest } = staged;
  const to = { offset, staging, prefix: digest, now: clock() };
  hold.released = await metadata.advanceUpload(id, hold.owner, to);
  if (!hold.released) throw new RegistryError("UPLOAD_UNKNOWN");
}

/** The offset rule. What a refusal says of the offset is a promise too, so it waits until the offset is durable. */
async function accept({ metadata }: UploadsDeps, session: UploadSession, chunk: Chunk) {
  try {
    acceptChunk(session.offset, chunk);
  } catch (error) {
    await metadata.findUpload(session.id, session.repository);
    throw error;
  }
}

/** How a body is received. */
interface Receiving extends Pick<AppendOptions, "resumable" | "isWhole"> {
  readonly hold: HeldClaim;
}

/**
 * Stages the chunk's body. @returns the staged state, and why the body broke if it did.
 * @throws RegistryError CHUNK_SIZE_MISMATCH after a clean end with more or fewer bytes than announced: nothing counts then.
 */
async function receive(
  { metadata, storage }: UploadsDeps,
  { id, staging, offset, algorithm }: UploadSession,
  chunk: Chunk,
  { hold, resumable, isWhole = false }: Receiving,
): Promise<Appended> {
  const boundaries = () => metadata.listBoundaries(id);
  const session = { id, staging, offset, algorithm, boundaries };
  if (chunk.body === null && !resumable) return { ...session, digest: null, cut: null };
  const expected = chunk.body === null ? null : declaredLength(chunk);
  return storage.staging.append(session, chunk.body ?? emptyBody, {
    ...{ expected, resumable, isWhole, inChunks: chunk.start !== null },
    signal: hold.signal,
  });
}

function isUnknown(error: unknown): boolean {
  return error instanceof RegistryError && error.situation === "UPLOAD_UNKNOWN";
}
