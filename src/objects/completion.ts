// The end of an upload in parts: frozen, put together, verified, stored as one object. Until that is durable the upload stays as it was.
import { type HeldClaim, whileHeld } from "../content/claim.ts";
import { commitStaged } from "../content/commit.ts";
import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { MultipartKey, MultipartUpload } from "../metadata/multipart.ts";
import type { ObjectRecord, Precondition } from "../metadata/objects.ts";
import type { Digest } from "../model/digest.ts";
import type { StagedPart } from "../model/staged.ts";
import { commitRow } from "./commitRow.ts";
import type { ObjectsDeps } from "./deps.ts";
import { forgetParts } from "./dropping.ts";
import { refuseAbsent, repeatableSince } from "./multipart.ts";
import { assertPartList, chooseParts, type NamedPart, namePartList } from "./partList.ts";
import { endNow } from "./parts.ts";
import { assertMayBecome } from "./state.ts";

/** A completion request. */
export interface Completion {
  readonly key: MultipartKey;
  readonly parts: readonly NamedPart[];
  /** The expected digest of the whole; null for any. */
  readonly digest: Digest | null;
  readonly allows: Precondition;
  /** Written down with the object, if given. */
  readonly by?: Author | undefined;
}

/** An upload that is completed. */
export interface CompletedUpload {
  readonly record: ObjectRecord;
  /** True when it was completed before, and this is a repetition. */
  readonly isRepeated: boolean;
}

/** A completion that has frozen its upload. */
interface Claimed extends Completion {
  readonly upload: MultipartUpload;
  readonly chosen: readonly StagedPart[];
  /** Names the list. */
  readonly list: Digest;
}

/**
 * Makes an object of the parts that are named. Repeated with the same list within 15 minutes, because its answer was lost, it
 * answers the same, as long as the object has the bytes that it made.
 * @throws RegistryError PART_LIST_INVALID, MULTIPART_UNKNOWN, MULTIPART_STATE, MULTIPART_COMPLETING, PART_UNKNOWN, PART_DIFFERS,
 * DIGEST_INVALID, PRECONDITION_FAILED, DISK_FULL, READ_ONLY: after each of them the upload is what it was before.
 */
export async function completeMultipart(
  deps: ObjectsDeps,
  completion: Completion,
): Promise<CompletedUpload> {
  const { multipart, overdue, limits } = deps;
  const { key, parts } = completion;
  assertPartList(parts, limits.maxParts);
  const list = namePartList(parts);
  await overdue.retry();
  const owner = deps.newId();
  const claimed = await multipart.claimMultipart(key, owner, (upload, staged) => {
    assertMayBecome(upload, "completed", endNow(deps, key.id));
    return chooseParts(parts, staged);
  });
  if (claimed === "unknown") return completeAgain(deps, completion, list);
  const { upload, chosen } = claimed;
  return whileHeld(
    {
      owner,
      overdue,
      renew: () => multipart.renewMultipart(key.id, owner),
      release: () => multipart.releaseMultipart(key.id, owner),
    },
    (hold) => complete(deps, { ...completion, upload, chosen, list }, hold),
  );
}

async function completeAgain(
  deps: ObjectsDeps,
  { key, digest }: Completion,
  list: Digest,
): Promise<CompletedUpload> {
  const completed = await deps.multipart.findCompleted(key, repeatableSince(deps.ageNow()));
  if (completed?.parts !== list) return refuseAbsent(deps, key, "completed");
  const { record } = completed;
  if (digest !== null && digest !== record.digest) throw otherDigest(digest, record.digest);
  return { record, isRepeated: true };
}

async function complete(
  deps: ObjectsDeps,
  claimed: Claimed,
  hold: HeldClaim,
): Promise<CompletedUpload> {
  const { storage, contents, clock } = deps;
  const { key, chosen, upload, allows, list: parts, by } = claimed;
  const { bucket, object, contentType } = upload;
  await assertAllowed(deps, claimed);
  const expected = claimed.digest === null ? [] : [claimed.digest];
  const wanted = { expected, owner: hold.owner };
  const ended = { id: key.id, owner: hold.owner };
  let createdAt = 0;
  try {
    const sealed = await commitStaged(
      { storage, contents },
      {
        seal: (isStored) =>
          storage.parts
            .complete(key.id, chosen, { ...wanted, isStored })
            .catch((error: unknown) => refuseLost(deps, claimed, error)),
        discard: () => storage.parts.discard(key.id),
      },
      async (content) => {
        createdAt = clock();
        const row = { bucket, object, contentType, allows, parts, now: createdAt, by };
        const outcome = await commitRow(deps, { ...content, ...row, upload: ended });
        hold.released = outcome.kind === "finished";
        return outcome;
      },
    );
    if (sealed.kind === "mismatch") throw otherDigest(sealed.expected, sealed.actual);
    const { size, digest } = sealed;
    const record = { bucket, object, size, digest, contentType, createdAt };
    return { record, isRepeated: false };
  } finally {
    if (hold.released) await forgetParts(deps, key.id);
  }
}

/** An upload that is there without its folder, restored without it say, has lost its parts: its client can send them again. */
async function refuseLost(
  { multipart }: ObjectsDeps,
  { key, chosen: [first] }: Claimed,
  error: unknown,
): Promise<never> {
  const isGone = error instanceof RegistryError && error.situation === "MULTIPART_UNKNOWN";
  if (!isGone || first === undefined || (await multipart.peekMultipart(key)) === null) throw error;
  const { number } = first;
  throw new RegistryError("PART_DIFFERS", {
    message: `part ${number} is missing; send it again, then complete`,
    detail: { part_number: number },
    cause: error,
  });
}

/** Asked again in the transaction that counts; here it saves the work. */
async function assertAllowed(
  { metadata }: ObjectsDeps,
  { upload, allows }: Claimed,
): Promise<void> {
  const found = await metadata.findObject(upload.bucket, upload.object);
  if (!allows(found.kind === "found" ? found.object : null)) {
    throw new RegistryError("PRECONDITION_FAILED");
  }
}

function otherDigest(asked: Digest, actual: Digest): RegistryError {
  return new RegistryError("DIGEST_INVALID", {
    message: `the digest of the whole is ${actual}, not ${asked}; send the parts that differ again, then complete`,
  });
}
