// The cleanup of uploads in parts: expired ones are deleted, row first, then bytes; so are leftovers of crashes. It has a time, a limit
// and a switch of its own, so that it is not part of the sweep of upload sessions.

import { Attempts, type Undeleted } from "../gc/attempts.ts";
import type { Hold } from "../metadata/locks.ts";
import type { MultipartLifeMetadata } from "../metadata/multipart.ts";
import type { BucketName, ObjectName } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Parts } from "../storage/parts.ts";
import { paced } from "./pace.ts";

/** The ports and functions that a sweep works with. */
export interface MultipartSweepDeps {
  readonly metadata: Pick<
    MultipartLifeMetadata,
    "lowerTimes" | "expireMultipart" | "knownMultipart" | "forgetCompleted"
  >;
  readonly storage: {
    readonly parts: Pick<Parts, "discard" | "list">;
  };
  /** The wall clock, Unix ms: for what was written while it was ahead. */
  readonly clock: () => number;
  /** The time that ages are judged by, Unix ms; null while the clock is in doubt: then nothing expires. */
  readonly ageNow: () => number | null;
  /** The leader's: uploads end while it has the lock. Absent where there is one server. */
  readonly hold?: Hold | null;
  /** Uploads whose parts were arriving at that time. */
  readonly arriving: readonly UploadId[];
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
  /** Called for each expired upload, before its bytes are deleted. */
  readonly onExpired: (expired: ExpiredUpload) => void;
}

/** The limits of one sweep. */
export interface MultipartSweepLimits {
  /** How long an upload is left alone after it expired, ms. */
  readonly graceMs: number;
  /** Most uploads that are removed, leftovers included. The others wait for the next sweep. */
  readonly limit: number;
}

/** An upload that has expired. */
export interface ExpiredUpload {
  readonly id: UploadId;
  readonly bucket: BucketName;
  readonly object: ObjectName;
  /** Bytes of its parts. */
  readonly bytes: number;
}

/** The result of a sweep. */
export interface MultipartSwept {
  /** Uploads that expired. */
  readonly expired: number;
  /** Leftovers of broken requests and killed processes: bytes without an upload, incomplete objects of one request. */
  readonly leftovers: number;
  /** null when everything could be deleted. */
  readonly undeleted: Undeleted | null;
}

/** Ids in one query. */
const batch = 100;
/** A completion may be repeated for 15 minutes; it is remembered a little longer. Unit: ms. */
const rememberCompletedMs = 20 * 60_000;

/** @returns false when the bytes could not be dropped. */
type Discard = (id: UploadId) => Promise<boolean>;

/** One sweep. Safe to stop anywhere and to repeat. A deletion that fails does not stop the others. */
export async function sweepMultipart(
  deps: MultipartSweepDeps,
  { graceMs, limit }: MultipartSweepLimits,
): Promise<MultipartSwept> {
  const { metadata, storage, clock, ageNow, rest } = deps;
  // An upload may have thousands of parts: each is a step of its own.
  const drop = paced({ steps: 1, rest });
  const attempts = new Attempts();
  const discard: Discard = (id) => attempts.make(id, () => drop(() => storage.parts.discard(id)));
  await metadata.lowerTimes(clock());
  const now = ageNow();
  if (now !== null) await metadata.forgetCompleted(now - rememberCompletedMs);
  const { expired, cut } = await expire(deps, { graceMs, limit }, discard);
  const leftovers = await dropLeftovers(deps, limit - expired - cut, discard);
  return { expired, leftovers: cut + leftovers, undeleted: attempts.undeleted };
}

/** One at a time: other writers wait for each transaction, and a process that ends here leaves the bytes of one upload. */
async function expire(
  { metadata, ageNow, hold = null, arriving, onExpired }: MultipartSweepDeps,
  { graceMs, limit }: MultipartSweepLimits,
  discard: Discard,
): Promise<{ readonly expired: number; readonly cut: number }> {
  let expired = 0;
  let cut = 0;
  while (expired + cut < limit) {
    const now = ageNow();
    if (now === null) break;
    const expiry = { expiredBefore: now - graceMs, spared: arriving, limit: 1, hold };
    const [gone] = await metadata.expireMultipart(expiry);
    if (gone === undefined) break;
    const { id, bucket, object, bytes } = gone;
    if (gone.whole) cut += 1;
    else {
      expired += 1;
      onExpired({ id, bucket, object, bytes });
    }
    await discard(id);
  }
  return { expired, cut };
}

/** Bytes without a row. They are listed first: the row of an upload is there before its bytes, and an id is never used again. */
async function dropLeftovers(
  { metadata, storage }: MultipartSweepDeps,
  limit: number,
  discard: Discard,
): Promise<number> {
  let dropped = 0;
  const dropStrays = async (ids: readonly UploadId[]): Promise<void> => {
    const known = await metadata.knownMultipart(ids);
    for (const id of ids) {
      // A failed drop does not count for the limit.
      if (!known.has(id) && dropped < limit && (await discard(id))) dropped += 1;
    }
  };
  let found: UploadId[] = [];
  for await (const id of storage.parts.list()) {
    if (dropped >= limit) return dropped;
    found.push(id);
    if (found.length < batch) continue;
    await dropStrays(found);
    found = [];
  }
  await dropStrays(found);
  return dropped;
}
