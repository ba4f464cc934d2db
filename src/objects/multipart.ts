// Uploads in parts, from the outside: initiate, show, list, abort. Storing parts and completing uploads have files of their own.
import { RegistryError } from "../errors.ts";
import type {
  ListedMultipart,
  MultipartKey,
  MultipartStart,
  MultipartUpload,
} from "../metadata/multipart.ts";
import type { MultipartState } from "../model/multipartState.ts";
import type { BucketName, ObjectName } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { ObjectsDeps } from "./deps.ts";
import { dropStaged } from "./dropping.ts";
import { advanceState, assertMayBecome } from "./state.ts";

/** How long a completion may be repeated after its answer was lost; ms. */
const repeatableMs = 15 * 60_000;

/** Completions after this moment can be repeated, Unix ms. @param now null while nothing expires. */
export const repeatableSince = (now: number | null): number =>
  now === null ? 0 : now - repeatableMs;

/** The object that an upload is initiated for. */
export interface MultipartRequest {
  readonly bucket: BucketName;
  readonly object: ObjectName;
  /** Of the object that it will be. */
  readonly contentType: string;
}

/** Uploads with ids after `after`, for objects whose names begin with `prefix`. */
export interface MultipartPage {
  readonly after: UploadId | null;
  readonly limit: number;
  readonly prefix: string;
}

/** @param startedBy as `user:ann`; null for nobody. @throws RegistryError BUCKET_UNKNOWN, DISK_FULL, READ_ONLY. */
export async function initiateMultipart(
  { clock, newUploadId, limits, multipartLife }: ObjectsDeps,
  request: MultipartRequest,
  startedBy: string | null = null,
): Promise<MultipartUpload> {
  const now = clock();
  const start: MultipartStart = {
    ...request,
    id: newUploadId(),
    createdAt: now,
    expiresAt: now + limits.ttlMs,
  };
  if (!(await multipartLife.startMultipart(start, null, startedBy))) {
    throw new RegistryError("BUCKET_UNKNOWN");
  }
  return { ...start, state: "initiated", updatedAt: now, claimOwner: null };
}

/** @throws RegistryError MULTIPART_UNKNOWN, also for an upload of another bucket. */
export async function multipartStatus(
  { multipart }: ObjectsDeps,
  key: MultipartKey,
): Promise<ListedMultipart> {
  const upload = await multipart.findMultipart(key);
  if (upload === null) throw new RegistryError("MULTIPART_UNKNOWN");
  return upload;
}

/** Open uploads in the order in which they were initiated. @throws RegistryError BUCKET_UNKNOWN. */
export async function listMultipart(
  { multipart }: ObjectsDeps,
  bucket: BucketName,
  page: MultipartPage,
): Promise<{ readonly uploads: readonly ListedMultipart[]; readonly more: boolean }> {
  const found = await multipart.listMultipart(bucket, page);
  if (found === null) throw new RegistryError("BUCKET_UNKNOWN");
  return found;
}

/**
 * Ends an upload and drops its parts. A part that is arriving is refused at once. @returns its previous row.
 * @throws RegistryError MULTIPART_UNKNOWN; MULTIPART_COMPLETING; MULTIPART_STATE when it was completed.
 */
export async function abortMultipart(
  deps: ObjectsDeps,
  key: MultipartKey,
): Promise<MultipartUpload> {
  const { multipartLife } = deps;
  const removed = await multipartLife.removeMultipart(key, (upload) =>
    assertMayBecome(upload, "aborted", null),
  );
  if (removed === null) return refuseAbsent(deps, key, "aborted");
  deps.arrivals.end(key.id, new RegistryError("MULTIPART_UNKNOWN"));
  await dropStaged(deps, key.id);
  return removed;
}

/**
 * The error for an upload that should become `to` and does not exist: a completed one is remembered for a while.
 * @throws RegistryError MULTIPART_STATE, MULTIPART_UNKNOWN.
 */
export async function refuseAbsent(
  { multipart, ageNow }: ObjectsDeps,
  key: MultipartKey,
  to: MultipartState,
): Promise<never> {
  const completed = await multipart.findCompleted(key, repeatableSince(ageNow()));
  if (completed !== null) advanceState("completed", to);
  throw new RegistryError("MULTIPART_UNKNOWN");
}

/** The object that an open upload, or one that was completed a moment ago, is for. @returns null when there is neither. */
export async function findUploadObject(
  { multipart, ageNow }: Pick<ObjectsDeps, "multipart" | "ageNow">,
  key: MultipartKey,
): Promise<ObjectName | null> {
  const open = await multipart.peekMultipart(key);
  if (open !== null) return open.object;
  const completed = await multipart.findCompleted(key, repeatableSince(ageNow()));
  return completed?.record.object ?? null;
}
