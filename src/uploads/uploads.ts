// Upload sessions: start, append, status, finish, cancel. An offset that was answered is on disk.
import { type CommitDeps, commitStaged } from "../content/commit.ts";
import type { Digest } from "../content/digest.ts";
import type { Hashing } from "../content/hashing/hashing.ts";
import { RegistryError } from "../errors.ts";
import type { UploadsMetadata } from "../metadata/metadata.ts";
import type { RepositoryName } from "../registry/names.ts";
import type { Staged, Storage } from "../storage/storage.ts";
import {
  acceptChunk,
  type Chunk,
  declaredLength,
  makeUploadId,
  type UploadId,
  type UploadSession,
} from "./session.ts";

/** What the functions of this room work with. */
export interface UploadsDeps {
  readonly metadata: UploadsMetadata;
  readonly storage: Storage;
  readonly hashing: Hashing;
  /** Unix ms. */
  readonly clock: () => number;
  /** Lower-case UUIDv7. */
  readonly newId: () => string;
  /** How long finished content is kept before a manifest must name it. Unit: ms. */
  readonly leaseMs: number;
}

/** A chunk for a session. */
export interface ChunkRequest {
  readonly repository: RepositoryName;
  readonly id: UploadId;
  readonly chunk: Chunk;
}

/** How long a claim outlives its last renewal: only a writer that died without a word ever loses one. Unit: ms. */
const claimMs = 30_000;
const renewEveryMs = 10_000;

/** Opens a session. Source: OCI distribution-spec, "Pushing blobs", POST. */
export async function startUpload(
  deps: UploadsDeps,
  repository: RepositoryName,
): Promise<UploadSession> {
  const { metadata, storage, clock, newId } = deps;
  const id = makeUploadId(newId());
  const startedAt = clock();
  const staging = await storage.createStaging(id, startedAt);
  const session = { id, repository, offset: 0, staging, startedAt, updatedAt: startedAt };
  await metadata.startUpload(session);
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
    acceptChunk(session.offset, chunk);
    const { staged, cut } = await receive(deps, session, chunk, true);
    await advance(deps, hold, staged);
    if (cut !== null) throw cut;
    await deps.hashing.settled(id);
    return { offset: staged.offset };
  });
}

/**
 * Ends a session: appends what the closing PUT carries, verifies the whole, publishes it and links it to the repository.
 * @throws as `appendChunk`, and RegistryError DIGEST_INVALID; then the session is gone and nothing is published.
 */
export async function finishUpload(
  deps: UploadsDeps,
  { repository, id, chunk, digest }: ChunkRequest & { readonly digest: Digest },
): Promise<{ readonly digest: Digest; readonly size: number }> {
  return withClaim(deps, { repository, id }, async (session, hold) => {
    acceptChunk(session.offset, chunk);
    const { staged, cut } = await receive(deps, session, chunk, false);
    if (cut !== null) {
      await advance(deps, hold, staged);
      throw cut;
    }
    await commit(deps, staged, digest, { session: { id, owner: hold.owner }, repository });
    hold.released = true;
    return { digest, size: staged.offset };
  });
}

/**
 * A whole blob in one request: it needs no session.
 * @throws RegistryError DIGEST_INVALID, DISK_FULL, READ_ONLY; the error the body broke with. Nothing is left behind.
 */
export async function uploadInOneRequest(
  deps: UploadsDeps,
  { repository, digest, chunk }: Omit<ChunkRequest, "id"> & { readonly digest: Digest },
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const id = makeUploadId(deps.newId());
  const staging = await deps.storage.createStaging(id, deps.clock());
  try {
    acceptChunk(0, chunk);
    const { staged, cut } = await receive(deps, { id, staging, offset: 0 }, chunk, false);
    if (cut !== null) throw cut;
    await commit(deps, staged, digest, { session: null, repository });
    return { digest, size: staged.offset };
  } catch (error) {
    deps.hashing.forget(id);
    await deps.storage.discardStaged(id, staging);
    throw error;
  }
}

