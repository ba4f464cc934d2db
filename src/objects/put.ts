// One request puts one object: its bytes, which are an upload like any other as long as they arrive, or a link to content that is
// stored already.
import { type HeldClaim, whileHeld } from "../content/claim.ts";
import { commitStaged } from "../content/commit.ts";
import { RegistryError, type Situation } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { ObjectRecord, Precondition } from "../metadata/objects.ts";
import type { Algorithm, Digest } from "../model/digest.ts";
import type { ObjectKey } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Body, Session } from "../storage/staging.ts";
import { commitRow } from "./commitRow.ts";
import type { ObjectsDeps } from "./deps.ts";
import { dropStaged } from "./dropping.ts";
import { type LinkRights, type LinkSource, linkObject } from "./link.ts";
import { unknownObject } from "./objects.ts";

/** Bytes for an object. */
export interface ObjectBytes {
  readonly kind: "bytes";
  /** null for none. */
  readonly body: Body | null;
  /** As announced; null when it was not. */
  readonly length: number | null;
  /** Expected digests, by any algorithm. */
  readonly digests: readonly Digest[];
}

/** An object to be put. */
export interface ObjectPut extends ObjectKey {
  readonly contentType: string;
  readonly allows: Precondition;
  /** Receives the bytes, or reads the source of a link: called only when nothing refuses the request. */
  readonly receive: () => Promise<ObjectBytes | LinkSource>;
  readonly rights: LinkRights;
  /** Written down with it, if given. */
  readonly by?: Author | undefined;
}

/** An object that was put. */
export interface PutObject {
  readonly record: ObjectRecord;
  /** True when another object had the name. */
  readonly replaced: boolean;
}

/** Situations in which staged bytes were lost while they arrived, by no fault of the client. */
const lost: ReadonlySet<Situation> = new Set([
  "UPLOAD_UNKNOWN",
  "UPLOAD_DAMAGED",
  "MULTIPART_UNKNOWN",
]);

/**
 * Makes an object, or replaces it, at once and durably.
 * @throws RegistryError BUCKET_UNKNOWN and PRECONDITION_FAILED, before anything is received if they are known by then;
 * CONTENT_DIGEST_DIFFERS, CHUNK_SIZE_MISMATCH, BLOB_UNKNOWN, OBJECT_UNKNOWN, DISK_FULL, READ_ONLY; BUSY when the bytes were lost while they came; what
 * the body broke with. Nothing is left behind.
 */
export async function putObject(deps: ObjectsDeps, put: ObjectPut): Promise<PutObject> {
  await assertPuttable(deps, put);
  const source = await put.receive();
  const { precondition, replaced } = noting(put.allows);
  const record = await (source.kind === "bytes"
    ? receive(deps, { ...put, allows: precondition }, source)
    : linkObject(deps, { ...put, allows: precondition }, source));
  return { record, replaced: replaced() };
}

/** Checks before a byte of the body is read. */
async function assertPuttable(
  { metadata }: ObjectsDeps,
  { bucket, object, allows }: ObjectPut,
): Promise<void> {
  const found = await metadata.findObject(bucket, object);
  if (found.kind === "bucketUnknown") throw unknownObject(found.kind);
  const current = found.kind === "found" ? found.object : null;
  if (!allows(current)) throw new RegistryError("PRECONDITION_FAILED");
}

/** The precondition that also remembers whether there was an object, as the transaction saw it. */
function noting(allows: Precondition) {
  let found = false;
  const precondition: Precondition = (current) => {
    found = current !== null;
    return allows(current);
  };
  return { precondition, replaced: () => found };
}

async function receive(
  deps: ObjectsDeps,
  put: ObjectPut,
  source: ObjectBytes,
): Promise<ObjectRecord> {
  const { multipart, overdue, multipartLife } = deps;
  const id = deps.newUploadId();
  const owner = deps.newId();
  await start(deps, put, id, owner);
  // Its row is deleted when the claim is released, and its bytes after the row.
  const release = async () => {
    await multipartLife.removeWhole(id, owner);
    await dropStaged(deps, id);
  };
  const renew = () => multipart.renewMultipart(id, owner);
  try {
    return await whileHeld({ owner, overdue, renew, release }, async (hold) => {
      const staged = await stage(deps, id, source, hold);
      return commit(deps, put, staged, { hold, digests: source.digests });
    });
  } catch (error) {
    throw isLost(error) ? new RegistryError("BUSY", { retryAfter: 1, cause: error }) : error;
  }
}

/** The row is written first, so that the bytes are not taken for leftovers. It is deleted when the request ends. */
async function start(
  { clock, multipartLife }: ObjectsDeps,
  { bucket, object, contentType }: ObjectPut,
  id: UploadId,
  owner: string,
): Promise<void> {
  const createdAt = clock();
  const started = await multipartLife.startMultipart(
    { id, bucket, object, contentType, createdAt, expiresAt: createdAt },
    owner,
  );
  if (!started) throw unknownObject("bucketUnknown");
}

/** Stages the whole body. @throws the error that it broke with. */
async function stage(
  { storage }: ObjectsDeps,
  id: UploadId,
  { body, length }: ObjectBytes,
  { signal }: HeldClaim,
): Promise<Session> {
  const staging = await storage.staging.begin(id, null);
  const algorithm: Algorithm = "sha256";
  const session = { id, staging, offset: 0, algorithm, boundaries: async () => [] };
  if (body === null) return session;
  const options = { expected: length, resumable: false, isWhole: true, signal };
  const staged = await storage.staging.append(session, body, options);
  if (staged.cut !== null) throw staged.cut;
  return staged;
}

async function commit(
  deps: ObjectsDeps,
  put: ObjectPut,
  staged: Session,
  { hold, digests }: { readonly hold: HeldClaim; readonly digests: readonly Digest[] },
): Promise<ObjectRecord> {
  const { storage, contents } = deps;
  const { id } = staged;
  const { owner } = hold;
  const { bucket, object, contentType, allows, by } = put;
  const wanted = { as: "sha256", expected: digests, owner } as const;
  let createdAt = 0;
  const sealed = await commitStaged(
    { storage, contents },
    {
      seal: (isStored) => storage.staging.seal(staged, { ...wanted, isStored }),
      discard: () => storage.parts.discard(id),
    },
    (content) => {
      createdAt = deps.clock();
      const row = { bucket, object, contentType, allows, parts: null, now: createdAt, by };
      return commitRow(deps, { ...content, ...row, upload: { id, owner } });
    },
  );
  if (sealed.kind === "mismatch") throw new RegistryError("CONTENT_DIGEST_DIFFERS");
  hold.released = true;
  return { bucket, object, size: sealed.size, digest: sealed.digest, contentType, createdAt };
}

function isLost(error: unknown): boolean {
  return error instanceof RegistryError && lost.has(error.situation);
}