/** Ends a session and drops its bytes: the row first, so that nothing half deleted can be found. @throws RegistryError UPLOAD_UNKNOWN. */
export async function cancelUpload(
  deps: UploadsDeps,
  repository: RepositoryName,
  id: UploadId,
): Promise<void> {
  const session = await deps.metadata.removeUpload(id, repository);
  if (session === null) throw new RegistryError("UPLOAD_UNKNOWN");
  deps.hashing.forget(id);
  await deps.storage.discardStaged(id, session.staging);
}

/** A claim while it is used. */
interface Hold {
  readonly owner: string;
  /** True once a transaction has given the claim up together with its own work. */
  released: boolean;
}

/** Runs `use` as the session's one writer; the claim is given up whatever happens. */
async function withClaim<T>(
  { metadata, clock, newId }: UploadsDeps,
  { repository, id }: { repository: RepositoryName; id: UploadId },
  use: (session: UploadSession, hold: Hold) => Promise<T>,
): Promise<T> {
  const owner = newId();
  const hold = { owner, released: false };
  const now = clock();
  const outcome = await metadata.claimUpload(id, repository, { owner, until: now + claimMs }, now);
  if (outcome.kind === "unknown") throw new RegistryError("UPLOAD_UNKNOWN");
  if (outcome.kind === "busy") throw new RegistryError("UPLOAD_BUSY", { retryAfter: 1 });
  const renewal = setInterval(() => {
    // A lost claim shows when the writer wants to advance; a failed renewal is no reason to stop before.
    metadata.renewClaim(id, { owner, until: clock() + claimMs }).catch(() => {});
  }, renewEveryMs);
  try {
    return await use(outcome.session, hold);
  } finally {
    clearInterval(renewal);
    if (!hold.released) await metadata.releaseUpload(id, owner);
  }
}

/** Makes the new offset known, durably, and gives up the claim. @throws RegistryError UPLOAD_UNKNOWN when the session is gone. */
async function advance({ metadata, clock }: UploadsDeps, hold: Hold, staged: Staged) {
  const { id, offset, staging } = staged;
  hold.released = await metadata.advanceUpload(id, hold.owner, { offset, staging, now: clock() });
  if (!hold.released) throw new RegistryError("UPLOAD_UNKNOWN");
}

/**
 * Stages the chunk's body. @returns what is staged now, and why the body broke if it did.
 * @throws RegistryError CHUNK_SIZE_MISMATCH after a clean end with more or fewer bytes than announced: nothing counts then.
 */
async function receive(
  { storage, hashing }: UploadsDeps,
  session: Staged,
  chunk: Chunk,
  resumable: boolean,
): Promise<{ readonly staged: Staged; readonly cut: Error | null }> {
  const { id, staging, offset } = session;
  const expected = declaredLength(chunk);
  if (chunk.body === null) return { staged: { id, staging, offset }, cut: null };
  try {
    const appended = await storage.append(
      { id, staging, offset },
      chunk.body,
      hashing.follow(id, staging, offset),
      { expected, resumable },
    );
    if (appended.cut === null) assertComplete(expected, appended.offset - offset);
    return { staged: appended, cut: appended.cut };
  } catch (error) {
    // The staged file was cut back: whatever was hashed beyond the old offset no longer stands there.
    hashing.forget(id);
    throw error;
  }
}

function assertComplete(expected: number | null, received: number): void {
  if (expected === null || expected === received) return;
  throw new RegistryError("CHUNK_SIZE_MISMATCH", {
    message: `${expected} bytes were announced, ${received} arrived`,
  });
}

async function commit(
  deps: UploadsDeps & CommitDeps,
  staged: Staged,
  digest: Digest,
  link: { session: { id: UploadId; owner: string } | null; repository: RepositoryName },
): Promise<void> {
  const now = deps.clock();
  try {
    await commitStaged(deps, staged, digest, { ...link, now, keptUntil: now + deps.leaseMs });
    deps.hashing.forget(staged.id);
  } catch (error) {
    if (error instanceof RegistryError && error.situation === "DIGEST_INVALID") {
      await deps.metadata.removeUpload(staged.id, link.repository);
      deps.hashing.forget(staged.id);
      await deps.storage.discardStaged(staged.id, staged.staging);
    }
    throw error;
  }
}
